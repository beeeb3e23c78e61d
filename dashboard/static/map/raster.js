// Rasters on the map: relief, pictures from above, damage rasters.
//
// The server draws their tiles; they are put together on one canvas a kind, each tile from one whole pixel to
// the next, so that no seam shows at any zoom. A tile that does not come is asked for again, and said.
"use strict";

(() => {
  const MOST_KEPT = 200, ASK_AGAIN_MS = 10000, TOGETHER_MS = 60;
  // What people reported comes first: forty pictures of a hillside before it cost a second, over a satellite ten.
  const AFTER_LIVE_BY_MS = 8000;
  // Relief is shadow: black, and clear where the sun falls. More of it would hide analysed ground.
  const OPACITY = { relief: 0.55 };

  class Tiles {
    constructor(changed) {
      this.changed = changed;
      this.images = new Map();
    }

    // The image of an address, or null while it is on its way.
    get(url) {
      let image = this.images.get(url);
      if (image) {
        this.images.delete(url); // used last, forgotten last
      } else {
        image = new Image();
        image.onload = () => this.changed();
        image.onerror = () => {
          qafila.trouble(qafila.say.t("A layer of the map could not be loaded."));
          setTimeout(() => { this.images.delete(url); this.changed(); }, ASK_AGAIN_MS);
        };
        image.src = url;
      }
      this.images.set(url, image);
      for (const old of this.images.keys()) {
        if (this.images.size <= MOST_KEPT) break;
        this.images.delete(old);
      }
      return image.complete && image.naturalWidth ? image : null;
    }
  }

  function sheet(kind, layers) {
    let soon = null, held = document.documentElement.dataset.live === undefined;
    const tiles = new Tiles(() => {
      soon = soon || setTimeout(() => { soon = null; made.repaint(); }, TOGETHER_MS);
    });
    const made = new qafila.Sheet((context, view) => {
      context.globalAlpha = OPACITY[kind] || 1;
      let missing = held ? 1 : 0;
      for (const layer of held ? [] : layers) missing += paint(context, view, layer, tiles);
      document.documentElement.dataset["raster_" + kind] = missing ? "coming" : "drawn";
    }, { pane: "qafila-" + kind });
    if (held) {
      const release = () => {
        if (!held) return;
        held = false;
        made.repaint();
      };
      document.addEventListener("qafila:live", release, { once: true });
      setTimeout(release, AFTER_LIVE_BY_MS);
    }
    return made;
  }

  // Draw the tiles of one raster that lie in view; gives how many are still on their way.
  function paint(context, view, layer, tiles) {
    if (view.zoom < layer.min_zoom) return 0;
    const zoom = Math.min(Math.round(view.zoom), layer.native_zoom);
    const n = 2 ** zoom, side = view.scale / n;
    const [[south, west], [north, east]] = layer.bounds;
    const range = (from, to, low, high) => [
      Math.max(Math.floor(from / side), Math.floor(low * n), 0),
      Math.min(Math.floor(to / side), Math.floor(high * n), n - 1)];
    const [left, right] = range(view.left, view.left + view.size.x, qafila.unitX(west), qafila.unitX(east));
    const [top, bottom] = range(view.top, view.top + view.size.y, qafila.unitY(north), qafila.unitY(south));
    let missing = 0;
    for (let x = left; x <= right; x++) {
      for (let y = top; y <= bottom; y++) {
        const image = tiles.get(L.Util.template(layer.url, { z: zoom, x, y }));
        if (!image) { missing += 1; continue; }
        const x0 = Math.round(x * side - view.left), x1 = Math.round((x + 1) * side - view.left);
        const y0 = Math.round(y * side - view.top), y1 = Math.round((y + 1) * side - view.top);
        context.drawImage(image, x0, y0, x1 - x0, y1 - y0);
      }
    }
    return missing;
  }

  // One switch a kind; only the relief is there from the start, the others cost data and hide what is below.
  function rasters(map, { layers }) {
    const { overlays } = qafila.state;
    for (const kind of new Set(layers.map((layer) => layer.kind))) {
      overlays[kind] = sheet(kind, layers.filter((layer) => layer.kind === kind));
      if (kind === "relief") overlays[kind].addTo(map);
      else qafila.hidden.add(kind);
    }
    if (overlays.before && overlays.after) qafila.slider(map);
  }

  Object.assign(qafila, { rasters });
})();
