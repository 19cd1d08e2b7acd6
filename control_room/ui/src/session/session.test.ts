import { describe, expect, it } from 'vitest';

import { appWith } from '../../tests/room';
import { localAddress, parse } from '../router.svelte';

const MARTA = { csrf_token: 'csrf', user: 'marta', role: 'operator', language: 'es' };

describe('the session', () => {
  it('begins with a password, and its token goes with every later change', async () => {
    const { app, sent } = appWith(({ method }) => (method === 'DELETE' ? { status: 204 } : { body: MARTA }));
    await app.session.login('marta', 'secret');
    expect([app.session.state, app.session.person?.role, app.session.seesAlerts]).toEqual([
      'signed_in',
      'operator',
      true,
    ]);
    await app.session.logout();
    expect(sent.map((one) => [one.method, one.csrf])).toEqual([
      ['POST', ''],
      ['DELETE', 'csrf'],
    ]);
    expect([app.session.state, app.session.expired]).toEqual(['signed_out', false]);
  });

  it('is asked for at the start, and an unreachable room is no reason to sign out', async () => {
    const { app } = appWith(() => ({ status: 503, body: { title: 'away' } }));
    await app.session.load();
    expect([app.session.state, app.session.problem?.status]).toEqual(['unknown', 503]);
  });

  it('that the room no longer knows ends on the next answer, and says that it expired', async () => {
    let isKnown = true;
    const { app } = appWith(() => (isKnown ? { body: MARTA } : { status: 401, body: { title: 'Unauthorized' } }));
    await app.session.load();
    isKnown = false;
    await app.api.town();
    expect([app.session.state, app.session.expired]).toEqual(['signed_out', true]);
  });

  it('of a pilot sees no alerts', async () => {
    const { app } = appWith(() => ({ body: { ...MARTA, role: 'pilot' } }));
    await app.session.load();
    expect([app.session.seesAlerts, app.session.isAdministrator]).toEqual([false, false]);
  });
});

describe('addresses', () => {
  it.each([
    ['/', { name: 'feed' }],
    ['/alerts/019a', { name: 'alert', id: '019a' }],
    ['/dead-letters', { name: 'dead_letters' }],
    ['/nowhere', { name: 'unknown' }],
  ])('%s', (path, route) => {
    expect(parse(path)).toEqual(route);
  });

  it.each([
    ['/map?x=1', '/map?x=1'],
    ['//evil.example', '/'],
    ['https://evil.example', '/'],
    ['/login?next=/', '/'],
    [null, '/'],
  ])('after signing in, %s leads to %s', (wanted, address) => {
    expect(localAddress(wanted)).toBe(address);
  });
});
