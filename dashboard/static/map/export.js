// The map as a picture: what is seen, with its legend, notice, scale, sources and age, as one PNG made here.
"use strict";

(() => {
  const { element, t } = qafila.say;
  const FONT = "'Noto Sans', 'Noto Sans Arabic', 'Noto Sans Tifinagh', sans-serif";
  const LEGEND = 270, ROW = 26, FOOT_LINE = 20, MARGIN = 12;

  function exporter(map, options) {
    const control = L.control({ position: "topleft" });
    control.onAdd = () => {
      const button = element("a", {
        href: "#", role: "button", class: "q-home q-save", title: t("Save the map as a picture"),
        "aria-label": t("Save the map as a picture"), text: "⤓",
      });
      L.DomEvent.on(button, "click", (event) => {
        L.DomEvent.stop(event);
        qafila.report(save(map, options));
      });
      return element("div", { class: "leaflet-bar" }, button);
    };
    control.addTo(map);
  }

  async function save(map, options) {
    const canvas = picture(map, options);
    const blob = await new Promise((done) => canvas.toBlob(done, "image/png"));
    const link = element("a", { href: URL.createObjectURL(blob), download: fileName(options) });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    document.documentElement.dataset.saved = blob.size;
  }

  // The moment of the event stands in the name, so that two pictures are told apart.
  const fileName = ({ name }) => {
    const plain = name.normalize("NFKD").replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-+|-+$/g, "").slice(0, 40);
    return `${plain || "map"}-${document.documentElement.dataset.seq || 0}.png`;
  };

  function picture(map, options) {
    const box = map.getContainer().getBoundingClientRect();
    const foot = footLines(options);
    const width = Math.round(box.width) + LEGEND;
    const height = Math.max(Math.round(box.height), legendHeight()) + foot.length * FOOT_LINE + MARGIN;
    const ratio = window.devicePixelRatio || 1;
    const canvas = element("canvas", { width: width * ratio, height: height * ratio });
    const context = canvas.getContext("2d");
    context.scale(ratio, ratio);
    context.fillStyle = "#ffffff";
    context.fillRect(0, 0, width, height);
    context.save();
    context.beginPath();
    context.rect(0, 0, box.width, box.height);
    context.clip();
    context.fillStyle = getComputedStyle(map.getContainer()).backgroundColor;
    context.fillRect(0, 0, box.width, box.height);
    layers(map, context, box);
    badges(map, context, box);
    if (qafila.mark) qafila.mark(context, box.width, box.height);
    scale(map, context, box);
    context.restore();
    legend(context, Math.round(box.width) + MARGIN);
    footer(context, foot, width, height);
    return canvas;
  }

  // Every canvas of the map where it stands on the screen, the lowest pane first.
  function layers(map, context, box) {
    const depth = (canvas) => Number(getComputedStyle(canvas.closest(".leaflet-pane[class*='-pane']")).zIndex) || 0;
    const all = [...map.getPane("mapPane").querySelectorAll("canvas")].filter((one) => one.width && one.height);
    for (const one of all.sort((a, b) => depth(a) - depth(b))) {
      const at = one.getBoundingClientRect();
      context.save();
      clip(context, one, box);
      context.drawImage(one, at.left - box.left, at.top - box.top, at.width, at.height);
      context.restore();
    }
  }

  // Before and after are cut at their line.
  function clip(context, canvas, box) {
    const kind = ["before", "after"].find((one) => canvas.closest(`.leaflet-qafila-${one}-pane`));
    const at = kind && qafila.dividedAt ? qafila.dividedAt() : null;
    if (at === null) return;
    context.beginPath();
    if (kind === "before") context.rect(0, 0, at, box.height);
    else context.rect(at, 0, box.width - at, box.height);
    context.clip();
  }

  function badges(map, context, box) {
    for (const badge of map.getPane("markerPane").querySelectorAll(".q-badge")) {
      const at = badge.getBoundingClientRect(), style = getComputedStyle(badge);
      const [x, y] = [at.left - box.left, at.top - box.top];
      context.fillStyle = style.backgroundColor;
      context.strokeStyle = style.borderTopColor;
      context.lineWidth = parseFloat(style.borderTopWidth) || 1;
      context.beginPath();
      context.roundRect(x, y, at.width, at.height, parseFloat(style.borderTopLeftRadius) || 0);
      context.fill();
      context.stroke();
      const svg = badge.querySelector("svg").getBoundingClientRect();
      context.save();
      context.translate(svg.left - box.left, svg.top - box.top);
      context.scale(svg.width / 20, svg.height / 20);
      context.strokeStyle = context.fillStyle = style.color;
      context.lineWidth = 2;
      const path = new Path2D(badge.querySelector("path").getAttribute("d"));
      if (badge.classList.contains("q-volunteers")) context.fill(path);
      else context.stroke(path);
      context.restore();
      const count = badge.querySelector("span");
      if (!count) continue;
      const text = count.getBoundingClientRect();
      context.fillStyle = style.color;
      write(context, count.textContent, text.left - box.left, text.top - box.top + text.height / 2, "700 12px");
    }
  }

  function scale(map, context, box) {
    const bar = map.getContainer().querySelector(".leaflet-control-scale-line");
    if (!bar) return;
    const length = bar.getBoundingClientRect().width, y = box.height - 14;
    context.fillStyle = "rgba(255,255,255,0.9)";
    context.fillRect(8, y - 18, length + 12, 28);
    context.strokeStyle = context.fillStyle = "#1b1b1b";
    context.lineWidth = 2;
    context.beginPath();
    context.moveTo(14, y - 2); context.lineTo(14, y + 4); context.lineTo(14 + length, y + 4);
    context.lineTo(14 + length, y - 2);
    context.stroke();
    write(context, bar.textContent, 18, y - 6, "12px");
  }

  const rows = () => [...document.querySelectorAll(".q-legend .q-row")].filter((row) => row.querySelector("canvas"));
  const legendHeight = () => rows().length * ROW + 4 * MARGIN;

  function legend(context, left) {
    const rtl = document.documentElement.dir === "rtl";
    const right = left + LEGEND - 2 * MARGIN;
    context.fillStyle = "#1b1b1b";
    write(context, t("Legend"), rtl ? right : left, MARGIN + 8, "700 14px", rtl ? "right" : "left");
    rows().forEach((row, i) => {
      const y = 3 * MARGIN + i * ROW, sample = row.querySelector("canvas");
      const wide = parseFloat(sample.style.width), high = parseFloat(sample.style.height);
      context.drawImage(sample, rtl ? right - wide : left, y, wide, high);
      context.fillStyle = "#1b1b1b";
      const room = right - left - wide - 8;
      write(context, fitted(context, row.textContent, room), rtl ? right - wide - 8 : left + wide + 8,
        y + high / 2, "12px", rtl ? "right" : "left");
    });
  }

  function footLines({ name, notice, sources }) {
    const age = document.getElementById("q-age");
    return [name, notice, age ? age.textContent : "", sources].filter(Boolean);
  }

  function footer(context, lines, width, height) {
    lines.forEach((line, i) => {
      const y = height - MARGIN / 2 - (lines.length - i - 0.5) * FOOT_LINE;
      context.fillStyle = "#1b1b1b";
      write(context, fitted(context, line, width - 2 * MARGIN), MARGIN, y, i ? "12px" : "700 13px");
    });
  }

  function write(context, text, x, y, font, align = "left") {
    context.font = `${font} ${FONT}`;
    context.textBaseline = "middle";
    context.textAlign = align;
    context.fillText(text, x, y);
  }

  function fitted(context, text, room) {
    context.font = `12px ${FONT}`;
    if (context.measureText(text).width <= room) return text;
    let short = text;
    while (short.length > 1 && context.measureText(short + "…").width > room) short = short.slice(0, -1);
    return short + "…";
  }

  // Data of a drill must not be taken for the real thing, on the screen or on a picture passed on.
  function watermark(map, { text }) {
    const canvas = element("canvas", { class: "q-watermark", "aria-hidden": "true" });
    map.getContainer().append(canvas);
    qafila.mark = (context, width, height) => {
      context.save();
      context.font = `700 44px ${FONT}`;
      context.fillStyle = "rgba(27, 27, 27, 0.13)";
      context.textAlign = "center";
      for (let y = 90; y < height + 200; y += 260) {
        for (let x = (y / 260) % 2 < 1 ? 160 : 420; x < width + 260; x += 520) {
          context.save();
          context.translate(x, y);
          context.rotate(-0.42);
          context.fillText(text, 0, 0);
          context.restore();
        }
      }
      context.restore();
    };
    const draw = () => {
      const { width, height } = map.getContainer().getBoundingClientRect();
      if (width < 2 || height < 2) return;
      canvas.width = width;
      canvas.height = height;
      qafila.mark(canvas.getContext("2d"), width, height);
    };
    new ResizeObserver(draw).observe(map.getContainer());
    document.fonts.ready.then(draw);
  }

  Object.assign(qafila, { exporter, watermark });
})();
