/** Lets this page open without a network: the browser keeps its files, never an answer of the room (public/sw.js). */
export function workOffline(): void {
  if (!('serviceWorker' in navigator)) return;
  void navigator.serviceWorker
    .register('/sw.js')
    .then(() => navigator.serviceWorker.ready)
    .then((registration) => {
      const keep = (paths: string[]): void => registration.active?.postMessage({ keep: paths });
      keep(['/']);
      // Files that were loaded before, and those that come later, such as the map's.
      const observer = new PerformanceObserver((loaded) => {
        keep(loaded.getEntries().flatMap((entry) => ownFile(entry.name)));
      });
      observer.observe({ type: 'resource', buffered: true });
    })
    .catch(() => undefined);
}

function ownFile(address: string): string[] {
  const url = new URL(address);
  return url.origin === location.origin && !url.pathname.startsWith('/api/') ? [url.pathname] : [];
}
