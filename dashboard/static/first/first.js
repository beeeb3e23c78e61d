// The map before the page: Streamlit's page takes a second or two to come up, over a satellite twenty.
// Until its own map is drawn, the same map is shown over the whole window, at the same place.
"use strict";

(() => {
  const LOOK_EVERY_MS = 80;
  // A page without a map (a notice, no situation yet) shows itself by then, counted from its first words.
  const NO_MAP_MS = 6000;
  // The page's scripts keep the processor busy for a second and a satellite link for twenty: they begin when
  // the map is drawn, or by then.
  const PAGE_BY_MS = 10000;

  const first = document.getElementById("qafila-first");
  const frame = first.querySelector("iframe");
  const page = document.getElementById("qafila-page");
  let wordsSince = 0, begun = false;

  // The map of a frame of this page: "" no map, "begun" it has its ground, "drawn" it is whole.
  function stateOf(one) {
    const inner = one && one.contentDocument;
    if (!inner || !inner.querySelector(".leaflet-container")) return "";
    const { live, roads } = inner.documentElement.dataset;
    return live !== undefined && (roads === undefined || roads === "drawn") ? "drawn" : "begun";
  }

  function pageIsThere() {
    if (stateOf(document.querySelector("iframe.stCustomComponentV1, .stCustomComponentV1 iframe")) === "drawn") return true;
    if (!document.querySelector(".stMainBlockContainer h1")) return false;
    wordsSince = wordsSince || performance.now();
    return performance.now() - wordsSince > NO_MAP_MS;
  }

  // Both share one processor: whoever goes first is drawn first.
  function beginPage() {
    if (begun) return;
    begun = true;
    document.head.append(document.importNode(page.content, true));
  }

  // A frame that answered with anything but a map (nothing loaded yet, signed out) is not shown.
  function answeredOtherwise() {
    const inner = frame.contentDocument;
    return inner && inner.URL !== "about:blank" && inner.readyState === "complete" && !stateOf(frame);
  }

  function end() {
    clearInterval(watch);
    beginPage();
    first.remove();
  }

  const watch = setInterval(() => {
    const state = stateOf(frame);
    if (state) first.classList.add("begun");
    if (state === "drawn" || performance.now() > PAGE_BY_MS) beginPage();
    if (pageIsThere() || answeredOtherwise()) end();
  }, LOOK_EVERY_MS);
})();
