// Roads, units and graded buildings: drawn from vector tiles, which the browser fetches part by part.
// A click is answered by the server, which knows every road; the tiles only show them.
//
// All of them share one sheet of tiles of 512 pixels: what moves with the map is 20 pictures and not 190,
// which is what a machine without a graphics card feels most.
"use strict";

(() => {
  const { LineSymbolizer, sourcesToViews, paint } = protomapsL;

  // By OpenStreetMap `highway`: width in px, colour, dash, from which zoom in a large network.
  const ROADS = [
    ["construction proposed corridor platform", 1, "#c4beb8", null, 13],
    ["service", 1, "#c4beb8", null, 13],
    ["footway path steps cycleway bridleway pedestrian via_ferrata", 1.1, "#9a7b52", [2, 3], 13],
    ["residential living_street", 1.4, "#b5aea8", null, 12],
    ["track", 1.6, "#9a7b52", [7, 4], 10],
    ["unclassified road", 1.8, "#a39a92", null, 10],
    ["tertiary", 2.4, "#948a80", null, 8],
    ["secondary", 3, "#85776a", null, 5],
    ["primary", 3.6, "#6b5b4b", null, 5],
    ["motorway trunk", 4, "#6b5b4b", null, 5],
  ];
  const OTHERS = new Set(ROADS.flatMap(([kinds]) => kinds.split(" ")));
  const thin = (zoom) => (zoom < 9 ? 0.6 : zoom < 11 ? 0.8 : zoom >= 14 ? 1.6 : 1);

  // One rule a kind, the smallest first, so that main roads lie on top.
  function roadRules(sources, large) {
    const rules = [];
    for (const [kinds, width, colour, dash, from] of ROADS) {
      const wanted = new Set(kinds.split(" "));
      const filter = (_zoom, feature) => wanted.has(feature.props.highway) ||
        (wanted.has("construction") && !OTHERS.has(feature.props.highway));
      for (const source of sources) {
        rules.push({
          dataSource: source, dataLayer: source, filter, minzoom: large ? from : 0,
          symbolizer: new LineSymbolizer({
            color: colour, width: (zoom) => width * thin(zoom), lineCap: "round", lineJoin: "round",
            ...(dash ? { dash, lineCap: "butt" } : {}),
          }),
        });
      }
    }
    return rules;
  }

  // A grade has a form as well as a colour: full square, triangle, open triangle, ring, dot.
  const GRADES = {
    not_analysed: (c, x, y, r) => { c.fillStyle = "#6f6f6f"; c.fillRect(x - 1, y - 1, 2, 2); },
    no_visible_damage: (c, x, y, r) => { c.strokeStyle = "#0072b2"; c.lineWidth = 1.2; ring(c, x, y, r * 0.7); },
    possibly_damaged: (c, x, y, r) => { c.strokeStyle = "#8a6d00"; c.lineWidth = 1.4; triangle(c, x, y, r); c.stroke(); },
    damaged: (c, x, y, r) => {
      c.fillStyle = "#f0b429"; c.strokeStyle = "#5c4a00"; c.lineWidth = 1;
      triangle(c, x, y, r); c.fill(); c.stroke();
    },
    destroyed: (c, x, y, r) => {
      c.fillStyle = "#1b1b1b"; c.fillRect(x - r, y - r, 2 * r, 2 * r);
      c.fillStyle = "#d55e00"; c.fillRect(x - r + 1, y - r + 1, 2 * r - 2, 2 * r - 2);
    },
  };

  function ring(c, x, y, r) { c.beginPath(); c.arc(x, y, r, 0, 7); c.stroke(); }
  function triangle(c, x, y, r) {
    c.beginPath(); c.moveTo(x, y - r); c.lineTo(x + r, y + r); c.lineTo(x - r, y + r); c.closePath();
  }

  function buildingRules() {
    return Object.entries(GRADES).map(([grade, form]) => ({
      dataSource: "buildings", dataLayer: "buildings",
      filter: (_zoom, feature) => feature.props.grade === grade,
      symbolizer: {
        draw(context, points, zoom) {
          const r = zoom < 13 ? 2 : zoom < 15 ? 3.5 : 5.5;
          for (const part of points) for (const { x, y } of part) form(context, x, y, r);
        },
      },
    }));
  }

  const UNITS = [{
    dataSource: "boundaries", dataLayer: "boundaries",
    symbolizer: new LineSymbolizer({ color: "#7a6f9b", width: 1.2, opacity: 0.75, dash: [8, 4, 2, 4] }),
  }];

  // A file of tiles, read in parts that each have an address of their own: a part never changes, so the
  // browser keeps it, which it does not do reliably with byte ranges.
  class Parts {
    constructor(url) { this.url = url; }
    getKey() { return this.url; }
    async getBytes(offset, length, signal) {
      const address = `${this.url.replace(/\.pmtiles$/, "")}/${offset}-${length}.part`;
      const answer = await fetch(address, { signal });
      if (!answer.ok) throw new Error(address + ": " + answer.status);
      return { data: await answer.arrayBuffer() };
    }
  }

  function viewsOf(sources) {
    const views = sourcesToViews({ sources });
    for (const [name, view] of views) view.tileCache.source.p.source = new Parts(sources[name].url);
    return views;
  }

  // Tiles of several sources, painted on one canvas each, in the order of `parts`.
  const SIDE = 512, EDGE = 16, HEAD_BYTES = 16384;
  const Tiles = L.GridLayer.extend({
    options: { tileSize: SIDE, updateWhenZooming: false, keepBuffer: 1 },

    initialize(parts, options) {
      L.setOptions(this, options);
      this.parts = new Map(parts.map((name) => [name, { views: new Map(), rules: [], shown: false }]));
    },

    // Give a part its sources; it is drawn from now on.
    feed(name, sources, rules) {
      Object.assign(this.parts.get(name), { views: viewsOf(sources), rules });
    },

    // Show a part or hide it; what is asked for at once is drawn at once.
    turn(name, shown) {
      this.parts.get(name).shown = shown;
      this.turned = this.turned || new Promise((done) => setTimeout(() => {
        this.turned = null;
        done(Promise.all(Object.values(this._tiles).map(({ el, coords }) => this.draw(el, coords))));
      }, 20));
      return this.turned;
    },

    createTile(coords, done) {
      const canvas = document.createElement("canvas");
      this.draw(canvas, coords).then(() => done(null, canvas), (error) => done(error, canvas));
      return canvas;
    },

    // A Leaflet tile of 512 pixels is one of 256 a zoom below, which is what the files hold.
    async draw(canvas, { x, y, z }) {
      const turn = canvas.turn = (canvas.turn || 0) + 1;
      const parts = [...this.parts.values()].filter((part) => part.shown);
      const tiles = new Map();
      await Promise.all(parts.flatMap(({ views }) => [...views]).map(async ([name, view]) => {
        try {
          tiles.set(name, [await view.getDisplayTile({ z, x: 2 * x, y: 2 * y })]);
        } catch (error) {
          if (error.name === "AbortError") return; // of a zoom that was left meanwhile
          console.error("tiles of " + name, error);
          qafila.trouble(qafila.say.t("A layer of the map could not be loaded."));
        }
      }));
      if (turn !== canvas.turn) return; // drawn anew meanwhile
      const ratio = window.devicePixelRatio || 1;
      canvas.width = canvas.height = SIDE * ratio;
      const context = canvas.getContext("2d");
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      const left = SIDE * x, top = SIDE * y;
      const box = { minX: left - EDGE, minY: top - EDGE, maxX: left + SIDE + EDGE, maxY: top + SIDE + EDGE };
      paint(context, z, tiles, null, parts.flatMap(({ rules }) => rules), box, { x: left, y: top }, false);
    },
  });

  // What the legend switches on and off: one part of the sheet.
  const Part = L.Layer.extend({
    initialize(tiles, name) { Object.assign(this, { tiles, name }); },
    onAdd() { this.ready = this.tiles.turn(this.name, true); },
    onRemove() { this.tiles.turn(this.name, false); },
  });

  // Where the tiles of a layer do not come, the map must not look as if there were nothing.
  async function ready(layers) {
    await Promise.all(layers.map(async ({ url }) => {
      // What the file begins with is what is read of it first: it is asked for once.
      await new Parts(url).getBytes(0, HEAD_BYTES);
    }));
  }

  async function add(map, tiles, name, layers, rules) {
    const { t } = qafila.say;
    const waiting = setTimeout(() => qafila.trouble(t(
      "A layer of the map is being drawn for the first time; this takes some seconds.")), 1500);
    try {
      await ready(layers);
    } finally {
      clearTimeout(waiting);
    }
    tiles.feed(name, Object.fromEntries(
      layers.map((one) => [one.name, { url: one.url, maxDataZoom: one.data_zoom }])), rules);
    const part = qafila.state.overlays[name] = new Part(tiles, name).addTo(map);
    qafila.trouble("");
    qafila.legendChanged();
    await part.ready;
    document.documentElement.dataset[name] = "drawn";
  }

  function vectors(map, { layers }) {
    const of = (...names) => layers.filter((one) => names.includes(one.name));
    const roads = of("roads-minor", "roads");
    const parts = [
      ["boundaries", of("boundaries"), UNITS],
      ["roads", roads, roadRules(roads.map((one) => one.name), roads.length > 1)],
      ["buildings", of("buildings"), buildingRules()],
    ].filter(([, files]) => files.length);
    const tiles = new Tiles(parts.map(([name]) => name), { pane: "qafila-roads" });
    tiles.on("load", () => {
      for (const [name, { shown }] of tiles.parts) {
        if (shown) document.documentElement.dataset[name] = "drawn";
      }
    });
    tiles.addTo(map);
    for (const [name, files, rules] of parts) qafila.report(add(map, tiles, name, files, rules));
  }

  Object.assign(qafila, { vectors, GRADES });
})();
