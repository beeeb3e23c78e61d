// The durable queue of a convoy's reports: kept in IndexedDB, sent when there is a network, in any
// order. Each report has an id of its own by which the server records it once. The page and its
// service worker share this file.
"use strict";

const Queue = (() => {
  const MOST_AT_ONCE = 10, MOST_BYTES = 330000, KEEP_SENT = 40;
  let opened = null;
  let memory = null; // Where the browser keeps nothing, the page's own memory has to do.

  function open() {
    if (opened) return opened;
    opened = new Promise((done) => {
      let ask;
      try { ask = indexedDB.open("qafila-field", 1); } catch (_) { memory = new Map(); done(null); return; }
      ask.onupgradeneeded = () => {
        ask.result.createObjectStore("reports", { keyPath: "id" });
        ask.result.createObjectStore("kept");
      };
      ask.onsuccess = () => done(ask.result);
      ask.onerror = () => { memory = new Map(); done(null); };
    });
    return opened;
  }

  async function within(store, mode, work) {
    const base = await open();
    if (!base) return null;
    return new Promise((done, fail) => {
      const change = base.transaction(store, mode, { durability: "strict" });
      const asked = work(change.objectStore(store));
      // Only what is committed is kept: a click is answered after this, not before.
      change.oncomplete = () => done(asked ? asked.result : undefined);
      change.onerror = change.onabort = () => fail(change.error);
    });
  }

  async function all(convoy) {
    const rows = memory ? [...memory.values()] : await within("reports", "readonly", (s) => s.getAll());
    return (rows || [...(memory || new Map()).values()])
      .filter((one) => one.convoy === convoy)
      .sort((a, b) => (a.made_at < b.made_at ? 1 : -1));
  }

  async function put(report) {
    await open();
    if (memory) memory.set(report.id, report);
    else await within("reports", "readwrite", (s) => s.put(report));
  }

  async function drop(id) {
    await open();
    if (memory) memory.delete(id);
    else await within("reports", "readwrite", (s) => s.delete(id));
  }

  const keep = (name, value) => within("kept", "readwrite", (s) => s.put(value, name));
  const kept = (name) => within("kept", "readonly", (s) => s.get(name));
  const lasting = async () => { await open(); return !memory; };

  function newId() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return [...bytes].map((one) => one.toString(16).padStart(2, "0")).join("");
  }

  function parcel(waiting) {
    const chosen = [];
    let size = 0;
    for (const one of waiting.slice().reverse()) {
      const length = JSON.stringify(one.body).length;
      if (chosen.length && (chosen.length >= MOST_AT_ONCE || size + length > MOST_BYTES)) break;
      chosen.push(one);
      size += length;
    }
    return chosen;
  }

  let sending = null;
  // Gives {sent, left, wait_s, ended}; one at a time, however often it is asked.
  function send(convoy, address) {
    if (!sending) sending = deliver(convoy, address).finally(() => { sending = null; });
    return sending;
  }

  async function deliver(convoy, address) {
    let sent = 0;
    for (;;) {
      const waiting = (await all(convoy)).filter((one) => one.state === "waiting");
      if (!waiting.length) { await tidy(convoy); return { sent, left: 0 }; }
      const chosen = parcel(waiting);
      const body = {
        sent_at: new Date().toISOString(),
        reports: chosen.map((one) => ({ id: one.id, made_at: one.made_at, ...one.body })),
      };
      let answer;
      try {
        answer = await fetch(address, {
          method: "POST", body: JSON.stringify(body), cache: "no-store",
          headers: { "Content-Type": "application/json" }, signal: timeout(40000),
        });
      } catch (_) { return { sent, left: waiting.length, wait_s: 0 }; }
      if ([401, 403, 404, 410].includes(answer.status)) return { sent, left: waiting.length, ended: true };
      if ([400, 413, 422].includes(answer.status)) {
        // The whole parcel is not understood: its reports go one by one, then the bad one is known.
        if (chosen.length === 1) {
          const why = await problem(answer);
          await put({ ...chosen[0], state: "refused", why });
          continue;
        }
        let settled = 0;
        for (const one of chosen) settled += await single(one, address);
        if (!settled) return { sent, left: waiting.length, wait_s: 5 };
        continue;
      }
      if (!answer.ok) {
        return { sent, left: waiting.length, wait_s: Number(answer.headers.get("Retry-After")) || 5 };
      }
      let told;
      try { told = await answer.json(); } catch (_) { return { sent, left: waiting.length, wait_s: 0 }; }
      await keep(`heard ${convoy}`, new Date().toISOString());
      for (const one of told.answers) {
        const mine = chosen.find((report) => report.id === one.id);
        if (!mine) continue;
        await settle(mine, one);
        sent += 1;
      }
      if (!told.answers.length) return { sent, left: waiting.length, wait_s: 30 };
    }
  }

  async function single(one, address) {
    const body = { sent_at: new Date().toISOString(), reports: [{ id: one.id, made_at: one.made_at, ...one.body }] };
    const answer = await fetch(address, {
      method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" },
    }).catch(() => null);
    if (answer && [400, 413, 422].includes(answer.status)) {
      await put({ ...one, state: "refused", why: await problem(answer) });
      return 1;
    }
    if (!answer || !answer.ok) return 0;
    for (const told of (await answer.json()).answers) await settle(one, told);
    return 1;
  }

  function settle(report, told) {
    const { photo: _gone, ...body } = report.body;
    if (told.status === "refused") return put({ ...report, state: "refused", why: told.why });
    return put({ ...report, body, state: "sent", sent_at: new Date().toISOString() });
  }

  async function problem(answer) {
    try { const told = await answer.json(); return told.detail || told.title || ""; } catch (_) { return ""; }
  }

  async function tidy(convoy) {
    const done = (await all(convoy)).filter((one) => one.state === "sent");
    for (const one of done.slice(KEEP_SENT)) await drop(one.id);
  }

  function timeout(ms) {
    const stop = new AbortController();
    setTimeout(() => stop.abort(), ms);
    return stop.signal;
  }

  return { all, put, drop, keep, kept, lasting, newId, send };
})();
