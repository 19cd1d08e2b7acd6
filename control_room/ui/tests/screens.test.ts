/** The screens as a person meets them, over a room whose answers are here. */
import { fireEvent, render, screen, within } from '@testing-library/svelte';
import axe from 'axe-core';
import { beforeEach, describe, expect, it } from 'vitest';

import AppScreen from '../src/App.svelte';
import type { App } from '../src/app.svelte';
import type { Alert } from '../src/api/types';
import { alertOf, appWith, cameraOf, DEVICE, detailOf, NOW, snapshotOf, type Line, type Sent } from './room';
import { media } from './setup';
import { until } from './until';

let app: App;
let sent: Sent[];
let lines: Line[];
let alerts: Map<string, Alert>;
let role: string;
let isKnown: boolean;

const TOWN = { name: 'Vila', time_zone: 'Europe/Madrid', lat: 41.1, lon: 1.2, zoom: 15 };
const COUNTED = { device_id: 'caixa-1', camera_id: 'placa', rule: 'crowd', occurrences: 3 };
const SILENCED = {
  items: [
    { ...COUNTED, activity: 'mercat' },
    { ...COUNTED, activity: null },
  ],
};
const PAST: Record<string, Partial<Alert>> = {
  acknowledge: { state: 'acknowledged' },
  close: { state: 'closed', close_reason: 'confirmed' },
  reopen: { state: 'new', close_reason: null },
};

function act(one: Sent): { status?: number; body?: unknown } | undefined {
  const [, id, verb] = /^\/api\/v1\/alerts\/([^/?]+)(?:\/(\w+))?$/.exec(one.path) ?? [];
  const alert = id ? alerts.get(id) : undefined;
  if (!alert) return undefined;
  if (!verb) return { body: detailOf(alert) };
  const changed = { ...alert, ...PAST[verb], version: alert.version + 1 };
  alerts.set(alert.alert_id, changed);
  return { body: detailOf(changed) };
}

beforeEach(() => {
  alerts = new Map([alertOf(1), alertOf(2), alertOf(3)].map((alert) => [alert.alert_id, alert]));
  role = 'operator';
  isKnown = true;
  ({ app, sent, lines } = appWith((one) => {
    if (one.path === '/api/v1/session' && one.method === 'GET' && !isKnown) return { status: 401, body: {} };
    if (one.path.startsWith('/api/v1/session')) {
      const body = one.body as { token?: string; password?: string } | undefined;
      if (body?.password === 'wrong' || body?.token === 'used') return { status: 401, body: { title: 'no' } };
      return { body: { csrf_token: 'c', user: 'marta', role, language: 'ca' } };
    }
    if (one.path === '/api/v1/town') return { body: TOWN };
    if (one.path === '/api/v1/silenced') return { body: SILENCED };
    return act(one);
  }));
  Object.defineProperty(navigator, 'userActivation', { value: { hasBeenActive: false }, configurable: true });
});

async function show(cameras = [cameraOf('placa', { name: 'Plaça Major' })]): Promise<void> {
  render(AppScreen, { app });
  await until(() => expect(lines.length).toBe(1));
  lines[0]?.say('snapshot', snapshotOf([...alerts.values()], cameras), '1');
  await screen.findByTestId('feed');
}

const rows = (): string[] => screen.queryAllByTestId('alert-row').map((row) => row.dataset['alertId'] ?? '');
const acted = (): Sent | undefined => sent.findLast((one) => one.method === 'POST');
const press = (key: string): Promise<boolean> => fireEvent.keyDown(document.activeElement ?? document.body, { key });

async function violations(): Promise<string[]> {
  // jsdom draws nothing, so colours and sizes are looked at in the browser tests.
  const rules = { 'color-contrast': { enabled: false }, 'target-size': { enabled: false } };
  const { violations: found } = await axe.run(document.body, { rules });
  return found.map((violation) => `${violation.id}: ${violation.nodes[0]?.html ?? ''}`);
}

describe('signing in', () => {
  it('asks for user and password, and says when they are wrong', async () => {
    isKnown = false;
    render(AppScreen, { app });
    await fireEvent.input(await screen.findByLabelText('Usuari'), { target: { value: 'marta' } });
    await fireEvent.input(screen.getByLabelText('Contrasenya'), { target: { value: 'wrong' } });
    await fireEvent.submit(screen.getByRole('form'));
    expect((await screen.findByTestId('login-problem')).textContent).toContain('no són correctes');
    expect(await violations()).toEqual([]);
    await fireEvent.input(screen.getByLabelText('Contrasenya'), { target: { value: 'right' } });
    await fireEvent.submit(screen.getByRole('form'));
    expect(await screen.findByTestId('feed')).toBeTruthy();
    expect(window.location.pathname).toBe('/');
  });

  it('uses the token of a link once, and takes it out of the address', async () => {
    app.router.go('/login?token=fresh');
    render(AppScreen, { app });
    expect(await screen.findByTestId('feed')).toBeTruthy();
    expect(sent[0]).toMatchObject({ method: 'POST', path: '/api/v1/session/link', body: { token: 'fresh' } });
    expect(window.location.search).toBe('');
  });

  it('offers the password where the link was used', async () => {
    app.router.go('/login?token=used');
    render(AppScreen, { app });
    expect((await screen.findByTestId('login-problem')).textContent).toContain("L'enllaç");
    expect(screen.getByLabelText('Contrasenya')).toBeTruthy();
  });

  it('leads back to where the session ended', async () => {
    await show();
    app.router.go('/cameras');
    await screen.findByTestId('cameras-page');
    app.session.lost();
    await screen.findByText(/La sessió ha caducat/);
    expect(window.location.search).toBe('?next=%2Fcameras');
    expect(app.room.alerts.size).toBe(0);
  });
});

describe('the queue', () => {
  it('holds new alerts back until they are asked for', async () => {
    await show();
    expect(rows()).toEqual(['alert-1', 'alert-2', 'alert-3']);
    lines[0]?.say('alert', alertOf(0, { alert_id: 'alert-new' }), '2');
    const button = await screen.findByTestId('show-new');
    expect([button.textContent.trim().startsWith('1 nova'), button.dataset['newestAlertId']]).toEqual([
      true,
      'alert-new',
    ]);
    expect(rows()).toEqual(['alert-1', 'alert-2', 'alert-3']);
    expect(document.title).toBe('(4) Alertes · Talaia');
    await press('n');
    await until(() => expect(rows()[0]).toBe('alert-new'));
    expect(screen.queryByTestId('show-new')).toBeNull();
  });

  it('is worked with the keyboard alone: down, close, on to the next, undo', async () => {
    await show();
    await press('j');
    await press('j');
    await until(() => expect(document.activeElement?.getAttribute('href')).toBe('/alerts/alert-2'));
    await press('1');
    await until(() => expect(document.activeElement?.getAttribute('href')).toBe('/alerts/alert-3'));
    expect(acted()).toMatchObject({
      path: '/api/v1/alerts/alert-2/close',
      body: { version: 1, reason: 'confirmed' },
      csrf: 'c',
    });
    expect(rows()).toEqual(['alert-1', 'alert-2', 'alert-3']);
    expect((await screen.findByTestId('toast')).textContent).toContain('Tancada: Confirmada');
    await press('z');
    await until(() => expect(acted()?.path).toBe('/api/v1/alerts/alert-2/reopen'));
  });

  it('shows the selected alert beside it where there is room', async () => {
    media.matching.add('80rem');
    await show();
    const pane = await screen.findByRole('region', { name: 'Alerta seleccionada' });
    await within(pane).findByText('Abocament il·legal');
    await fireEvent.click(within(pane).getByTestId('acknowledge'));
    await until(() => expect(acted()?.path).toBe('/api/v1/alerts/alert-1/acknowledge'));
    expect(window.location.pathname).toBe('/');
  });

  it('says that nothing waits, and whether anything would be seen', async () => {
    alerts.clear();
    await show();
    expect((await screen.findByTestId('empty')).textContent).toContain('1 càmera en directe');
    expect(await violations()).toEqual([]);
  });

  it('is not for pilots', async () => {
    role = 'pilot';
    await show();
    expect((await screen.findByTestId('empty')).textContent).toContain('El vostre rol no veu');
    expect(rows()).toEqual([]);
  });
});

describe('an alert', () => {
  it('opens by Enter, says what is missing, and takes a note with the decision', async () => {
    await show();
    await press('j');
    await press('Enter');
    const page = await screen.findByTestId('alert-page');
    expect(window.location.pathname).toBe('/alerts/alert-1');
    expect((await within(page).findByTestId('clip-waiting')).textContent).toContain('El vídeo encara no ha arribat');
    await fireEvent.input(within(page).getByTestId('note'), { target: { value: 'Un matalàs' } });
    await fireEvent.click(within(page).getByTestId('close-confirmed'));
    await within(page).findByTestId('reopen');
    expect(acted()?.body).toEqual({ version: 1, reason: 'confirmed', note: 'Un matalàs' });
    expect(await violations()).toEqual([]);
    await press('Escape');
    await until(() => expect(window.location.pathname).toBe('/'));
  });

  it('gets its clip when the stream tells of it', async () => {
    await show();
    app.router.go('/alerts/alert-1');
    await screen.findByTestId('clip-waiting');
    lines[0]?.say('alert', alertOf(1, { clip_url: '/api/v1/evidence/clip-1' }), '2');
    expect((await screen.findByTestId('clip')).getAttribute('src')).toBe('/api/v1/evidence/clip-1');
    expect(screen.queryByTestId('clip-waiting')).toBeNull();
  });

  it('is reopened with a reason only', async () => {
    alerts.set('alert-1', alertOf(1, { state: 'closed', close_reason: 'test' }));
    await show();
    app.router.go('/alerts/alert-1');
    await screen.findByTestId('reopen');
    await press('r');
    const dialog = await screen.findByRole('dialog');
    await fireEvent.submit(within(dialog).getByTestId('reopen-submit').closest('form') as HTMLFormElement);
    expect(dialog.textContent).toContain('Escriviu un motiu');
    await fireEvent.input(within(dialog).getByTestId('reopen-reason'), { target: { value: 'Torna a passar' } });
    await fireEvent.submit(within(dialog).getByTestId('reopen-submit').closest('form') as HTMLFormElement);
    await until(() => expect(acted()?.body).toEqual({ version: 1, reason: 'Torna a passar' }));
  });

  it('that is closed asks for a reason before it shows a picture that the room refused', async () => {
    alerts.set('alert-1', alertOf(1, { state: 'closed', close_reason: 'test' }));
    await show();
    app.router.go('/alerts/alert-1');
    await fireEvent.error(await screen.findByTestId('snapshot'));
    const form = await screen.findByTestId('reason-form');
    await fireEvent.input(within(form).getByRole('textbox'), { target: { value: 'Jutjat 3' } });
    await fireEvent.submit(form);
    expect((await screen.findByTestId('snapshot')).getAttribute('src')).toBe(
      '/api/v1/evidence/annotated-1?reason=Jutjat%203',
    );
  });

  it('that does not exist says so', async () => {
    await show();
    app.router.go('/alerts/nothing');
    expect(await screen.findByText('Aquesta alerta no existeix')).toBeTruthy();
  });
});

describe('the other screens', () => {
  it('list the cameras, the troubled first, with their reason', async () => {
    await show([
      cameraOf('a', { name: 'Bona', staged: true }),
      cameraOf('b', { name: 'Cega', state: 'dark', reason: 'no picture', since: new Date(NOW - 90_000).toISOString() }),
    ]);
    app.router.go('/cameras');
    const [first, second] = await screen.findAllByTestId('camera');
    expect(first?.textContent).toMatch(/Cega.*Sense imatge.*no arriba cap imatge.*1 min/s);
    expect(second?.textContent).toMatch(/Bona.*Simulació.*En directe/s);
    expect(await violations()).toEqual([]);
  });

  it('say what a device reports of itself, also where this page knows no text for it', async () => {
    await show();
    const since = new Date(NOW - 60_000).toISOString();
    const alarms = [
      { code: 'recording_stalled', subject: 'placa', parameters: { reason: 'el disc no respon' }, since },
      { code: 'lens_dirty', subject: '', parameters: {}, since },
    ];
    lines[0]?.say('device', { ...DEVICE, alarms }, '2');
    app.router.go('/cameras');
    const told = await screen.findAllByTestId('device-alarm');
    expect(told.map((one) => one.textContent)).toEqual([
      expect.stringContaining("La càmera Plaça Major no s'està gravant: el disc no respon"),
      expect.stringContaining('lens dirty'),
    ]);
    expect((await screen.findByTestId('camera-alarm')).closest('tr')?.dataset['cameraId']).toBe('placa');
  });

  it('keep the audit from those who may not read it', async () => {
    await show();
    app.router.go('/audit');
    expect(await screen.findByText('Aquesta pàgina no existeix')).toBeTruthy();
    expect(screen.queryByRole('link', { name: 'Auditoria' })).toBeNull();
  });

  it('draw the help from the table of keys, in the chosen language', async () => {
    await show();
    app.preferences.chooseLanguage('en');
    await fireEvent.keyDown(document.body, { key: '?', shiftKey: true });
    const help = await screen.findByRole('dialog', { name: 'Keyboard shortcuts' });
    expect(within(help).getByText('Close: false alarm')).toBeTruthy();
    expect(document.documentElement.lang).toBe('en');
  });

  it('say across the page when what they show is old', async () => {
    await show();
    expect(screen.queryByTestId('stale')).toBeNull();
    app.stream.networkLost();
    expect((await screen.findByTestId('stale')).textContent).toContain('no té connexió amb la sala');
    lines[0]?.say('heartbeat', {});
    await fireEvent.click(screen.getByText('Connecta ara'));
    lines[1]?.say('snapshot', snapshotOf([]), '9');
    await until(() => expect(screen.queryByTestId('stale')).toBeNull());
  });
});

describe('the cameras', () => {
  it('show what rules kept silent today, and why', async () => {
    await show();
    app.router.go('/cameras');
    const told = await screen.findByTestId('silenced');
    const lines = [...told.querySelectorAll('li')].map((line) => line.textContent.replaceAll(/\s+/g, ' ').trim());
    expect(lines).toEqual(['Aglomeració: 3 mercat', 'Aglomeració: 3 massa seguides']);
    expect(await violations()).toEqual([]);
  });
});
