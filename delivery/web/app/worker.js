// Lets the app open without a network: its own files, as they were when it last had one. What is read is kept by the feed itself,
// and no answer of the API passes here.
const shelf = "fil-app-BUILD";
const files = ["/app/", "/app/manifest.webmanifest", "/assets/fil-feed.js", "/assets/app.js", "/assets/app.css", "/assets/icon.svg"];

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(shelf).then((cache) => cache.addAll(files)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const old = async () => {
    for (const name of await caches.keys()) if (name.startsWith("fil-app-") && name !== shelf) await caches.delete(name);
    await self.clients.claim();
  };
  event.waitUntil(old());
});

self.addEventListener("fetch", (event) => {
  const { pathname, origin } = new URL(event.request.url);
  if (event.request.method !== "GET" || origin !== self.location.origin || !files.includes(pathname)) return;
  const answer = async () => {
    try {
      const fresh = await fetch(event.request);
      if (fresh.ok) await (await caches.open(shelf)).put(event.request, fresh.clone());
      return fresh;
    } catch (error) {
      const kept = await caches.match(event.request, { ignoreVary: true });
      if (kept) return kept;
      throw error;
    }
  };
  event.respondWith(answer());
});
