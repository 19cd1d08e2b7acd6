import { expect, it } from 'vitest';

import { alertOf, cameraOf, snapshotOf } from '../../tests/room';
import { Room } from './room.svelte';

function roomWith(): { room: Room; missing: string[][]; frames: (() => void)[] } {
  const missing: string[][] = [];
  const frames: (() => void)[] = [];
  const room = new Room({
    schedule: (flush) => frames.push(flush),
    onHeartbeat: () => undefined,
    onMissing: (ids) => missing.push(ids),
  });
  return { room, missing, frames };
}

it('takes a burst in one change of the page', () => {
  const { room, frames } = roomWith();
  room.receive('snapshot', snapshotOf([]));
  for (let n = 1; n <= 200; n++) room.receive('alert', alertOf(n));
  expect([frames.length, room.alerts.size]).toEqual([1, 0]);
  frames[0]?.();
  expect([room.loaded, room.alerts.size]).toEqual([true, 200]);
});

it('never goes back to an older version of an alert', () => {
  const { room } = roomWith();
  room.put(alertOf(1, { version: 3, state: 'closed', close_reason: 'confirmed' }));
  room.put(alertOf(1, { version: 2, state: 'acknowledged' }));
  expect(room.alerts.get('alert-1')?.state).toBe('closed');
  room.put(alertOf(1, { version: 3, state: 'closed', close_reason: 'confirmed', clip_url: '/clip' }));
  expect(room.alerts.get('alert-1')?.clip_url).toBe('/clip');
});

it('is after snapshot and events what a fresh snapshot says', () => {
  const [grown, fresh] = [roomWith(), roomWith()];
  grown.room.receive('snapshot', snapshotOf([alertOf(1)], [cameraOf('a')]));
  grown.room.receive('alert', alertOf(2));
  grown.room.receive('alert', alertOf(1, { version: 2, state: 'acknowledged' }));
  grown.room.receive('camera', cameraOf('a', { state: 'dark' }));
  grown.room.flush();
  const now = snapshotOf(
    [alertOf(1, { version: 2, state: 'acknowledged' }), alertOf(2)],
    [cameraOf('a', { state: 'dark' })],
  );
  fresh.room.receive('snapshot', now);
  fresh.room.flush();
  expect([...grown.room.alerts]).toEqual([...fresh.room.alerts]);
  expect([...grown.room.cameras]).toEqual([...fresh.room.cameras]);
});

it('asks after alerts that were closed while it was away, and forgets cameras that are gone', () => {
  const { room, missing } = roomWith();
  room.receive('snapshot', snapshotOf([alertOf(1), alertOf(2)], [cameraOf('a'), cameraOf('b')]));
  room.flush();
  room.receive('snapshot', snapshotOf([alertOf(2)], [cameraOf('b')]));
  room.flush();
  expect(missing).toEqual([['alert-1']]);
  expect([...room.cameras.keys()]).toEqual(['caixa-1/b']);
});

it('tells cameras of one name on two devices apart', () => {
  const { room } = roomWith();
  room.receive('snapshot', snapshotOf([], [cameraOf('a'), cameraOf('a', { device_id: 'caixa-2' })]));
  room.flush();
  expect(room.cameras.size).toBe(2);
});
