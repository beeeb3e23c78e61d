// The page of one convoy's leader: its stops, what to report at each, and what waits to be sent.
"use strict";

(() => {
  const { make, say } = Forms;
  const root = document.getElementById("app");
  const scope = new URL("./", location.href).href;
  const address = new URL("reports", scope).href;
  const CODE = { arrived: "ARR", delivered: "OK", refused: "REF", blocked: "BLK", sos: "SOS" };
  let values = null, language = document.body.dataset.language, open = null;
  let ended = false, keeps = true, offline = false, pause_s = 5, timer = null, follows = null;

  const nameOf = (names) => names[language] || names.en || Object.values(names)[0] || "?";

  function clock(text, withDay) {
    const moment = new Date(text);
    if (Number.isNaN(moment.getTime())) return "?";
    const form = { hour: "2-digit", minute: "2-digit", hour12: false, timeZone: values.timezone };
    if (withDay) { form.day = "2-digit"; form.month = "2-digit"; }
    const tongue = { ar: "ar-MA", zgh: "fr", fr: "fr", en: "en-GB" }[language];
    try { return new Intl.DateTimeFormat(tongue, form).format(moment); } catch (_) { return text.slice(0, 16); }
  }

  const button = (text, act, traits) => make("button", { type: "button", onclick: act, ...traits }, text);
  const figures = (text) => make("bdi", { dir: "ltr" }, text);

  async function add(body) {
    await Queue.put({ id: Queue.newId(), convoy: values.convoy_id, made_at: new Date().toISOString(), state: "waiting", body });
    open = null;
    await draw();
    const registration = navigator.serviceWorker && await navigator.serviceWorker.getRegistration().catch(() => null);
    if (registration && registration.sync) registration.sync.register("send").catch(() => null);
    await send();
  }

  async function send() {
    clearTimeout(timer);
    if (!values || ended) return;
    const done = await Queue.send(values.convoy_id, address).catch(() => ({ sent: 0, left: 1 }));
    ended = Boolean(done.ended);
    offline = Boolean(done.left) && !ended && !done.wait_s;
    pause_s = done.sent || !done.left ? 5 : Math.min(pause_s * 2, 300);
    if (done.left && !ended) timer = setTimeout(send, 1000 * Math.max(done.wait_s || 0, pause_s * (.7 + .6 * Math.random())));
    await draw();
  }

  function show(key, parts) {
    open = { key, parts };
    draw().then(() => root.querySelector("form").scrollIntoView({ block: "start" }));
  }

  const formHere = (key, title) => open && open.key === key
    ? Forms.form(title, open.parts, add, () => { open = null; draw(); }) : null;

  function stopCard(stop) {
    const about = { goods: stop.goods, number: stop.number };
    return make("section", { class: "card" },
      make("h3", {}, `${stop.number}. `, make("bdi", {}, nameOf(stop.place))),
      make("p", {}, `${say("arrives")} `, figures(clock(stop.arrives_at, true))),
      make("ul", {}, stop.goods.map((one) => make("li", {}, figures(String(one.quantity)), ` ${one.unit} `, make("bdi", {}, nameOf(one.names))))),
      make("div", { class: "buttons" },
        button(say("arrived"), () => add({ kind: "arrived", stop: stop.number })),
        button(say("delivered"), () => show(`d${stop.number}`, Forms.delivered(about, nameOf)), { class: "main" }),
        button(say("refused"), () => show(`r${stop.number}`, Forms.refused(about, nameOf)))),
      formHere(`d${stop.number}`, say("delivered")), formHere(`r${stop.number}`, say("refused")));
  }

  async function here() {
    const position = await Forms.locate();
    if (position) await add({ kind: "position", position });
    else window.alert(say("not_found"));
  }

  function follow(event) {
    clearInterval(follows);
    follows = null;
    if (!event.target.checked) return;
    const tell = async () => {
      const position = await Forms.locate();
      if (position) await add({ kind: "position", position });
    };
    follows = setInterval(tell, 600000);
    tell();
  }

  function wayCard() {
    const box = make("input", { type: "checkbox", checked: follows !== null, onchange: follow });
    return make("section", { class: "card" },
      make("div", { class: "buttons" },
        button(say("blocked"), () => show("blocked", Forms.blocked())),
        button(say("position"), here),
        button(say("incident"), () => show("incident", Forms.happened("incident"))),
        button(say("sos"), () => show("sos", Forms.happened("sos")), { class: "sos" })),
      make("label", { class: "tick" }, box, make("span", {}, say("follow"))),
      formHere("blocked", say("blocked")), formHere("incident", say("incident")), formHere("sos", say("sos")));
  }

  // The same as a text message, for whoever has a signal but no data.
  function asText({ kind, stop, goods, km, classes, note }) {
    if (!CODE[kind] || (kind === "blocked" && !km)) return "";
    if (kind === "refused") return goods.map((one) => `REF ${stop} ${one.item}`).join(" / ");
    const parts = [CODE[kind], stop, km, ...(goods || []).flatMap((one) => [one.quantity, one.item])];
    if (kind === "blocked") parts.push(...(classes || []));
    if (kind === "sos") parts.push(note);
    return parts.filter((one) => one !== undefined && one !== "").join(" ");
  }

  function summary(body) {
    const stop = values.stops.find((one) => one.number === body.stop);
    const goods = (body.goods || []).map((one) => {
      const known = stop && stop.goods.find((other) => other.item === one.item);
      return `${one.quantity || ""} ${known ? nameOf(known.names) : one.item}`.trim();
    });
    return [say(body.kind).replace(" …", ""), stop ? `${stop.number}. ${nameOf(stop.place)}` : "", goods.join(", "),
      body.km ? `km ${body.km}` : "", body.note || ""].filter(Boolean).join(" · ");
  }

  function reportLine(one) {
    const text = one.state === "sent" ? "" : asText(one.body);
    return make("li", {},
      make("div", {}, figures(clock(one.made_at, true)), " ", make("bdi", {}, summary(one.body))),
      make("div", {}, make("span", { class: `state ${one.state}` }, say(`state_${one.state}`)),
        one.why ? [": ", make("bdi", {}, one.why)] : null),
      text ? make("div", { class: "small" }, `${say("by_text")}: `, make("b", { dir: "ltr" }, text)) : null,
      one.state === "sent" ? null : button(say(one.state === "waiting" ? "take_back" : "forget"),
        async () => { await Queue.drop(one.id); await draw(); }, { class: "plain" }));
  }

  function languages() {
    const chosen = make("select", { class: "language", "aria-label": say("language"), onchange: (event) => {
      language = event.target.value;
      Queue.keep("language", language).catch(() => null);
      open = null;
      draw();
    } }, Object.entries(values.words).map(([key, words]) => make("option", { value: key, selected: key === language, lang: key }, words.own_name)));
    return chosen;
  }

  let drawing = 0;
  async function draw() {
    if (!values) return;
    const turn = drawing += 1;
    const [reports, heard] = await Promise.all([Queue.all(values.convoy_id), Queue.kept(`heard ${values.convoy_id}`).catch(() => null)]);
    if (turn !== drawing) return;
    const words = values.words[language] || values.words.en;
    Forms.speak(words);
    document.documentElement.lang = language;
    document.documentElement.dir = words.direction;
    const title = `${say("title")} ${values.convoy_id.replace("convoy:", "")}`;
    document.title = title;
    const waiting = reports.filter((one) => one.state === "waiting").length;
    const typed = root.querySelector("form");
    const parts = [
      make("div", { class: `status${waiting ? " off" : ""}`, role: "status" },
        waiting ? `${say("waiting")}: ${waiting}. ${offline ? say("offline") : ""}` : reports.length ? say("all_sent") : say("none_yet"),
        heard ? make("div", { class: "small" }, `${say("last_sent")}: `, figures(clock(heard, true))) : null),
      make("header", {},
        make("div", { class: "row" }, make("h1", {}, make("bdi", {}, title)), languages()),
        values.notice ? make("p", { class: "notice", role: "note" }, make("bdi", {}, values.notice)) : null,
        ended ? make("p", { class: "wrong", role: "alert" }, say("ended")) : null,
        values.replaced ? make("p", { class: "notice", role: "note" }, say("replaced")) : null,
        make("p", {}, make("bdi", {}, values.vehicle), " · ", make("bdi", {}, nameOf(values.depot)), ` · ${say("departs")} `, figures(clock(values.departs_at, true))),
        make("p", { class: "small" }, `${say("valid_until")} `, figures(clock(values.expires_at, true)), " · ", figures(values.plan_id.replace("plan:", ""))),
        keeps ? null : make("p", { class: "notice" }, say("no_storage")),
        make("p", { class: "small" }, say(window.isSecureContext && "serviceWorker" in navigator ? "kept" : "not_kept"))),
      make("main", {},
        make("h2", {}, say("stops")), values.stops.map(stopCard),
        make("h2", {}, say("on_the_way")), wayCard(),
        make("h2", {}, say("your_reports")),
        reports.length ? make("ol", { class: "reports" }, reports.map(reportLine)) : make("p", {}, say("none_yet"))),
    ];
    // A form that is being filled in stays as it is while other things change.
    const fresh = make("div", {}, parts).querySelector("form");
    root.replaceChildren(...parts);
    if (typed && fresh && open && open.drawn === typed) { fresh.replaceWith(typed); } else if (open) { open.drawn = fresh; }
  }

  async function load() {
    const kept = await Queue.kept(`values ${scope}`).catch(() => null);
    try {
      const answer = await fetch("values.json", { cache: "no-cache" });
      if ([401, 403, 404, 410].includes(answer.status)) ended = true;
      if (!answer.ok) throw new Error("no values");
      values = await answer.json();
      await Queue.keep(`values ${scope}`, values).catch(() => null);
      await Queue.keep(`convoy ${scope}`, values.convoy_id).catch(() => null);
    } catch (_) { values = values || kept || null; }
    if (!values) { root.firstElementChild.textContent = document.body.dataset.nothing || root.firstElementChild.textContent; return; }
    keeps = await Queue.lasting();
    const chosen = await Queue.kept("language").catch(() => null);
    if (values.words[chosen]) language = chosen;
    await draw();
    await send();
  }

  window.addEventListener("online", send);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) send(); });
  if ("serviceWorker" in navigator && window.isSecureContext) {
    navigator.serviceWorker.register("sw.js", { scope: "./" }).catch(() => null);
    navigator.serviceWorker.addEventListener("message", () => draw());
  }
  if (navigator.storage && navigator.storage.persist) navigator.storage.persist().catch(() => null);
  load();
})();
