// The live layer: places' state, closures, convoys, depots, volunteers.
//
// The map asks the server what changed since it last asked and alters only that, so an open popup
// survives and a quiet minute costs a few hundred bytes. Text from people becomes text nodes, never HTML.
"use strict";

(() => {
  const layers = new Map();
  const groups = qafila.groups = {};
  const shown = {};
  const { element, t, number, moment, duration } = qafila.say;
  const GROUP_OF = {
    place: "places", depot: "depots", volunteers: "volunteers", closure: "closures", convoy: "convoys",
  };
  let map, options, cursor = "", timer = null, failures = 0, last = null, at = 0;

  function live(target, given) {
    map = target;
    options = given;
    for (const name of ["convoys", "closures", "places", "volunteers", "depots"]) {
      groups[name] = L.featureGroup().addTo(map);
      shown[name] = true;
    }
    qafila.convoys.start(map, groups.convoys);
    map.on("zoomend", restyle);
    qafila.onArgs((args) => {
      if (args.focus && args.focus !== qafila.focused) {
        qafila.focused = args.focus;
        focus(args.focus.split("#")[0]);
      }
      if ((args.at || 0) !== at) {
        // Another moment is looked at: nothing of what was shown need hold there.
        at = args.at || 0;
        cursor = "";
        poll();
      }
      // The page knows of a change before the next question is due.
      if (!at && args.seq && last && args.seq > last.seq) poll();
    });
    poll();
    setInterval(age, 1000);
    document.addEventListener("visibilitychange", () => { if (!document.hidden && !(at && last)) poll(); });
  }

  async function poll() {
    clearTimeout(timer);
    const asked = at;
    try {
      const query = "?since=" + encodeURIComponent(cursor) + (asked ? "&at=" + asked : "");
      const answer = await fetch(options.url + query, {
        // All of it may be here from the last visit: the server says whether it still holds.
        cache: cursor || asked ? "no-store" : "no-cache",
        signal: AbortSignal.timeout(options.timeout_s * 1000),
      });
      if (!answer.ok) throw new Error(options.url + ": " + answer.status);
      const said = await answer.json();
      if (asked !== at) return; // the answer to another moment than the one looked at now
      take(said);
      failures = 0;
      if (at) { age(); return; } // the past stands still
    } catch (error) {
      failures += 1;
      console.warn("live layer", error);
    }
    age();
    // A screen that nobody looks at asks seldom; a lost link is tried again with patience.
    const wait = document.hidden ? 30 : Math.min(30, options.interval_s * (1 + failures));
    timer = setTimeout(poll, wait * 1000);
  }

  function take(answer) {
    last = { seq: answer.seq, at: Date.now(), made_at: answer.made_at };
    cursor = answer.cursor;
    if (answer.full) {
      const present = new Set(answer.features.map((feature) => feature.id));
      for (const id of [...layers.keys(), ...qafila.convoys.known.keys()]) {
        if (!present.has(id)) drop(id);
      }
    }
    answer.removed.forEach(drop);
    let lines = false;
    for (const feature of answer.features) lines = put(feature) || lines;
    if (lines) lower();
    if (answer.features.length) qafila.marks.raise();
    if (answer.full || answer.removed.length || answer.features.some(isConvoy)) {
      qafila.convoys.settle(options.api).then(lower)
        .catch((error) => { console.error(error); qafila.trouble(t("A layer of the map could not be loaded.")); });
    }
    if ((answer.features.length || answer.removed.length) && qafila.state.sheets.labels) {
      qafila.state.sheets.labels.repaint();
    }
    const firstTime = document.documentElement.dataset.live === undefined;
    document.documentElement.dataset.live = layers.size + qafila.convoys.known.size;
    if (firstTime) document.dispatchEvent(new CustomEvent("qafila:live"));
    document.documentElement.dataset.seq = answer.seq;
  }

  const isConvoy = (feature) => feature.properties.kind === "convoy";

  function drop(id) {
    qafila.convoys.known.delete(id);
    const known = layers.get(id);
    if (!known) return;
    known.group.removeLayer(known.layer);
    layers.delete(id);
    qafila.state.places.delete(id);
    qafila.state.ranked = null;
  }

  // Lines lie below the points, convoys below closures, and each line's lower stroke below its upper.
  function lower() {
    for (const entry of layers.values()) {
      if (!entry.lines || !map.hasLayer(entry.lines[0])) continue;
      for (const line of [...entry.lines].reverse()) line.bringToBack();
    }
    qafila.convoys.lower();
  }

  // Add a feature or change it in place; says whether a line was added, which must go below the points.
  function put(feature) {
    if (isConvoy(feature)) {
      qafila.convoys.known.set(feature.id, feature.properties);
      return false;
    }
    const known = layers.get(feature.id);
    const group = groups[GROUP_OF[feature.properties.kind]];
    if (!group) return false;
    const sameShape = known && JSON.stringify(known.feature.geometry) === JSON.stringify(feature.geometry);
    if (sameShape) {
      known.feature = feature;
      note(feature);
      refresh(known);
      return false;
    }
    drop(feature.id);
    const entry = { feature, group };
    note(feature);
    entry.layer = MAKERS[feature.properties.kind](entry);
    entry.layer.bindPopup(() => popup(entry), { maxWidth: 320, minWidth: 220, autoPanPadding: [30, 30] });
    // A line lies on a road: who clicks it means the road too.
    if (entry.lines) entry.layer.on("click", (event) => qafila.pickRoad(event.latlng));
    layers.set(feature.id, entry);
    group.addLayer(entry.layer);
    return feature.geometry.type !== "Point";
  }

  function note(feature) {
    const p = feature.properties;
    if (p.kind !== "place") return;
    const [lon, lat] = feature.geometry.coordinates;
    qafila.state.places.set(feature.id, Object.assign(p, {
      ux: qafila.unitX(lon), uy: qafila.unitY(lat),
    }));
    qafila.state.ranked = null;
  }

  function refresh(entry) {
    const p = entry.feature.properties;
    if (p.kind === "place") {
      entry.layer.setRadius(qafila.symbols.radius(p, map.getZoom()));
    } else if (p.kind === "closure") {
      dress(entry);
    } else {
      entry.layer.setIcon(badge(p));
      name(entry);
    }
    if (entry.layer.isPopupOpen()) entry.layer.getPopup().update();
  }

  function restyle() {
    qafila.convoys.restyle();
    for (const entry of layers.values()) {
      const p = entry.feature.properties;
      if (p.kind === "place") entry.layer.setRadius(qafila.symbols.radius(p, map.getZoom()));
    }
  }

  function show(name, on) {
    shown[name] = on;
    if (name === "labels") {
      qafila.state.labels = on;
      qafila.state.sheets.labels.repaint();
    } else if (qafila.state.overlays[name]) {
      qafila.hidden.delete(name);
      if (on) map.addLayer(qafila.state.overlays[name]);
      else map.removeLayer(qafila.state.overlays[name]);
    } else if (on) {
      map.addLayer(groups[name]);
      lower();
    } else {
      map.removeLayer(groups[name]);
    }
  }

  function focus(id) {
    const entry = layers.get(id);
    if (!entry) return;
    const target = entry.layer.getLatLng ? entry.layer.getLatLng() : entry.layer.getBounds().getCenter();
    map.setView(target, Math.max(map.getZoom(), 12), { animate: false });
    entry.layer.openPopup(target);
  }

  // --- how each kind is drawn ------------------------------------------------------------------

  const point = (feature) => [feature.geometry.coordinates[1], feature.geometry.coordinates[0]];
  const parts = (feature) => {
    const { type, coordinates } = feature.geometry;
    return (type === "LineString" ? [coordinates] : coordinates)
      .map((part) => part.map(([lon, lat]) => [lat, lon]));
  };

  const MAKERS = {
    place(entry) {
      return new qafila.Symbol(point(entry.feature), {
        radius: qafila.symbols.radius(entry.feature.properties, map.getZoom()),
        bubblingMouseEvents: false,
        draw: (context, x, y) => {
          const p = entry.feature.properties;
          qafila.symbols.stamp(context, x, y, qafila.symbols.radius(p, map.getZoom()), p, qafila.state.mode);
        },
      });
    },
    depot: (entry) => marker(entry),
    volunteers: (entry) => marker(entry),
    closure(entry) {
      const base = { bubblingMouseEvents: false, smoothFactor: 1.2, lineCap: "butt" };
      const lines = parts(entry.feature);
      const longest = lines.reduce((a, b) => (b.length > a.length ? b : a));
      entry.lines = [
        L.polyline(lines, { ...base, color: "#1b1b1b", weight: 8 }),
        L.polyline(lines, { ...base, color: "#f0e442", weight: 5, dashArray: "9 9" }),
      ];
      entry.cross = new qafila.Symbol(longest[Math.floor(longest.length / 2)], {
        radius: 9, bubblingMouseEvents: false,
        draw: (context, x, y) =>
          qafila.symbols.cross(context, x, y, entry.feature.properties.state),
      });
      dress(entry);
      return L.featureGroup([...entry.lines, entry.cross]);
    },
  };

  function dress(entry) {
    const p = entry.feature.properties;
    entry.lines[1].setStyle({
      color: p.state === "restricted" ? "#ffffff" : "#f0e442",
      opacity: p.confidence < 0.5 ? 0.5 : 1,
    });
    entry.cross.redraw();
  }

  // Markers can be reached with the keyboard; what they are is said in words, not by their shape.
  function marker(entry) {
    const layer = L.marker(point(entry.feature), {
      icon: badge(entry.feature.properties), keyboard: true, riseOnHover: true,
      zIndexOffset: entry.feature.properties.kind === "depot" ? 500 : 0,
    });
    layer.on("add", () => name(entry));
    return layer;
  }

  function name(entry) {
    const p = entry.feature.properties;
    const node = entry.layer.getElement();
    if (!node) return;
    const text = p.kind === "depot" ? t("depot {name}", { name: p.name })
      : t("{n} volunteers in {name}", { n: p.count, name: p.name });
    node.setAttribute("aria-label", text);
    node.title = text;
  }

  const SHAPES = {
    depot: "M2 8 L10 2 L18 8 V18 H2 Z M7 18 V11 H13 V18",
    volunteers: "M10 3 a3.4 3.4 0 1 1 -0.01 0 M3.5 18 c0 -9 13 -9 13 0 z",
  };

  function badge(p) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", "0 0 20 20");
    svg.setAttribute("aria-hidden", "true");
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("d", SHAPES[p.kind]);
    svg.append(path);
    const box = element("div", { class: "q-badge q-" + p.kind + (p.active === false ? " q-idle" : "") }, svg);
    if (p.kind === "volunteers") box.append(element("span", { text: number(p.count) }));
    return p.kind === "depot"
      ? L.divIcon({ html: box, className: "q-icon", iconSize: [28, 28], iconAnchor: [34, 34] })
      : L.divIcon({ html: box, className: "q-icon", iconSize: [38, 20], iconAnchor: [44, 22] });
  }

  // --- popups: text nodes only ---------------------------------------------------------------------

  function popup(entry) {
    const p = entry.feature.properties;
    const box = element("div", { class: "q-popup" });
    POPUPS[p.kind](box, p, entry);
    return box;
  }

  const heading = (box, text, local) => {
    box.append(element("h3", { dir: "auto", text }));
    if (local) box.append(element("p", { class: "q-local", dir: "auto", text: local }));
  };
  const facts = (box, pairs) => {
    const list = element("dl");
    for (const [name, value] of pairs) {
      if (value === null || value === undefined || value === "") continue;
      list.append(element("dt", { text: name }), element("dd", { dir: "auto", text: value }));
    }
    box.append(list);
  };

  const EVIDENCE = {
    damage_seen: "damage seen", no_visible_damage: "no damage visible from above (not: undamaged)",
    not_assessed: "not assessed: nobody looked",
  };
  const REACH = {
    reachable: "reachable", by_relay: "by relay", cut_off: "cut off", not_on_network: "not on the road network",
  };

  const POPUPS = {
    place(box, p) {
      heading(box, p.name, [p.name_ar, p.name_zgh].filter(Boolean).join(" · "));
      facts(box, [
        [t("Commune"), p.commune],
        [t("Evidence"), t(EVIDENCE[p.evidence])],
        ...(p.evidence === "not_assessed" ? [] : [
          [t("Destroyed"), number(p.destroyed)], [t("Damaged"), number(p.damaged)],
          [t("Possibly damaged"), number(p.possibly_damaged)],
        ]),
        [t("People"), p.people === null ? t("unknown") : number(p.people)],
        [t("People affected"), p.affected === null ? t("unknown") : number(p.affected)],
        [t("Reach"), REACH[p.reach] ? t(REACH[p.reach]) +
          (p.travel_time_s === null ? "" : ", " + duration(p.travel_time_s)) : t("not computed")],
        [t("Why"), p.reach_reason],
        [t("Needs"), p.needs.map((need) => number(need.quantity) + " " + need.item).join(", ")],
        [t("Sources"), p.sources],
      ]);
    },
    depot(box, p) {
      heading(box, p.name, p.active ? "" : t("not active"));
      facts(box, p.stock.map((line) => [line.item, number(line.quantity)]));
      if (!p.stock.length) box.append(element("p", { text: t("No stock recorded.") }));
    },
    volunteers(box, p) {
      heading(box, t("{n} volunteers", { n: number(p.count) }));
      facts(box, [[t("Home place"), p.name]]);
    },
    closure(box, p) {
      heading(box, p.state === "restricted" ? t("Road restricted") : t("Road closed"));
      facts(box, [
        [t("Road"), p.road], [t("For"), p.classes.length ? p.classes.join(", ") : t("all vehicles")],
        [t("Reason"), p.reason], [t("Says who"), p.source], [t("Since"), moment(p.since)],
        [t("Until"), p.until ? moment(p.until) : t("open end")],
        [t("Confidence"), number(100 * p.confidence) + " %"],
        ...(p.contradicted_by.length ? [[t("Said to be open by"), p.contradicted_by.join(", ") || "–"]] : []),
      ]);
      const button = element("button", { type: "button", text: t("Reopen this road …") });
      button.addEventListener("click", () => { qafila.pick({ closure: p.closure_id }); map.closePopup(); });
      if (qafila.embedded) box.append(button);
    },
  };

  // --- how old the picture is ------------------------------------------------------------------------

  function age() {
    const box = document.getElementById("q-age");
    if (!box) return;
    const lost = failures > 1;
    box.classList.toggle("q-lost", lost);
    if (!last) {
      box.textContent = lost ? t("No connection to the server yet; trying again") : t("loading …");
    } else if (lost) {
      box.textContent = t("Connection lost; as of {time}", { time: moment(last.at) });
    } else {
      box.textContent = t("Event {seq} · computed {time}", { seq: last.seq, time: moment(last.made_at) });
    }
  }

  Object.assign(qafila, { live, poll, focus, restyle, show, shown });
})();
