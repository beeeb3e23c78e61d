// Marks on top of the map, one for each place: needs by how far they got, people at work and tasks.
//
// A layer holds marks of one kind. Form and sign say the state, colour only helps. Text from people becomes text nodes, never HTML.
"use strict";

(() => {
  const { element, t, number } = qafila.say;
  const INK = "#1b1b1b";
  // State → fill, sign in the middle, whether the edge is broken (nobody looked).
  const FORMS = {
    reported: ["#ffffff", "", true], verified: ["#e69f00", "", false], planned: ["#56b4e9", "▸", false],
    met: ["#009e73", "✓", false], expired: ["#d8d4cc", "", true], refuted: ["#ffffff", "✕", false],
    merged: ["#d8d4cc", "", false], withdrawn: ["#d8d4cc", "✕", true],
  };
  const RADIUS = 9;
  const layers = new Map();
  let drawn = null, kind = "needs", wanted = "";

  function diamond(context, x, y, r, p) {
    const [fill, sign, broken] = FORMS[p.status] || FORMS.reported;
    context.save();
    context.beginPath();
    context.moveTo(x, y - r); context.lineTo(x + r, y); context.lineTo(x, y + r); context.lineTo(x - r, y);
    context.closePath();
    context.fillStyle = fill; context.fill();
    context.strokeStyle = "#ffffff"; context.lineWidth = 3.6; context.stroke();
    context.strokeStyle = INK; context.lineWidth = 1.6;
    context.setLineDash(broken ? [3, 2.4] : []);
    context.stroke();
    context.setLineDash([]);
    context.fillStyle = INK; context.textAlign = "center"; context.textBaseline = "middle";
    context.font = "700 10px 'Noto Sans', sans-serif";
    context.fillText(p.n > 1 ? number(p.n) : sign, x, y + 0.5);
    if (p.rumours) flag(context, x + r, y - r + 1, "?", "#f0e442");
    if (p.contradicted) flag(context, x - r, y - r + 1, "!", "#ffffff");
    if (p.quarantined) {
      context.strokeStyle = INK; context.lineWidth = 1.6; context.setLineDash([1.5, 3]);
      context.strokeRect(x - r - 2, y - r - 2, 2 * r + 4, 2 * r + 4);
    }
    context.restore();
  }

  // People at work: a round head, red where somebody asks for help; a square for a task that lacks people.
  const CREW = { help: ["#d55e00", "!"], silent: ["#f0e442", "?"], ok: ["#009e73", ""], task: ["#ffffff", "+"] };

  function crew(context, x, y, r, p) {
    const [fill, sign] = CREW[p.status] || CREW.ok;
    context.save();
    context.beginPath();
    if (p.status === "task") context.rect(x - r + 1, y - r + 1, 2 * r - 2, 2 * r - 2);
    else context.arc(x, y, r, 0, 2 * Math.PI);
    context.setLineDash([]);
    context.fillStyle = fill; context.fill();
    context.strokeStyle = "#ffffff"; context.lineWidth = 3.6; context.stroke();
    context.strokeStyle = INK; context.lineWidth = p.status === "help" ? 2.6 : 1.6; context.stroke();
    context.fillStyle = INK; context.textAlign = "center"; context.textBaseline = "middle";
    context.font = "700 10px 'Noto Sans', sans-serif";
    context.fillText(sign || (p.n > 1 ? number(p.n) : ""), x, y + 0.5);
    context.restore();
  }

  const DRAWN = { needs: diamond, crew };
  const TITLES = {
    needs: (n) => t("Needs: {n}", { n }),
    crew: (n) => t("At work or looked for: {n}", { n }),
  };

  function flag(context, x, y, sign, fill) {
    context.beginPath();
    context.arc(x, y, 6, 0, 2 * Math.PI);
    context.fillStyle = fill; context.fill();
    context.lineWidth = 1.3; context.strokeStyle = INK; context.stroke();
    context.fillStyle = INK;
    context.fillText(sign, x, y + 0.5);
  }

  function layer(map, data) {
    layers.clear();
    drawn = L.featureGroup();
    kind = data.features.length ? data.features[0].properties.kind : kind;
    const draw = DRAWN[kind];
    for (const feature of data.features) {
      const p = feature.properties;
      const [lon, lat] = feature.geometry.coordinates;
      const symbol = new qafila.Symbol([lat, lon], {
        radius: RADIUS + 6, bubblingMouseEvents: false,
        draw: (context, x, y) => draw(context, x, y, RADIUS, p),
      });
      symbol.bindPopup(() => popup(p), { maxWidth: 320, minWidth: 220, autoPanPadding: [30, 30] });
      layers.set(feature.id, symbol);
      drawn.addLayer(symbol);
    }
    document.documentElement.dataset.marks = kind;
    drawn.addTo(map).on("remove", () => {
      drawn = null;
      layers.clear();
      document.documentElement.dataset.marks = "";
      qafila.legendChanged();
    });
    qafila.legendChanged();
    focus(map);
    return drawn;
  }

  function popup(p) {
    const box = element("div", { class: "q-popup" },
      element("h3", { dir: "auto", text: p.name }),
      element("p", { text: TITLES[p.kind](number(p.n)) }));
    for (const line of p.lines) box.append(element("p", { dir: "auto", text: line }));
    if (p.n > p.lines.length) {
      box.append(element("p", { text: t("and {n} more", { n: number(p.n - p.lines.length) }) }));
    }
    return box;
  }

  // What the live layer adds would lie on top.
  function raise() {
    for (const symbol of layers.values()) symbol.bringToFront();
  }

  // A row that was ticked in the table; the layer may come after the question for it.
  function focus(map) {
    const symbol = layers.get(wanted);
    if (!symbol) return;
    wanted = "";
    map.setView(symbol.getLatLng(), Math.max(map.getZoom(), 12), { animate: false });
    symbol.openPopup();
  }

  function watch(map) {
    let last = "";
    qafila.onArgs((args) => {
      if (!args.focus || args.focus === last) return;
      last = args.focus;
      wanted = args.focus.split("#")[0];
      focus(map);
    });
  }

  function legendRows(row) {
    if (!drawn) return [];
    if (kind === "crew") return crewRows(row);
    const like = (properties) => (c, x, y) => diamond(c, x, y, 7, Object.assign({ n: 1 }, properties));
    const states = {
      reported: t("need reported, nobody looked"), verified: t("need verified"),
      planned: t("need in the plan"), met: t("need met"), expired: t("need expired"),
      refuted: t("need refuted"),
    };
    return [
      ...Object.entries(states).map(([status, text]) => row(like({ status }), text)),
      row(like({ status: "reported", rumours: 1 }), t("a rumour among them")),
      row(like({ status: "reported", contradicted: 1 }), t("somebody says otherwise")),
      row(like({ status: "reported", quarantined: 1 }), t("quarantine: organisation not recognised yet")),
      element("hr"),
    ];
  }

  function crewRows(row) {
    const like = (status) => (c, x, y) => crew(c, x, y, 7, { status, n: 1 });
    return [
      row(like("help"), t("somebody asks for help")),
      row(like("silent"), t("somebody was not heard for 6 h")),
      row(like("ok"), t("at work")),
      row(like("task"), t("a task lacks people")),
      element("hr"),
    ];
  }

  qafila.marks = { kinds: Object.keys(DRAWN), layer, watch, raise, legendRows };
})();
