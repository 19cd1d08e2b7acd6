import { beforeEach, describe, expect, it } from 'vitest';

import { alertOf, appWith, detailOf, type Sent } from '../../tests/room';
import type { App } from '../app.svelte';
import type { Alert } from '../api/types';

const alert = alertOf(1);
let app: App;
let sent: Sent[];
let answer: (one: Sent) => { status?: number; body?: unknown } | undefined;

beforeEach(() => {
  const made = appWith((one) => answer(one));
  app = made.app;
  sent = made.sent;
  app.room.put(alert);
});

const answerWith = (changed: Partial<Alert>): void => {
  answer = () => ({ body: detailOf({ ...alert, version: 2, ...changed }) });
};

describe('an act', () => {
  it('is sent with the version that was seen, and its answer is on the screen', async () => {
    answerWith({ state: 'closed', close_reason: 'false_alarm' });
    expect(await app.actions.close(alert, 'false_alarm')).toBe(true);
    expect(sent).toEqual([
      { method: 'POST', path: '/api/v1/alerts/alert-1/close', body: { version: 1, reason: 'false_alarm' }, csrf: '' },
    ]);
    expect(app.room.alerts.get('alert-1')?.state).toBe('closed');
    expect(app.toasts.current?.text).toBe('Tancada: Falsa alarma');
  });

  it('carries the note that was typed, which is then no longer a draft', async () => {
    answerWith({ state: 'acknowledged' });
    app.actions.drafts.set('alert-1', '  Hi vaig. ');
    await app.actions.acknowledge(alert);
    expect(sent[0]?.body).toEqual({ version: 1, note: 'Hi vaig.' });
    expect(app.actions.drafts.has('alert-1')).toBe(false);
  });

  it('is undone by reopening with a reason', async () => {
    answerWith({ state: 'closed', close_reason: 'test' });
    await app.actions.close(alert, 'test');
    answerWith({ state: 'new', version: 3 });
    expect(await app.actions.undo()).toBe(true);
    expect(sent[1]).toMatchObject({
      path: '/api/v1/alerts/alert-1/reopen',
      body: { version: 2, reason: 'Tancada per error' },
    });
    expect(await app.actions.undo()).toBe(false);
  });

  it('that makes no sense is not sent', async () => {
    const closed = alertOf(1, { state: 'closed', close_reason: 'test' });
    expect(await app.actions.close(closed, 'confirmed')).toBe(false);
    expect(await app.actions.acknowledge(alertOf(1, { state: 'acknowledged' }))).toBe(false);
    expect(await app.actions.note(alert)).toBe(false);
    expect(sent).toEqual([]);
  });
});

describe('an act that came too late', () => {
  const present = alertOf(1, { version: 4, state: 'closed', close_reason: 'duplicate' });
  const last = { at: '2026-03-14T01:59:00Z', actor: 'jordi', action: 'closed', reason: 'duplicate', note: null };

  beforeEach(() => {
    answer = ({ method }) =>
      method === 'POST'
        ? { status: 409, body: { title: 'Conflict', status: 409, detail: '', alert: present } }
        : { body: detailOf(present, { history: [last] }) };
  });

  it('tells who was quicker and how it is now, and loses nothing typed', async () => {
    app.actions.drafts.set('alert-1', 'Tres bosses');
    expect(await app.actions.close(alert, 'confirmed')).toBe(false);
    await expect.poll(() => app.actions.conflicts.get('alert-1')?.last).toEqual(last);
    expect(app.room.alerts.get('alert-1')?.close_reason).toBe('duplicate');
    expect(app.actions.drafts.get('alert-1')).toBe('Tres bosses');
    app.actions.yieldTo('alert-1');
    expect(app.actions.conflicts.size).toBe(0);
  });

  it('can be insisted on, with the version of now', async () => {
    await app.actions.close(alert, 'confirmed');
    answerWith({ state: 'closed', close_reason: 'confirmed', version: 5 });
    expect(await app.actions.insist('alert-1')).toBe(true);
    expect(sent.at(-1)?.body).toEqual({ version: 4, reason: 'confirmed' });
  });
});

describe('an act that fails', () => {
  it('without a connection keeps what was typed', async () => {
    answer = () => {
      throw new TypeError('Failed to fetch');
    };
    app.actions.drafts.set('alert-1', 'text');
    expect(await app.actions.acknowledge(alert)).toBe(false);
    expect(app.toasts.current).toMatchObject({ kind: 'warning' });
    expect(app.toasts.current?.text).toContain('no hi ha connexió');
    expect(app.actions.drafts.get('alert-1')).toBe('text');
    expect(app.actions.isBusy('alert-1')).toBe(false);
  });

  it('for want of a right, or of a database, says so', async () => {
    answer = () => ({ status: 403, body: { title: 'Forbidden', detail: '' } });
    await app.actions.acknowledge(alert);
    expect(app.toasts.current?.text).toBe('El vostre rol no permet aquesta acció.');
    answer = () => ({ status: 503, body: { title: 'Unavailable', detail: 'the database cannot be reached' } });
    await app.actions.acknowledge(alert);
    expect(app.toasts.current?.text).toBe("No s'ha desat. La sala no pot respondre ara mateix: torneu-hi de seguida.");
  });
});
