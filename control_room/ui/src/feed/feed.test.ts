import { describe, expect, it } from 'vitest';

import { alertOf, appWith, snapshotOf } from '../../tests/room';
import type { App } from '../app.svelte';
import { addressOf, compare, filterOf } from './queue';

const QUEUE = { view: 'queue', rule: '', camera: '' } as const;
const ids = (app: App): string[] => app.feed.rows.map((alert) => alert.alert_id);

async function feedWith(...alerts: ReturnType<typeof alertOf>[]): Promise<App> {
  const { app } = appWith(() => undefined);
  app.room.receive('snapshot', snapshotOf(alerts));
  await app.feed.show(QUEUE);
  return app;
}

describe('the order of work', () => {
  it('puts first what nobody has taken, then the gravest, then the newest', () => {
    const alerts = [
      alertOf(1, { state: 'acknowledged', severity: 'critical' }),
      alertOf(2, { severity: 'low' }),
      alertOf(3, { severity: 'high' }),
      alertOf(4, { severity: 'high', opened_at: '2026-03-14T01:59:59Z' }),
    ];
    expect(alerts.sort(compare).map((alert) => alert.alert_id)).toEqual(['alert-4', 'alert-3', 'alert-2', 'alert-1']);
  });
});

describe('the list', () => {
  it('keeps new alerts behind the button, so that nothing moves', async () => {
    const app = await feedWith(alertOf(5), alertOf(6));
    for (const n of [1, 2, 3]) app.room.receive('alert', alertOf(n, { severity: n === 2 ? 'critical' : 'low' }));
    expect([ids(app), app.feed.waiting]).toEqual([['alert-5', 'alert-6'], 3]);
    expect([app.feed.waitingGrave, app.feed.newestWaitingId]).toEqual([true, 'alert-1']);
    app.feed.refresh();
    expect([ids(app)[0], app.feed.rows.length, app.feed.waiting]).toEqual(['alert-2', 5, 0]);
  });

  it('keeps what leaves in its row until it is tidied', async () => {
    const app = await feedWith(alertOf(1), alertOf(2), alertOf(3));
    app.feed.selectedId = 'alert-2';
    app.room.put(alertOf(2, { version: 2, state: 'closed', close_reason: 'test' }));
    expect([ids(app), app.feed.gone, app.feed.total]).toEqual([['alert-1', 'alert-2', 'alert-3'], 1, 2]);
    app.feed.refresh();
    expect([ids(app), app.feed.selectedId]).toEqual([['alert-1', 'alert-3'], 'alert-3']);
  });

  it('fills an empty list without a button: there is nothing to move', async () => {
    const app = await feedWith();
    app.room.receive('alert', alertOf(1));
    app.feed.fillIfEmpty();
    expect(ids(app)).toEqual(['alert-1']);
  });

  it('moves the selection within the rows', async () => {
    const app = await feedWith(alertOf(1), alertOf(2));
    const walked = [1, 1, 1, -1, -1].map((step) => app.feed.move(step)?.alert_id);
    expect(walked).toEqual(['alert-1', 'alert-2', 'alert-2', 'alert-1', 'alert-1']);
    expect(app.feed.neighbour('alert-1', 1)?.alert_id).toBe('alert-2');
    expect(app.feed.neighbour('alert-2', 1)).toBeNull();
  });

  it('shows 50 rows and more on demand', async () => {
    const app = await feedWith(...Array.from({ length: 70 }, (_, n) => alertOf(n + 1)));
    expect([app.feed.rows.length, app.feed.hasMore]).toEqual([50, true]);
    await app.feed.more();
    expect([app.feed.rows.length, app.feed.hasMore]).toEqual([70, false]);
  });

  it('lists only what the filter says', async () => {
    const app = await feedWith(
      alertOf(1),
      alertOf(2, { rule: 'intrusion' }),
      alertOf(3, { device_id: 'caixa-2' }),
      alertOf(4, { state: 'shelved' }),
    );
    expect(ids(app)).toEqual(['alert-1', 'alert-2', 'alert-3']);
    await app.feed.show({ ...QUEUE, rule: 'intrusion' });
    expect(ids(app)).toEqual(['alert-2']);
    await app.feed.show({ ...QUEUE, camera: 'caixa-1/placa' });
    expect(ids(app)).toEqual(['alert-1', 'alert-2']);
    await app.feed.show({ ...QUEUE, view: 'shelved' });
    expect(ids(app)).toEqual(['alert-4']);
  });
});

describe('closed alerts', () => {
  it('come from the server by pages, with the filter', async () => {
    const closed = (n: number) => alertOf(n, { state: 'closed', close_reason: 'test' });
    const { app, sent } = appWith(({ path }) =>
      path.includes('cursor=next')
        ? { body: { items: [closed(2)], next_cursor: null } }
        : { body: { items: [closed(1)], next_cursor: 'next' } },
    );
    await app.feed.show({ view: 'closed', rule: 'intrusion', camera: 'caixa-1/placa' });
    expect([ids(app), app.feed.hasMore]).toEqual([['alert-1'], true]);
    await app.feed.more();
    expect([ids(app), app.feed.hasMore]).toEqual([['alert-1', 'alert-2'], false]);
    expect(sent[0]?.path).toBe('/api/v1/alerts?state=closed&limit=50&rule=intrusion&device_id=caixa-1&camera_id=placa');
  });

  it('say what went wrong', async () => {
    const { app } = appWith(() => ({ status: 503, body: { title: 'Unavailable', detail: 'no database' } }));
    await app.feed.show({ view: 'closed', rule: '', camera: '' });
    expect([app.feed.problem?.status, app.feed.problem?.detail, app.feed.loading]).toEqual([503, 'no database', false]);
  });
});

it('keeps its filter in the address', () => {
  const filter = { view: 'shelved', rule: 'loitering', camera: 'a/b' } as const;
  expect(filterOf(new URL(addressOf(filter), 'http://room').searchParams)).toEqual(filter);
  expect(addressOf(QUEUE)).toBe('/');
  expect(filterOf(new URLSearchParams('state=nonsense'))).toEqual(QUEUE);
});
