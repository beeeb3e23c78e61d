// Where vehicles and volunteers were last, with the age of it: asked apart from the live layer, because a
// position is no event, and never shown of the past or on the wall.
"use strict";

(() => {
  const { element, t, number, moment } = qafila.say;
  // Phones send every ten minutes; who was not seen for so long may be anywhere by now.
  const OLD_S = 3600;
  const known = new Map();
  let group, options, map, behind_ms = 0;

  function positions(target, given) {
    map = target;
    options = given;
    group = qafila.groups.positions = L.featureGroup();
    qafila.shown.positions = true;
    group.addTo(map);
    ask();
    setInterval(ask, options.interval_s * 1000);
    qafila.onArgs((args) => { if (args.at) forget(); });
  }

  async function ask() {
    // The past has none: they are forgotten, and no event says where anybody was.
    if (document.hidden || qafila.args.at || document.documentElement.classList.contains("q-wall")) return;
    try {
      const answer = await fetch(options.url, { cache: "no-store", signal: AbortSignal.timeout(20000) });
      if (!answer.ok) throw new Error(options.url + ": " + answer.status);
      take(await answer.json());
    } catch (error) {
      // What is shown stays, and grows older: its age is told.
      console.warn("positions", error);
      known.forEach(refresh);
    }
  }

  function take(said) {
    if (qafila.args.at) return;
    behind_ms = Date.now() - Date.parse(said.now);
    const present = new Set(said.positions.map((one) => one.id));
    for (const [id, entry] of known) {
      if (present.has(id)) continue;
      group.removeLayer(entry.layer);
      known.delete(id);
    }
    for (const one of said.positions) {
      const entry = known.get(one.id);
      if (entry) {
        entry.one = one;
        entry.layer.setLatLng([one.lat, one.lon]);
        refresh(entry);
      } else {
        put(one);
      }
    }
    document.documentElement.dataset.positions = known.size;
  }

  function put(one) {
    const entry = { one };
    entry.layer = L.marker([one.lat, one.lon], { icon: badge(one), keyboard: true, riseOnHover: true, zIndexOffset: 800 });
    entry.layer.on("add", () => name(entry));
    entry.layer.bindPopup(() => popup(entry.one), { maxWidth: 320, minWidth: 220, autoPanPadding: [30, 30] });
    known.set(one.id, entry);
    group.addLayer(entry.layer);
  }

  function refresh(entry) {
    entry.layer.setIcon(badge(entry.one));
    name(entry);
    if (entry.layer.isPopupOpen()) entry.layer.getPopup().update();
  }

  function forget() {
    group.clearLayers();
    known.clear();
  }

  const age_s = (one) => Math.max(0, (Date.now() - behind_ms - Date.parse(one.at)) / 1000);

  function age(one) {
    const minutes = Math.floor(age_s(one) / 60);
    if (minutes < 60) return t("{m} min", { m: number(minutes) });
    const hours = Math.floor(minutes / 60);
    if (hours < 24) return t("{h} h {m} min", { h: number(hours), m: number(minutes % 60) });
    return t("{d} d {h} h", { d: number(Math.floor(hours / 24)), h: number(hours % 24) });
  }

  const title = (one) => one.name || (one.vehicle_class ? one.id.replace("vehicle:", "") : t("volunteer"));

  function name(entry) {
    const node = entry.layer.getElement();
    if (!node) return;
    const text = t("{name}, {age} ago", { name: title(entry.one), age: age(entry.one) });
    node.setAttribute("aria-label", text);
    node.title = text;
  }

  function badge(one) {
    const look = (one.coarse ? " q-coarse" : "") + (age_s(one) > OLD_S ? " q-old" : "");
    const box = element("div", { class: "q-seen" + look }, element("i"),
      element("span", { dir: "auto", text: title(one).slice(0, 18) + " · " + age(one) }));
    return L.divIcon({ html: box, className: "q-icon", iconSize: [10, 10], iconAnchor: [10, 10] });
  }

  function popup(one) {
    const box = element("div", { class: "q-popup" }, element("h3", { dir: "auto", text: title(one) }));
    const list = element("dl");
    const facts = [
      [t("Class"), one.vehicle_class], [t("Convoy"), (one.convoy_id || "").replace("convoy:", "")],
      [t("Last seen"), moment(one.at) + " · " + t("{age} ago", { age: age(one) })],
      [t("Exact to"), one.coarse ? t("about a kilometre: only the crisis cell sees it exactly")
        : one.accuracy_m === null ? "" : number(one.accuracy_m) + " m"],
    ];
    for (const [label, value] of facts) {
      if (value) list.append(element("dt", { text: label }), element("dd", { dir: "auto", text: value }));
    }
    box.append(list);
    return box;
  }

  qafila.positions = positions;
})();
