// The wall: asks every few seconds, turns its panels, says when the news are old or the link is lost.
"use strict";
(function () {
  const ASK_EVERY_MS = 5000, GIVE_UP_MS = 15000, TURN_EVERY_MS = 20000, STALE_S = 3600;
  const words = JSON.parse(document.body.dataset.words);
  const at = (id) => document.getElementById(id);
  let told = null, version = "", heard = 0, lastEvent = 0, lost = false, panel = 0;

  function age(seconds) {
    const s = Math.max(0, Math.round(seconds));
    if (s < 60) return words.seconds.replace("{n}", s);
    if (s < 3600) return words.minutes.replace("{n}", Math.floor(s / 60));
    if (s < 48 * 3600) return words.hours.replace("{n}", Math.floor(s / 3600));
    return words.days.replace("{n}", Math.floor(s / 86400));
  }

  function element(name, text) {
    const made = document.createElement(name);
    made.textContent = text;
    return made;
  }

  function drawFigures() {
    at("figures").replaceChildren(...told.figures.map((one) => {
      const box = document.createElement("div");
      if (one.alarm) box.className = "alarm";
      box.append(element("dt", one.label), element("dd", one.value));
      return box;
    }));
  }

  function panels() {
    return ["map"].concat(told.panels.filter((one) => one.rows.length).map((one) => one.id));
  }

  function drawPanel() {
    const ids = panels();
    const fixed = new URLSearchParams(location.search).get("panel");
    const id = ids.includes(fixed) ? fixed : ids[panel % ids.length];
    at("map").style.visibility = id === "map" ? "visible" : "hidden";
    at("table").hidden = id === "map";
    if (id !== "map") {
      const shown = told.panels.find((one) => one.id === id);
      at("title").textContent = shown.title;
      at("rows").replaceChildren(...shown.rows.map((cells) => {
        const row = document.createElement("tr");
        row.append(...cells.map((cell) => element("td", cell)));
        return row;
      }));
    }
    at("dots").replaceChildren(...ids.map((one) => {
      const dot = document.createElement("i");
      if (one === id) dot.className = "now";
      return dot;
    }));
  }

  function drawAge() {
    if (!told) return;
    const seconds = (Date.now() - lastEvent) / 1000;
    at("age").textContent = told.made_at + " · " + words.last.replace("{age}", age(seconds));
    const text = lost
      ? words.lost.replace("{time}", new Date(heard).toTimeString().slice(0, 5))
      : seconds > STALE_S ? words.stale.replace("{age}", age(seconds)) : "";
    at("banner").textContent = text;
    at("banner").hidden = !text;
  }

  async function ask() {
    try {
      const answer = await fetch("values.json", { cache: "no-store", signal: AbortSignal.timeout(GIVE_UP_MS) });
      if (!answer.ok) throw new Error(answer.status);
      const before = told && told.seq;
      told = await answer.json();
      if (version && told.version !== version) { location.reload(); return; }
      version = told.version;
      heard = Date.now();
      // The wall's own clock may be wrong by hours: ages go by the server's.
      const server = Date.parse(answer.headers.get("date")) || heard;
      lastEvent = heard - (server - Date.parse(told.last_event_at));
      lost = false;
      at("name").textContent = told.name;
      document.title = told.name;
      at("notice").textContent = told.notice;
      at("notice").hidden = !told.notice;
      drawFigures();
      if (before !== told.seq) drawPanel();
    } catch (error) {
      lost = true;
    }
    drawAge();
    setTimeout(ask, ASK_EVERY_MS);
  }

  function tidyMap(frame) {
    try {
      frame.contentDocument.documentElement.classList.add("q-wall");
    } catch (error) {
      console.warn("the map cannot be tidied", error);
    }
  }

  const frame = document.querySelector("iframe");
  frame.addEventListener("load", () => tidyMap(frame));
  tidyMap(frame);
  setInterval(() => { if (told) { panel += 1; drawPanel(); } }, TURN_EVERY_MS);
  setInterval(drawAge, 1000);
  ask();
})();
