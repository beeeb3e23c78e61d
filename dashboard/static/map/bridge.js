// The map's side of Streamlit's component protocol, and what is shown when the map itself fails.
//
// It is loaded before Leaflet and needs nothing of it: the frame gets its height and, if anything in
// the map breaks, says so, instead of staying a blank strip of no height.
"use strict";

const qafila = {
  // Streamlit's frame; the one that comes before the page (static/first) is nobody's component.
  embedded: window.parent !== window && !window.frameElement?.closest("#qafila-first"),
  args: {},
  listeners: [],
  drawn: false,

  send(type, data) {
    if (this.embedded) {
      window.parent.postMessage(
        Object.assign({ isStreamlitMessage: true, type: "streamlit:" + type }, data),
        window.location.origin,
      );
    }
  },

  // Tell the page what was picked; `picked_at` makes picking the same thing twice two events.
  pick(value) {
    const picked = Object.assign({ picked_at: Date.now() }, value);
    this.send("setComponentValue", { value: picked, dataType: "json" });
    document.dispatchEvent(new CustomEvent("qafila:pick", { detail: picked }));
  },

  onArgs(listener) {
    this.listeners.push(listener);
    if (Object.keys(this.args).length) listener(this.args);
  },

  fail(message) {
    if (this.drawn || document.getElementById("qafila-failure")) return;
    const box = document.createElement("p");
    box.id = "qafila-failure";
    box.setAttribute("role", "alert");
    box.textContent =
      "The map could not be drawn; the table holds the same figures. Reload the page. (" +
      String(message).slice(0, 200) + ")";
    document.body.appendChild(box);
  },
};
window.qafila = qafila;

window.addEventListener("message", (event) => {
  if (event.source !== window.parent || event.origin !== window.location.origin) return;
  if (!event.data || event.data.type !== "streamlit:render") return;
  qafila.args = event.data.args || {};
  fit();
  for (const listener of qafila.listeners) listener(qafila.args);
});
window.addEventListener("error", (event) => {
  qafila.fail(event.message || "a file of this page is missing");
}, true);

// On a phone the page must stay scrollable beside the map; on a large screen the map takes what is there,
// unless the view has more to show below it.
function fit() {
  if (!qafila.embedded) return;
  const { innerWidth, innerHeight } = window.parent;
  const wanted = qafila.args.height || 600;
  const room = qafila.args.grow === false ? 0 : innerHeight - 300;
  const height = innerWidth < 700 ? Math.min(wanted, 0.64 * innerHeight) : Math.max(wanted, room);
  qafila.send("setFrameHeight", { height: Math.round(height) });
}

qafila.send("componentReady", { apiVersion: 1 });
fit();
