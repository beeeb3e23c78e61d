// Convoys of the latest plan: pieces of road, each drawn once, that know who passes.
//
// The live layer says what convoys there are and names the file with their ways; the file changes
// with the plan only and is kept by the browser under its hash.
"use strict";

(() => {
  const convoys = new Map();
  const { element, t, number, moment, duration } = qafila.say;
  const WEIGHT = ["air", "truck", "light_truck", "pickup", "motorbike", "mule", "foot"];
  const SHOWN = 8;
  let map, group, loaded = "", pieces = [];

  function start(target, layer) {
    map = target;
    group = layer;
  }

  // Make the drawn pieces fit the convoys known now; call it after a batch of changes.
  async function settle(api) {
    const path = [...convoys.values()].map((convoy) => convoy.ways).find(Boolean) || "";
    if (path !== loaded) {
      loaded = path;
      const data = path ? await qafila.collection(api + path) : { features: [] };
      if (path !== loaded) return; // a newer plan came while this one's ways were on their way
      group.clearLayers();
      pieces = data.features.map((feature) => piece(feature));
    }
    restyle();
  }

  function piece(feature) {
    const line = feature.geometry.coordinates.map(([lon, lat]) => [lat, lon]);
    const base = { bubblingMouseEvents: false, smoothFactor: 1.2 };
    const made = {
      ids: feature.properties.convoys,
      under: L.polyline(line, { ...base, interactive: false, color: "#ffffff", opacity: 0.9 }),
      over: L.polyline(line, base),
    };
    made.over.bindPopup(() => popup(made), { maxWidth: 340, minWidth: 240 });
    // A way lies on a road: who clicks it means the road too.
    made.over.on("click", (event) => qafila.pickRoad(event.latlng));
    group.addLayer(made.under);
    group.addLayer(made.over);
    return made;
  }

  function restyle() {
    const zoom = map.getZoom();
    const thin = zoom < 10 ? 0.55 : zoom < 11.5 ? 0.75 : 1;
    for (const { ids, under, over } of pieces) {
      const passing = ids.map((id) => convoys.get(id)).filter(Boolean);
      const heaviest = passing.map((convoy) => convoy.vehicle_class)
        .sort((a, b) => WEIGHT.indexOf(a) - WEIGHT.indexOf(b))[0];
      const [colour, dash] = qafila.symbols.LINES[heaviest] || ["#444444", "4 4"];
      const weight = thin * (2.6 + Math.min(3, Math.log2(1 + passing.length) / 2));
      over.setStyle({ color: colour, dashArray: dash, weight, opacity: passing.length ? 0.9 : 0 });
      under.setStyle({ weight: weight + 2.4, opacity: passing.length ? 0.8 : 0 });
    }
  }

  // Ways lie below everything else of the live layer, the white edge below the colour.
  function lower() {
    if (!map.hasLayer(group)) return;
    for (const { over } of pieces) over.bringToBack();
    for (const { under } of pieces) under.bringToBack();
  }

  function popup({ ids }) {
    const passing = ids.map((id) => convoys.get(id)).filter(Boolean);
    const box = element("div", { class: "q-popup" });
    box.append(element("h3", { text: t("Convoys that pass here: {n}", { n: number(passing.length) }) }));
    for (const convoy of passing.slice(0, SHOWN)) {
      const facts = [
        t(convoy.vehicle_class), moment(convoy.departs_at),
        [convoy.depot, ...convoy.stops].filter(Boolean).join(" → "),
        convoy.length_m === null ? "" : number(convoy.length_m / 1000, 1) + " km",
        convoy.duration_s === null ? "" : duration(convoy.duration_s),
      ];
      box.append(element("p", { dir: "auto" },
        element("strong", { text: convoy.label }), "  " + facts.filter(Boolean).join(", ")));
    }
    if (passing.length > SHOWN) {
      box.append(element("p", { text: t("and {n} more", { n: number(passing.length - SHOWN) }) }));
    }
    return box;
  }

  qafila.convoys = { known: convoys, start, settle, restyle, lower };
})();
