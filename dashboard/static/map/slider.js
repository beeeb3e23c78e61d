// Before and after: both pictures at once, parted by a line that is dragged or moved with the arrow keys.
"use strict";

(() => {
  const { element, t } = qafila.say;
  const STEP = 2, HANDLE = 40;

  // The line is there while both pictures are switched on. Left of it is before, right of it after, in every
  // language: it is a place on the map, not a direction of reading.
  function slider(map) {
    const input = element("input", {
      type: "range", min: 0, max: 100, step: STEP, value: 50, class: "q-slide", dir: "ltr",
      "aria-label": t("Left of the line: before. Right of it: after."),
    });
    const line = element("div", { class: "q-divide", "aria-hidden": "true" },
      element("span", { text: t("before") }), element("span", { text: t("after") }));
    const box = element("div", { class: "q-slider", hidden: "" }, line, input);
    map.getContainer().append(box);
    L.DomEvent.disableClickPropagation(box);
    for (const name of ["pointerdown", "mousedown", "touchstart"]) {
      input.addEventListener(name, () => map.dragging.disable());
    }
    for (const name of ["pointerup", "mouseup", "touchend", "pointercancel", "blur"]) {
      input.addEventListener(name, () => map.dragging.enable());
    }

    // In the middle of the handle, which stays within the map at both ends.
    const dividedAt = (width) => HANDLE / 2 + (width - HANDLE) * input.value / 100;
    qafila.dividedAt = () => (box.hidden ? null : dividedAt(map.getSize().x));

    // Panes move with the map: what is cut off them is told in their own pixels.
    const cut = () => {
      const both = !box.hidden;
      const { x: width, y: height } = map.getSize();
      const at = dividedAt(width);
      const corner = map.containerPointToLayerPoint([0, 0]);
      const part = (from, to) => {
        const [x0, x1, y0, y1] = [corner.x + from, corner.x + to, corner.y, corner.y + height];
        return `polygon(${x0}px ${y0}px, ${x1}px ${y0}px, ${x1}px ${y1}px, ${x0}px ${y1}px)`;
      };
      map.getPane("qafila-before").style.clipPath = both ? part(0, at) : "";
      map.getPane("qafila-after").style.clipPath = both ? part(at, width) : "";
      line.style.left = at + "px";
    };
    const decide = () => {
      const { before, after } = qafila.state.overlays;
      box.hidden = !(map.hasLayer(before) && map.hasLayer(after));
      cut();
    };
    input.addEventListener("input", cut);
    map.on("layeradd layerremove", (event) => {
      const { before, after } = qafila.state.overlays;
      if (event.layer === before || event.layer === after) decide();
    });
    map.on("move zoom viewreset resize", cut);
    decide();
  }

  Object.assign(qafila, { slider });
})();
