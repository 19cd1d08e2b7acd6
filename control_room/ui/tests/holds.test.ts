/** The holds as a person meets them, over a room whose answers are here. */
import { cleanup, fireEvent, render, screen, within } from '@testing-library/svelte';
import axe from 'axe-core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { Hold } from '../src/api/types';
import type { App } from '../src/app.svelte';
import AppScreen from '../src/App.svelte';
import { alertOf, appWith, cameraOf, detailOf, NOW, snapshotOf, type Line, type Sent } from './room';
import { until } from './until';

const ID = '01a2026a-0724-76b1-a1bd-1f201267ecd5';
const ALERT = alertOf(1, { alert_id: ID });

// axe is slow in jsdom on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

let app: App;
let sent: Sent[];
let lines: Line[];
let role: string;
let holds: Hold[];
let refusal: { status: number; body: unknown } | null;

function holdOf(number: number, change: Partial<Hold> = {}): Hold {
  return {
    hold_id: `hold-${String(number)}`,
    object_kind: 'alert',
    alert_id: ID,
    flight_id: null,
    evidence_id: null,
    evidence_kind: null,
    device_id: 'caixa-1',
    camera_id: 'placa',
    camera_name: 'Plaça Major',
    rule: 'illegal_dumping',
    opened_at: ALERT.opened_at,
    held_from: null,
    held_to: null,
    reason: `denúncia ${String(number)}`,
    held_by: 'marta',
    held_at: new Date(NOW).toISOString(),
    until: null,
    released_at: null,
    released_by: null,
    release_reason: null,
    state: 'open',
    ...change,
  };
}

function answer({ method, path, body }: Sent): { status?: number; body?: unknown } | undefined {
  if (path === '/api/v1/session')
    return { body: { user: 'anna', role, language: 'ca', csrf_token: 'token', expires_at: '' } };
  if (path === '/api/v1/town') return { body: { name: 'Vila', time_zone: 'Europe/Madrid', lat: 41, lon: 1, zoom: 13 } };
  if (path === `/api/v1/alerts/${ID}`) return { body: detailOf(ALERT) };
  if (!path.startsWith('/api/v1/holds')) return undefined;
  if (refusal) return refusal;
  if (path.endsWith('/release')) {
    holds = [];
    return { body: holdOf(1, { state: 'released' }) };
  }
  if (method === 'POST') {
    const wanted = body as { object: { kind: Hold['object_kind'] }; reason: string; until: string | null };
    const { reason, until } = wanted;
    const made = holdOf(holds.length + 1, { object_kind: wanted.object.kind, reason, until });
    holds = [made, ...holds];
    return { status: 201, body: made };
  }
  const query = new URLSearchParams(path.split('?')[1]);
  const rest = query.get('cursor') ? holds.slice(1) : holds.slice(0, 1);
  const isPaged = !query.get('protecting') && !query.get('cursor') && holds.length > 1;
  return { body: { items: isPaged || query.get('cursor') ? rest : holds, next_cursor: isPaged ? 'hold-1' : null } };
}

beforeEach(() => {
  role = 'administrator';
  holds = [holdOf(1)];
  refusal = null;
  ({ app, sent, lines } = appWith(answer));
});
afterEach(cleanup);

async function show(address: string): Promise<void> {
  app.router.go(address);
  render(AppScreen, { app });
  await until(() => expect(lines.length).toBe(1));
  lines[0]?.say('snapshot', snapshotOf([ALERT], [cameraOf('placa', { name: 'Plaça Major' })]), '1');
}

const posted = (): unknown => sent.findLast((one) => one.method === 'POST')?.body;
const asked = (): string => sent.findLast((one) => one.method === 'GET' && one.path.includes('/holds'))?.path ?? '';

async function violations(): Promise<string[]> {
  const rules = { 'color-contrast': { enabled: false }, 'target-size': { enabled: false } };
  const { violations: found } = await axe.run(document.body, { rules });
  return found.map((violation) => `${violation.id}: ${violation.nodes[0]?.html ?? ''}`);
}

describe('the holds', () => {
  it('say what, why, who and until when, page by page', async () => {
    holds = [holdOf(2, { until: new Date(NOW + 2 * 86_400_000).toISOString() }), holdOf(1)];
    await show('/holds');
    const [first] = await screen.findAllByTestId('room-hold');
    expect(first?.textContent).toMatch(/Alerta.*Abocament il·legal.*Plaça Major.*denúncia 2.*marta.*queden 2 dies/s);
    await fireEvent.click(screen.getByRole('button', { name: "Mostra'n més" }));
    await until(() => expect(screen.getAllByTestId('room-hold').length).toBe(2));
    expect(asked()).toContain('cursor=hold-1');
    expect(await violations()).toEqual([]);
  });

  it('are those in force, until another state or kind is chosen', async () => {
    await show('/holds');
    await screen.findAllByTestId('room-hold');
    expect(asked()).toBe('/api/v1/holds?state=open');
    await fireEvent.change(screen.getByLabelText('Mostra'), { target: { value: 'released' } });
    await until(() => expect(asked()).toBe('/api/v1/holds?state=released'));
    await fireEvent.change(screen.getByLabelText('Què es reté'), { target: { value: 'camera' } });
    await until(() => expect(asked()).toBe('/api/v1/holds?state=released&kind=camera'));
  });

  it('are let go by an administrator only, who says why', async () => {
    role = 'operator';
    await show('/holds');
    await screen.findByTestId('room-hold');
    expect(screen.queryByTestId('let-go')).toBeNull();
    cleanup();
    role = 'administrator';
    ({ app, sent, lines } = appWith(answer));
    await show('/holds');
    await fireEvent.click(await screen.findByTestId('let-go'));
    await fireEvent.click(await screen.findByTestId('let-go-submit'));
    expect(posted()).toBeUndefined();
    await fireEvent.input(screen.getByTestId('let-go-reason'), { target: { value: 'cas tancat' } });
    await fireEvent.click(screen.getByTestId('let-go-submit'));
    await screen.findByText('Cap retenció no hi correspon');
    expect(posted()).toEqual({ reason: 'cas tancat' });
  });

  it('say where they could not be read, and try again', async () => {
    refusal = { status: 503, body: { title: 'x', status: 503, detail: 'sense base de dades' } };
    await show('/holds');
    expect((await screen.findByTestId('error')).textContent).toContain('La sala no pot respondre ara mateix');
    refusal = null;
    await fireEvent.click(screen.getByRole('button', { name: 'Torna-ho a provar' }));
    expect(await screen.findByTestId('room-hold')).toBeTruthy();
  });

  it('are placed on a span of a camera, in the time of the town', async () => {
    await show('/holds');
    await fireEvent.click(await screen.findByTestId('hold-add'));
    const dialog = within(await screen.findByRole('dialog'));
    await fireEvent.input(dialog.getByLabelText('Des de'), { target: { value: '2026-03-14T01:00' } });
    await fireEvent.input(dialog.getByLabelText('Fins a'), { target: { value: '2026-03-14T00:30' } });
    await fireEvent.input(dialog.getByTestId('new-hold-reason'), { target: { value: 'cas 9' } });
    await fireEvent.click(dialog.getByTestId('new-hold-submit'));
    expect(await dialog.findByText(/ha de ser posterior/)).toBeTruthy();
    expect(posted()).toBeUndefined();
    await fireEvent.input(dialog.getByLabelText('Fins a'), { target: { value: '2026-03-14T02:30' } });
    await fireEvent.click(dialog.getByTestId('new-hold-submit'));
    await until(() => expect(screen.queryByRole('dialog')).toBeNull());
    const span = { from: '2026-03-14T00:00:00.000Z', to: '2026-03-14T01:30:00.000Z' };
    const object = { kind: 'camera', device_id: 'caixa-1', camera_id: 'placa', ...span };
    expect(posted()).toEqual({ object, reason: 'cas 9', until: null });
  });

  it('are not for pilots', async () => {
    role = 'pilot';
    await show('/holds');
    expect(await screen.findByText('El vostre rol no pot veure retencions')).toBeTruthy();
    expect(asked()).toBe('');
  });
});

describe('an alert', () => {
  it('is kept with its key, and says so', async () => {
    holds = [];
    await show(`/alerts/${ID}`);
    await screen.findByText(/Ningú no la reté/);
    expect(screen.queryByTestId('kept-mark')).toBeNull();
    await fireEvent.keyDown(document.body, { key: 'h' });
    const until = screen.getByLabelText(/^Fins quan/);
    await fireEvent.input(screen.getByTestId('keep-alert-reason'), { target: { value: 'denúncia 114' } });
    await fireEvent.input(until, { target: { value: '2026-03-13T03:00' } });
    await fireEvent.click(screen.getByTestId('keep-alert-submit'));
    expect(await screen.findByText('Ha de ser un moment futur.')).toBeTruthy();
    await fireEvent.input(until, { target: { value: '2026-04-14T03:00' } });
    await fireEvent.click(screen.getByTestId('keep-alert-submit'));
    await screen.findByTestId('kept-mark');
    expect(posted()).toEqual({
      object: { kind: 'alert', alert_id: ID },
      reason: 'denúncia 114',
      until: '2026-04-14T01:00:00.000Z',
    });
    expect(screen.getByTestId('kept').textContent).toMatch(/denúncia 114.*marta/s);
    expect(await violations()).toEqual([]);
  });
});
