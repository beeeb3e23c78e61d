// Keeps the page of one convoy on the phone and sends what waits, also while the page is closed.
"use strict";
importScripts("queue.js");

const SHELF = "qafila-field {{VERSION}} " + self.registration.scope;
const FILES = ["./", "field.css", "queue.js", "forms.js", "field.js", "values.json",
  "manifest.webmanifest", "icon.png"];

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(SHELF).then((shelf) => shelf.addAll(FILES)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) {
      // Other convoys of this phone keep theirs.
      if (name !== SHELF && name.endsWith(" " + self.registration.scope)) await caches.delete(name);
    }
    await self.clients.claim();
  })());
});

self.addEventListener("fetch", (event) => {
  const address = new URL(event.request.url);
  if (event.request.method !== "GET" || !address.href.startsWith(self.registration.scope)) return;
  event.respondWith(answer(event.request, address));
});

// What lies here at once; with a network it is brought up to date for the next time.
async function answer(request, address) {
  const shelf = await caches.open(SHELF);
  const held = await shelf.match(address.origin + address.pathname);
  const fresh = fetch(request).then((found) => {
    if (found.ok) shelf.put(address.origin + address.pathname, found.clone());
    return found;
  });
  if (!held) return fresh;
  // The convoy's own data: the newest where the network gives it soon.
  if (address.pathname.endsWith("values.json")) {
    const late = new Promise((done) => setTimeout(() => done(held), 3000));
    return Promise.race([fresh.catch(() => held), late]);
  }
  fresh.catch(() => null);
  return held;
}

self.addEventListener("sync", (event) => {
  if (event.tag !== "send") return;
  event.waitUntil((async () => {
    const convoy = await Queue.kept("convoy " + self.registration.scope);
    if (!convoy) return;
    const done = await Queue.send(convoy, "reports");
    for (const page of await self.clients.matchAll()) page.postMessage("sent");
    // The browser asks again later, with pauses of its own.
    if (done.left && !done.ended) throw new Error("reports wait for a network");
  })());
});
