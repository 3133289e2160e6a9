"use strict";
// The page starts without a signal, too: what it is made of is kept on the phone. Everything else goes to the server.

const STATIC = "/static/"; // the server puts the files' own mark behind it: what has changed has another address
const SHELF = STATIC;
const MODULES =
  "card chat composer dom finder form frame importer join leads line lock me menu message pending queue ring stream talk waking words";
const FOR_GOOD = ["chat.css", "icon.svg"]
  .concat(MODULES.split(" ").map((name) => `${name}.js`))
  .map((name) => STATIC + name);
const PARTS = ["/", "/c/", "/words/zh_Hans", "/words/en", "/words/zh_Hant"].concat(FOR_GOOD);

addEventListener("install", (event) => {
  event.waitUntil(
    caches
      .open(SHELF)
      .then((shelf) => shelf.addAll(PARTS))
      .then(() => skipWaiting()),
  );
});

addEventListener("activate", (event) => {
  const old = async () => {
    for (const name of await caches.keys()) if (name !== SHELF) await caches.delete(name);
    await clients.claim();
  };
  event.waitUntil(old());
});

addEventListener("fetch", (event) => {
  const path = new URL(event.request.url).pathname;
  const page = /^\/c\/[\w-]+\/$/.test(path) ? "/c/" : path;
  if (event.request.method === "GET" && PARTS.includes(page)) event.respondWith(freshest(event.request, page));
});

const PATIENCE = 4000;

// From the server where it answers soon, and kept for the next time; else what is on the shelf.
const freshest = async (request, page) => {
  const shelf = await caches.open(SHELF);
  const known = await shelf.match(page);
  if (known && FOR_GOOD.includes(page)) return known;
  const asked = fetch(request).then(async (answer) => {
    if (answer.ok) await shelf.put(page, answer.clone());
    return answer;
  });
  if (!known) return asked;
  const late = new Promise((done) => setTimeout(done, PATIENCE, known));
  return Promise.race([asked.catch(() => known), late]);
};

// Woken by the court: it says that something waits, and nothing about anybody.
addEventListener("push", (event) => {
  const { text } = event.data.json();
  const shown = {
    tag: "waits",
    renotify: true,
    requireInteraction: true,
    icon: `${STATIC}icon.svg`,
    vibrate: [300, 120, 300],
  };
  event.waitUntil(registration.showNotification(text, shown));
});

addEventListener("notificationclick", (event) => {
  event.notification.close();
  const open = async () => {
    const pages = await clients.matchAll({ type: "window" });
    const page = pages.find((one) => new URL(one.url).pathname.startsWith("/c/"));
    await (page ? page.focus() : clients.openWindow("/"));
  };
  event.waitUntil(open());
});
