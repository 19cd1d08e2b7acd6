/* Keeps the files of the screens, so that the page before take-off opens without a network. Answers of the room, under
   /api/, are never kept here. */
const FILES = 'talaia-files-1';

self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));

self.addEventListener('message', (event) => {
  const wanted = Array.isArray(event.data?.keep) ? event.data.keep : [];
  event.waitUntil(caches.open(FILES).then((kept) => Promise.all(wanted.map((path) => keepOnce(kept, path)))));
});

async function keepOnce(kept, path) {
  if (path === '/' || !(await kept.match(path))) await kept.add(path).catch(() => undefined);
}

async function freshOrKept(request, key) {
  const kept = await caches.open(FILES);
  try {
    const answer = await fetch(request);
    if (answer.ok) await kept.put(key, answer.clone());
    return answer;
  } catch (error) {
    const found = await kept.match(key);
    if (found) return found;
    throw error;
  }
}

async function keptOrFresh(request) {
  const kept = await caches.open(FILES);
  const found = await kept.match(request);
  if (found) return found;
  const answer = await fetch(request);
  if (answer.ok) await kept.put(request, answer.clone());
  return answer;
}

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== self.location.origin || url.pathname.startsWith('/api/')) return;
  // Every address of the application is the same first page; files under assets/ never change under their name.
  if (request.mode === 'navigate') event.respondWith(freshOrKept(request, '/'));
  else if (url.pathname.startsWith('/assets/')) event.respondWith(keptOrFresh(request));
});
