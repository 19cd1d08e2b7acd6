/** What can be watched, by one key: `camera/{device_id}/{camera_id}` or `source/{source_id}`. */

export type Target = { kind: 'camera'; device_id: string; camera_id: string } | { kind: 'source'; source_id: string };

export function keyOfTarget(target: Target): string {
  return target.kind === 'camera' ? `camera/${target.device_id}/${target.camera_id}` : `source/${target.source_id}`;
}

export function targetOf(key: string): Target | null {
  const [kind, first, second, ...rest] = key.split('/');
  if (rest.length > 0 || !first) return null;
  if (kind === 'camera' && second) return { kind, device_id: first, camera_id: second };
  return kind === 'source' && second === undefined ? { kind, source_id: first } : null;
}

/** The page of one live picture. */
export function pageOf(target: Target): string {
  const parts = keyOfTarget(target).split('/').map(encodeURIComponent);
  return `/live/${parts.join('/')}`;
}
