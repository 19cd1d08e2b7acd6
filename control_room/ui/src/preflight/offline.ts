/** Lets this page open without a network: the browser keeps its files, never an answer of the room (public/sw.js). */
export function workOffline(): void {
  if (!('serviceWorker' in navigator)) return;
  void navigator.serviceWorker
    .register('/sw.js')
    .then(() => navigator.serviceWorker.ready)
    .then((registration) => {
      const files = performance
        .getEntriesByType('resource')
        .map((entry) => new URL(entry.name))
        .filter((url) => url.origin === location.origin && !url.pathname.startsWith('/api/'))
        .map((url) => url.pathname);
      registration.active?.postMessage({ keep: ['/', ...new Set(files)] });
    })
    .catch(() => undefined);
}
