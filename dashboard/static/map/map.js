// The parts of the map that do not change with every event: frame, layers fetched by hash, labels,
// legend, notice. folium writes one call a part (`qafila.roads(map, {…})`); see dashboard/map/document.py.
"use strict";

(() => {
  const element = (tag, attributes = {}, ...children) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name === "text") node.textContent = value;
      else if (value !== undefined && value !== null) node.setAttribute(name, value);
    }
    node.append(...children);
    return node;
  };

  const HINT = { color: "#8b1e78", weight: 2, opacity: 0.95, dashArray: "3 3" };

  const state = {
    strings: {}, language: "en", timezone: "UTC", mode: "damage", selected: "",
    piece: null, overlay: "", sheets: {}, overlays: {}, places: new Map(), labels: true,
  };

  const t = (text, values = {}) =>
    (state.strings[text] || text).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
  // Written alike in all languages, as on the page (dashboard/numerals.py); the mark keeps digits in
  // order behind an Arabic word.
  const inOrder = (text) => (document.documentElement.dir === "rtl" ? "\u200e" : "") + text;
  const number = (value, digits = 0) =>
    value === null || value === undefined ? "–"
      : inOrder(value.toLocaleString("en", { maximumFractionDigits: digits }).replaceAll(",", "\u202f"));
  const moment = (iso) =>
    iso ? inOrder(new Date(iso).toLocaleString("sv", { dateStyle: "short", timeStyle: "short", timeZone: state.timezone })) : "";
  const duration = (seconds) => {
    if (seconds === null || seconds === undefined) return "–";
    const minutes = Math.round(seconds / 60);
    return minutes < 60 ? t("{m} min", { m: minutes })
      : t("{h} h {m} min", { h: Math.floor(minutes / 60), m: minutes % 60 });
  };

  // --- frame -----------------------------------------------------------------------------------

  function start(map, options) {
    Object.assign(state, {
      strings: options.strings, language: options.language, timezone: options.timezone,
    });
    document.documentElement.lang = options.language;
    document.documentElement.dir = options.direction;
    map.getContainer().setAttribute("role", "application");
    map.getContainer().setAttribute("aria-label", t("Map of the situation"));
    for (const [name, z] of [["qafila-areas", 310], ["qafila-relief", 312], ["qafila-imagery", 313],
      ["qafila-before", 314], ["qafila-after", 315], ["qafila-damage_raster", 316], ["qafila-hint", 318], ["qafila-roads", 320],
      ["qafila-picked", 340], ["qafila-labels", 450]]) {
      map.createPane(name).style.zIndex = z;
      map.getPane(name).style.pointerEvents = "none";
    }
    map.options.renderer = new qafila.Canvas({ padding: 0.15 });
    const home = L.latLngBounds(options.bounds);
    const kept = remembered(options.situation);
    // Until somebody moves it the map shows the whole area, also when its frame changes its height.
    let settled = false, moved = false, fitting = false;
    const settle = () => {
      const size = map.getContainer().getBoundingClientRect();
      if (size.width < 2 || size.height < 2) return;
      fitting = true;
      map.invalidateSize({ animate: false, pan: moved });
      if (!moved) {
        if (kept) map.setView(kept.center, kept.zoom, { animate: false });
        else map.fitBounds(home, { ...margins(map), animate: false });
      }
      fitting = false;
      if (settled) return;
      settled = true;
      map.on("moveend", () => {
        if (fitting) return;
        moved = true;
        remember(options.situation, map);
      });
    };
    new ResizeObserver(settle).observe(map.getContainer());
    settle();
    const far = () => map.getContainer().classList.toggle("q-far", map.getZoom() < 9);
    map.on("zoomend", far);
    far();
    homeButton(map, home);
    L.control.scale({ imperial: false, maxWidth: 130 }).addTo(map);
    qafila.drawn = true;
    qafila.map = map;
    qafila.state = state;
  }

  // On a wide map the legend lies open on the right, the notice below: the area is shown beside them.
  const wide = (map) => map.getContainer().clientWidth > 700;
  const margins = (map) =>
    ({ paddingTopLeft: [12, 12], paddingBottomRight: wide(map) ? [262, 44] : [12, 12] });

  // Where the map is stands in the address, so that who gets the address sees the same map; and it is
  // kept for this browser tab, so that going to another view of the page does not lose it.
  const VIEW = /^#map=(\d+(?:\.\d+)?)\/(-?\d+(?:\.\d+)?)\/(-?\d+(?:\.\d+)?)$/;

  function remembered(situation) {
    const named = VIEW.exec(window.parent.location.hash);
    if (named) {
      const [zoom, lat, lng] = named.slice(1).map(Number);
      if (zoom <= 22 && Math.abs(lat) <= 85 && Math.abs(lng) <= 180) return { center: [lat, lng], zoom };
    }
    try {
      const kept = JSON.parse(sessionStorage.getItem("qafila.view." + situation));
      return kept && Number.isFinite(kept.zoom) ? kept : null;
    } catch (error) {
      console.warn("the last view is not readable", error);
      return null;
    }
  }

  function remember(situation, map) {
    const { lat, lng } = map.getCenter(), zoom = map.getZoom();
    const page = window.parent;
    page.history.replaceState(page.history.state, "",
      `${page.location.pathname}${page.location.search}#map=${+zoom.toFixed(2)}/${lat.toFixed(5)}/${lng.toFixed(5)}`);
    try {
      sessionStorage.setItem("qafila.view." + situation,
        JSON.stringify({ center: [lat, lng], zoom }));
    } catch (error) {
      console.warn("the view cannot be kept", error);
    }
  }

  function homeButton(map, bounds) {
    const control = L.control({ position: "topleft" });
    control.onAdd = () => {
      const button = element("a", {
        href: "#", role: "button", class: "q-home", title: t("Show the whole area"),
        "aria-label": t("Show the whole area"), text: "⤢",
      });
      L.DomEvent.on(button, "click", (event) => {
        L.DomEvent.stop(event);
        map.fitBounds(bounds, margins(map));
      });
      return element("div", { class: "leaflet-bar" }, button);
    };
    control.addTo(map);
  }

  // --- layers fetched by their hash --------------------------------------------------------------

  async function collection(url) {
    const answer = await fetch(url);
    if (!answer.ok) throw new Error(url + ": " + answer.status);
    return answer.json();
  }

  function report(promise) {
    promise.catch((error) => {
      console.error(error);
      trouble(t("A layer of the map could not be loaded."));
    });
  }

  function trouble(text) {
    const box = document.getElementById("q-trouble") ||
      document.body.appendChild(element("p", { id: "q-trouble", role: "status" }));
    box.textContent = text;
    box.hidden = !text;
  }

  // Ground that an analyst looked at is lighter than ground where nobody looked.
  function areas(map, options) {
    report(collection(options.url).then((data) => {
      L.geoJSON(data, {
        pane: "qafila-areas", interactive: false, renderer: new qafila.Canvas({ pane: "qafila-areas" }),
        style: { color: "#56707f", weight: 1.4, opacity: 0.9, fillColor: "#ffffff", fillOpacity: 0.75 },
      }).addTo(map);
    }));
  }

  // Outlines that changed much: broken lines, no fill, so that nobody takes them for a grade.
  function hint(map, options) {
    const group = state.overlays.hint = L.layerGroup().addTo(map);
    report(collection(options.url).then((data) => {
      L.geoJSON(data, {
        pane: "qafila-hint", interactive: false, renderer: new qafila.Canvas({ pane: "qafila-hint" }),
        style: { ...HINT, fill: false },
      }).addTo(group);
      document.documentElement.dataset.hint = data.features.length;
    }));
  }

  // Which road a click means is answered by the server: the tiles only show them.
  function roads(map, { api }) {
    state.api = api;
    const paint = (context, view) => qafila.paintPiece(state.piece && state.piece.line, context, view);
    state.sheets.picked = new qafila.Sheet(paint, { pane: "qafila-picked" }).addTo(map);
    qafila.pickRoad = (latlng) => report(near(map, latlng).then((piece) => {
      if (!piece && !state.selected) return;
      take(piece);
      qafila.pick({ edge: piece ? piece.edge_id : "" });
    }));
    map.on("click", (event) => qafila.pickRoad(event.latlng));
    qafila.onArgs((args) => {
      if (args.selected !== undefined && args.selected !== state.selected) {
        report(select(map, args.selected));
      }
      if ((args.overlay || "") !== state.overlay) report(overlay(map, args.overlay || ""));
    });
    qafila.marks.watch(map);
  }

  // What the page asks to be drawn on top: marks of places (needs, people at work), or how far one gets. Of the latter, full line: as the roads are; dotted: if all
  // were open. The least time has the strongest colour.
  async function overlay(map, path) {
    state.overlay = path;
    if (state.drawnOverlay) state.drawnOverlay.remove();
    state.drawnOverlay = null;
    document.documentElement.dataset.overlay = "";
    if (!path) return;
    const data = await collection(state.api + path);
    if (path !== state.overlay) return; // another was asked for meanwhile
    if (data.features.length && qafila.marks.kinds.includes(data.features[0].properties.kind)) {
      state.drawnOverlay = qafila.marks.layer(map, data);
      document.documentElement.dataset.overlay = data.features.length;
      return;
    }
    const limits = [...new Set(data.features.map((one) => one.properties.minutes))].sort((a, b) => a - b);
    const style = ({ properties: { minutes, roads } }) => ({
      color: "#00695c", weight: roads === "open" ? 2 : 2.5, dashArray: roads === "open" ? "2 6" : null,
      fill: roads === "now", fillColor: "#009e73",
      fillOpacity: 0.3 - (0.2 * limits.indexOf(minutes)) / Math.max(1, limits.length - 1 || 1),
    });
    state.drawnOverlay = L.geoJSON(data, {
      pane: "qafila-hint", interactive: false, renderer: new qafila.Canvas({ pane: "qafila-hint" }), style,
    }).addTo(map);
    document.documentElement.dataset.overlay = data.features.length;
  }

  function near(map, latlng) {
    const { lat, lng } = latlng.wrap();
    const pixel_m = (40_075_017 * Math.cos((lat * Math.PI) / 180)) / (256 * 2 ** map.getZoom());
    const asked = new URLSearchParams({
      lon: lng, lat, reach_m: Math.min(20_000, 12 * pixel_m), zoom: map.getZoom(),
    });
    return collection(`${state.api}roads/near?${asked}`);
  }

  function take(piece) {
    state.piece = piece;
    state.selected = piece ? piece.edge_id : "";
    document.documentElement.dataset.picked = state.selected;
    if (state.sheets.picked) state.sheets.picked.repaint();
  }

  async function select(map, edge) {
    state.selected = edge;
    const piece = edge
      ? await collection(`${state.api}roads/piece?${new URLSearchParams({ edge })}`) : null;
    if (edge !== state.selected) return; // another was chosen meanwhile
    take(piece);
    if (!piece) return;
    const bounds = L.latLngBounds(piece.line.map(([lon, lat]) => [lat, lon]));
    const size = map.latLngToContainerPoint(bounds.getSouthEast())
      .distanceTo(map.latLngToContainerPoint(bounds.getNorthWest()));
    // Chosen from the list, a road must be seen: neither outside nor a speck.
    if (!map.getBounds().contains(bounds) || size < 60) {
      map.fitBounds(bounds.pad(1), { maxZoom: Math.max(map.getZoom(), 12) });
    }
  }

  // --- names -------------------------------------------------------------------------------------

  const LABEL = 30;

  // A place's name in the script of the language that is read, where it has one; from near also in another.
  function names(place, both) {
    const own = { ar: place.name_ar, zgh: place.name_zgh }[state.language] || place.name;
    const other = own === place.name ? place.name_local : place.name;
    return both && other && other !== own ? [own, other] : [own];
  }

  // Width of a text in the context's font; measuring is what costs most when names are written.
  const widths = new Map();
  function measured(context, text) {
    const key = context.font + text;
    if (!widths.has(key)) {
      if (widths.size > 20000) widths.clear();
      widths.set(key, context.measureText(text).width);
    }
    return widths.get(key);
  }

  // Names on a canvas of their own; what matters more is written first, what would overlap is left out.
  function labels(map, options) {
    const paint = (context, view) => {
      if (!state.labels || view.zoom < options.min_zoom) return;
      const taken = [];
      const size = view.zoom >= 12 ? 13 : 12;
      context.font = size + "px 'Noto Sans', 'Noto Sans Arabic', 'Noto Sans Tifinagh', sans-serif";
      context.textAlign = "center";
      context.textBaseline = "top";
      context.lineJoin = "round";
      state.ranked = state.ranked ||
        [...state.places.values()].sort((a, b) => b.label_rank - a.label_rank);
      for (const place of state.ranked) {
        const x = place.ux * view.scale - view.left, y = place.uy * view.scale - view.top;
        if (x < -60 || y < -30 || x > view.size.x + 60 || y > view.size.y + 30) continue;
        const lines = names(place, view.zoom >= options.both_zoom);
        lines.forEach((line, i) => { if (line.length > LABEL) lines[i] = line.slice(0, LABEL - 1) + "…"; });
        const width = Math.max(...lines.map((line) => measured(context, line)));
        const top = y + qafila.symbols.radius(place, view.zoom) + 4;
        const box = [x - width / 2 - 3, top, x + width / 2 + 3, top + lines.length * (size + 3)];
        if (taken.some((o) => box[0] < o[2] && box[2] > o[0] && box[1] < o[3] && box[3] > o[1])) continue;
        taken.push(box);
        context.strokeStyle = "rgba(246,243,236,0.92)";
        context.lineWidth = 3.5;
        context.fillStyle = "#1b1b1b";
        lines.forEach((line, i) => {
          context.strokeText(line, x, top + i * (size + 3));
          context.fillText(line, x, top + i * (size + 3));
        });
      }
    };
    state.sheets.labels = new qafila.Sheet(paint, { pane: "qafila-labels" }).addTo(map);
    // A canvas does not wait for a font: write again when they have come.
    Promise.all(["12px 'Noto Sans'", "12px 'Noto Sans Arabic'", "12px 'Noto Sans Tifinagh'"]
      .map((font, i) => document.fonts.load(font, ["Aé", "قافلة", "ⴰⵎⴰ"][i])))
      .then(() => { widths.clear(); state.sheets.labels.repaint(); });
  }

  // --- legend, notice --------------------------------------------------------------------------

  function sample(draw, width = 30, height = 26) {
    const ratio = 2;
    const canvas = element("canvas", { width: width * ratio, height: height * ratio, "aria-hidden": "true" });
    canvas.style.width = width + "px";
    canvas.style.height = height + "px";
    const context = canvas.getContext("2d");
    context.scale(ratio, ratio);
    draw(context, width / 2, height / 2);
    return canvas;
  }

  const line = (width, colour, dash, under) => (context, x, y) => {
    const stroke = (w, c, d) => {
      context.lineWidth = w; context.strokeStyle = c; context.setLineDash(d || []);
      context.beginPath(); context.moveTo(x - 13, y); context.lineTo(x + 13, y); context.stroke();
    };
    if (under) stroke(...under);
    stroke(width, colour, dash);
  };

  function legend(map, options) {
    const control = L.control({ position: "topright" });
    control.onAdd = () => {
      const box = element("details", { class: "q-legend" });
      box.open = wide(map);
      box.append(element("summary", { text: t("Legend") }));
      const body = element("div", { class: "q-legend-body" });
      box.append(body);
      const fill = () => { body.replaceChildren(...legendRows(map)); };
      qafila.legendChanged = fill;
      fill();
      box.addEventListener("change", (event) => {
        const input = event.target;
        if (input.name === "q-mode") {
          state.mode = input.value;
          qafila.restyle();
          fill();
          body.querySelector("input:checked").focus();
        } else if (input.dataset.show) {
          qafila.show(input.dataset.show, input.checked);
        }
      });
      // The situation's layers are unknown at the first look: the frame may still be hidden.
      new ResizeObserver(() => {
        if (!box.dataset.settled && map.getContainer().clientWidth > 2) {
          box.open = wide(map);
          box.dataset.settled = "yes";
        }
      }).observe(map.getContainer());
      L.DomEvent.disableClickPropagation(box);
      L.DomEvent.disableScrollPropagation(box);
      return box;
    };
    control.addTo(map);
  }

  // Both pictures at once: `slider.js` parts them by a line.
  function compareButton() {
    const button = element("button", { type: "button", class: "q-compare", text: t("Compare before and after") });
    button.addEventListener("click", () => {
      for (const name of ["before", "after"]) qafila.show(name, true);
      qafila.legendChanged();
    });
    return button;
  }

  function legendRows(map) {
    const { place, cross, INK, LINES } = qafila.symbols;
    const row = (draw, text) => element("div", { class: "q-row" }, sample(draw), element("span", { text }));
    const shows = (name, text) => {
      const input = element("input", { type: "checkbox", "data-show": name });
      input.checked = qafila.shown[name] !== false && !qafila.hidden.has(name);
      return element("label", { class: "q-row" }, input, element("span", { text }));
    };
    const mode = (value, text) => {
      const input = element("input", { type: "radio", name: "q-mode", value });
      input.checked = state.mode === value;
      return element("label", {}, input, element("span", { text }));
    };
    const like = (properties) => (c, x, y) =>
      place(c, x, y, 8, Object.assign({ reach: "", need_level: 0 }, properties), state.mode);
    const rows = [
      ...qafila.marks.legendRows(row),
      element("fieldset", { class: "q-modes" }, element("legend", { text: t("Places by") }),
        mode("damage", t("damage")), mode("need", t("people in need"))),
    ];
    if (state.mode === "damage") {
      rows.push(
        row(like({ evidence: "damage_seen", destroyed: 1 }), t("destroyed buildings seen")),
        row(like({ evidence: "damage_seen", destroyed: 0 }), t("damaged, none destroyed")),
        row(like({ evidence: "no_visible_damage" }), t("no damage visible from above")),
        row(like({ evidence: "not_assessed" }), t("not assessed: nobody looked")));
    } else {
      rows.push(
        row(like({ need_level: 3 }), t("more than 500 people")),
        row(like({ need_level: 2 }), t("100 to 500 people")),
        row(like({ need_level: 1 }), t("up to 100 people")),
        row(like({ need_level: 0 }), t("none known")),
        row(like({ need_level: -1 }), t("unknown")));
    }
    rows.push(
      row((c, x, y) => {
        c.fillStyle = "#c9c2b6";
        for (const [dx, r] of [[-9, 3], [-1, 5], [9, 7]]) {
          c.beginPath(); c.arc(x + dx - 1, y, r - 1, 0, 7); c.fill();
        }
      }, t("larger: more people affected")),
      row((c, x, y) => place(c, x, y, 5.5,
        { evidence: "", destroyed: 0, reach: "cut_off", need_level: -1 }, state.mode),
        t("cut off: truck and pickup cannot reach it")),
      row((c, x, y) => place(c, x, y, 5.5,
        { evidence: "", destroyed: 0, reach: "not_on_network", need_level: -1 }, state.mode),
        t("no road near enough")),
      row((c, x, y) => cross(c, x, y, "closed"), t("road closed")),
      row((c, x, y) => cross(c, x, y, "restricted"), t("road restricted")),
      row(line(3.6, "#6b5b4b"), t("main road")),
      row(line(1.8, "#9a7b52", [7, 4]), t("track")),
      row(line(4, LINES.truck[0]), t("truck convoy")),
      row(line(4, LINES.pickup[0], [9, 5]), t("pickup convoy")),
      row(line(4, LINES.mule[0], [2, 6]), t("mule team or porters")),
      row((c, x, y) => {
        c.fillStyle = "#ffffff"; c.strokeStyle = "#56707f"; c.lineWidth = 1.4;
        c.fillRect(x - 12, y - 8, 24, 16); c.strokeRect(x - 12, y - 8, 24, 16);
      }, t("lighter ground: analysed from above")),
      ...(state.overlays.buildings ? [
        row((c, x, y) => qafila.GRADES.destroyed(c, x, y, 5.5), t("building destroyed (from near)")),
        row((c, x, y) => qafila.GRADES.damaged(c, x, y, 5.5), t("building damaged")),
        row((c, x, y) => qafila.GRADES.possibly_damaged(c, x, y, 5.5), t("building possibly damaged")),
        row((c, x, y) => qafila.GRADES.no_visible_damage(c, x, y, 5.5), t("building with no damage visible from above")),
      ] : []),
      ...(state.overlays.hint ? [row(line(HINT.weight, HINT.color, [3, 3]),
        t("hint: changed much between two pictures, not a grade"))] : []),
      element("hr"),
      ...(state.overlays.before && state.overlays.after ? [compareButton()] : []),
      ...Object.entries({
        relief: t("relief"), before: t("pictures before"), after: t("pictures after"),
        imagery: t("pictures from above"), damage_raster: t("damage rasters"),
        hint: t("hint"), buildings: t("graded buildings"), roads: t("roads"), boundaries: t("boundaries"),
      }).filter(([name]) => state.overlays[name]).map(([name, text]) => shows(name, text)),
      shows("places", t("places")), shows("labels", t("names")), shows("depots", t("depots")),
      shows("volunteers", t("volunteers, by home place")), shows("closures", t("closures")),
      shows("convoys", t("convoys of the latest plan")),
      shows("positions", t("vehicles and volunteers, last seen")));
    return rows;
  }

  function notice(map, options) {
    if (options.notice) {
      const control = L.control({ position: "bottomleft" });
      control.onAdd = () => element("p", { class: "q-notice", dir: "auto", text: options.notice });
      control.addTo(map);
    }
    const credit = L.control({ position: "bottomright" });
    credit.onAdd = () => {
      const box = element("div", { class: "q-credit" },
        element("p", { id: "q-age", role: "status", text: t("loading …") }));
      if (options.sources) box.append(element("p", { dir: "auto", text: options.sources }));
      return box;
    };
    credit.addTo(map);
  }

  Object.assign(qafila, {
    pickRoad() {}, legendChanged() {}, hidden: new Set(), hint,
    start, collection, report, trouble, areas, roads, labels, legend, notice,
    say: { t, number, moment, duration, element, line },
  });
})();
