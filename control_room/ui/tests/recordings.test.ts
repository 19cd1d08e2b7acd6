import { cleanup, fireEvent, render, screen, within } from '@testing-library/svelte';
import axe from 'axe-core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { Command, CommandDetail, CommandFile } from '../src/api/types';
import type { App } from '../src/app.svelte';
import AppScreen from '../src/App.svelte';
import { appWith, cameraOf, DEVICE, NOW, snapshotOf, type Line, type Sent } from './room';
import { until } from './until';

const MARTA = { user: 'marta', role: 'administrator', language: 'ca', csrf_token: 'token', expires_at: '' };
const at = (ago_min: number): string => new Date(NOW - ago_min * 60_000).toISOString();
const SPANS = [
  { from: at(30), to: at(20), segments: 60, bytes: 90_000_000, held: false, masked: true },
  { from: at(12), to: at(2), segments: 60, bytes: 90_000_000, held: true, masked: true },
];

// axe is slow in jsdom on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

let app: App;
let sent: Sent[];
let lines: Line[];
let role: string;
let commands: Map<string, CommandDetail>;
let refusal: { status: number; body: unknown } | null;

function commandOf(
  kind: Command['kind'],
  body: { arguments: Record<string, unknown>; reason?: string },
): CommandDetail {
  return {
    command_id: `command-${String(commands.size + 1)}`,
    device_id: 'caixa-1',
    camera_id: 'placa',
    kind,
    arguments: body.arguments,
    reason: body.reason ?? null,
    issued_by: 'marta',
    issued_at: new Date(NOW + commands.size).toISOString(),
    expires_at: at(-1),
    state: 'sent',
    progress: null,
    ended_at: null,
    error: null,
    files: 0,
    files_received: 0,
    result: null,
    evidence: [],
  };
}

function answer({ method, path, body }: Sent): { status?: number; body?: unknown } | undefined {
  if (path === '/api/v1/session') return { body: { ...MARTA, role } };
  if (path === '/api/v1/town') return { body: { name: 'Vila', time_zone: 'Europe/Madrid', lat: 41, lon: 1, zoom: 13 } };
  if (method === 'POST' && path === '/api/v1/devices/caixa-1/commands') {
    if (refusal) return refusal;
    const wanted = body as { kind: Command['kind']; arguments: Record<string, unknown>; reason?: string };
    const command = commandOf(wanted.kind, wanted);
    commands.set(command.command_id, command);
    return { status: 202, body: { command_id: command.command_id, expires_at: at(-1), device_online: true } };
  }
  if (path.startsWith('/api/v1/devices/caixa-1/commands?')) return { body: { items: [], next_cursor: null } };
  if (path.startsWith('/api/v1/devices/caixa-1/holds')) return { body: { items: [] } };
  const known = commands.get(path.replace('/api/v1/commands/', ''));
  return known && { body: known };
}

beforeEach(() => {
  role = 'administrator';
  commands = new Map();
  refusal = null;
  ({ app, sent, lines } = appWith(answer));
});
afterEach(cleanup);

async function show(address = '/recordings', device = DEVICE): Promise<void> {
  app.router.go(address);
  render(AppScreen, { app });
  await until(() => expect(lines.length).toBe(1));
  lines[0]?.say(
    'snapshot',
    { ...snapshotOf([], [cameraOf('placa', { name: 'Plaça Major' })]), devices: [device] },
    '1',
  );
  if (role !== 'pilot') await screen.findByTestId('find');
}

/** The device has answered; the stream says so. */
async function ends(id: string, change: Partial<CommandDetail>): Promise<void> {
  const command = await until(() => {
    const known = commands.get(id);
    if (!known) throw new Error(`${id} was not ordered`);
    return known;
  });
  await until(() => expect(sent.some((one) => one.path === `/api/v1/commands/${id}`)).toBe(true));
  const ended = { ...command, state: 'answered' as const, ...change };
  commands.set(id, ended);
  lines[0]?.say('command', ended, '2');
}

const LISTED = {
  result: { spans: SPANS, complete: true, oldest: at(30), newest: at(2), used_bytes: 1e9, limit_bytes: 2e10 },
};

async function violations(): Promise<string[]> {
  const rules = { 'color-contrast': { enabled: false }, 'target-size': { enabled: false } };
  const { violations: found } = await axe.run(document.body, { rules });
  return found.map((violation) => `${violation.id}: ${violation.nodes[0]?.html ?? ''}`);
}

const ordered = (): unknown => sent.findLast((one) => one.method === 'POST')?.body;

describe('the recordings', () => {
  it('are searched, and shown with their gaps and what is held', async () => {
    await show();
    await fireEvent.click(screen.getByTestId('find'));
    await ends('command-1', LISTED);
    const rows = await screen.findAllByTestId('span');
    expect(rows.map((row) => row.dataset['held'])).toEqual(['false', 'true']);
    expect(screen.getByTestId('timeline').getAttribute('aria-label')).toMatch(/enregistrat el 6\d\s?%/);
    expect(rows[1]?.textContent).toMatch(/Protegit.*Amb zones tapades/s);
    expect(await violations()).toEqual([]);
  });

  it('are played as a pixelated copy of the chosen stretch', async () => {
    await show();
    await fireEvent.click(screen.getByTestId('find'));
    await ends('command-1', LISTED);
    const row = (await screen.findAllByTestId('span'))[1] as HTMLElement;
    await fireEvent.click(within(row).getByRole('button'));
    await fireEvent.click(screen.getByTestId('play-pixelated'));
    const card = await screen.findByTestId('copy');
    const span = { from: at(12), to: at(2) };
    expect(ordered()).toEqual({
      kind: 'recording_fetch',
      arguments: { camera_id: 'placa', ...span, pixelated: true },
    });
    lines[0]?.say('command', { ...commands.get('command-2'), progress: 0.4 }, '3');
    await until(() => expect(card.textContent).toContain('Demanat al dispositiu'));
    const file = {
      evidence_id: 'file-1',
      kind: 'recording_pixelated',
      media_type: 'video/mp4',
      sha256: 'ab'.repeat(32),
      bytes: 5_000_000,
      captured_from: span.from,
      captured_to: span.to,
      received_at: at(0),
      expires_at: at(-1440),
      erased_at: null,
      url: '/api/v1/evidence/file-1',
    };
    await ends('command-2', { files: 1, files_received: 1, evidence: [file] });
    const video = await screen.findByTestId('recording');
    expect(video.getAttribute('src')).toBe('/api/v1/evidence/file-1');
    expect(card.textContent).toContain('Fet');
    expect(await violations()).toEqual([]);
  });

  it('show a copy that the device coded again as what it is, beside the hash of the original', async () => {
    await show();
    await fireEvent.click(screen.getByTestId('play-original'));
    await fireEvent.input(screen.getByTestId('ask-reason'), { target: { value: 'denúncia' } });
    await fireEvent.click(screen.getByTestId('ask-submit'));
    await screen.findByTestId('copy');
    const file = (id: string, kind: string, sha256: string): CommandFile => ({
      evidence_id: id,
      kind,
      media_type: 'video/mp4',
      sha256,
      bytes: 5_000_000,
      captured_from: at(12),
      captured_to: at(2),
      received_at: at(0),
      expires_at: at(-1440),
      erased_at: null,
      url: `/api/v1/evidence/${id}`,
    });
    const evidence = [file('file-1', 'recording', 'ab'.repeat(32)), file('file-2', 'recording_view', 'cd'.repeat(32))];
    await ends('command-1', { files: 2, files_received: 2, evidence });
    const video = await screen.findByTestId('recording');
    expect(video.getAttribute('src')).toContain('/api/v1/evidence/file-2');
    expect(screen.getByTestId('viewed').textContent).toContain('no és la prova');
    expect(screen.getAllByTestId('sha256').map((one) => one.textContent)).toEqual(['ab'.repeat(32)]);
    expect(await violations()).toEqual([]);
  });

  it('can be given up while they are made', async () => {
    await show();
    await fireEvent.click(screen.getByTestId('play-pixelated'));
    await screen.findByTestId('copy');
    await ends('command-1', { state: 'working', progress: 0.4 });
    await until(() => expect(screen.getByTestId('copy-state').textContent).toMatch(/40\s%/));
    await fireEvent.click(screen.getByTestId('cancel'));
    await until(() => expect(ordered()).toEqual({ kind: 'cancel', arguments: { command_id: 'command-1' } }));
    await ends('command-1', { state: 'failed', error: 'cancelled' });
    await until(() => expect(screen.getByTestId('copy-state').textContent).toContain('Cancel·lat'));
    expect(screen.queryByTestId('cancel')).toBeNull();
  });

  it('are kept for a reason only', async () => {
    await show();
    await fireEvent.click(screen.getByTestId('keep'));
    await fireEvent.click(screen.getByTestId('ask-submit'));
    expect(screen.getByText(/Escriviu un motiu/)).toBeTruthy();
    expect(ordered()).toBeUndefined();
    expect(await violations()).toEqual([]);
    await fireEvent.input(screen.getByTestId('ask-reason'), { target: { value: 'denúncia' } });
    await fireEvent.click(screen.getByTestId('ask-submit'));
    await screen.findByTestId('copy');
    expect(ordered()).toMatchObject({ reason: 'denúncia', arguments: { pixelated: false, keep: true } });
  });

  it('say why the device could not', async () => {
    await show();
    await fireEvent.click(screen.getByTestId('find'));
    await ends('command-1', { state: 'failed', error: 'this device records nothing' });
    const problem = await screen.findByTestId('error');
    expect(problem.textContent).toContain('Aquest dispositiu no enregistra.');
  });

  it('say that the device is away, and still let a hold be left for it', async () => {
    refusal = { status: 409, body: { title: 'Conflict', detail: 'The device is away' } };
    await show('/recordings', { ...DEVICE, online: false });
    expect(screen.getByTestId('device-offline')).toBeTruthy();
    expect(screen.getByTestId<HTMLButtonElement>('play-pixelated').disabled).toBe(true);
    expect(screen.getByTestId<HTMLButtonElement>('hold-recording').disabled).toBe(false);
    await fireEvent.click(screen.getByTestId('find'));
    expect((await screen.findByTestId('error')).textContent).toContain("El dispositiu d'aquesta càmera no hi és ara");
  });

  it('open at the span of a link and search it at once', async () => {
    const query = new URLSearchParams({ camera: 'caixa-1/placa', from: at(12), to: at(2) });
    await show(`/recordings?${query.toString()}`);
    await until(() => expect(ordered()).toMatchObject({ arguments: { from: at(12), to: at(2) } }));
  });

  it('are not for pilots', async () => {
    role = 'pilot';
    await show();
    expect(await screen.findByText('El vostre rol no pot veure enregistraments')).toBeTruthy();
    expect(screen.queryByRole('link', { name: 'Enregistraments' })).toBeNull();
  });
});

describe('a rule tried on a span', () => {
  const FOUND = {
    rule: 'intrusion',
    occurred_at: at(8),
    began_at: null,
    severity: 'medium',
    confidence: 0.7,
    zone: 'gespa',
    box: null,
  };

  it('shows how far it is, what would have been told, and plays the moment', async () => {
    await show();
    await fireEvent.change(screen.getByLabelText('Regla'), { target: { value: 'intrusion' } });
    await fireEvent.click(screen.getByTestId('try-rule'));
    await until(() => expect(commands.get('command-1')?.kind).toBe('rules_try'));
    expect(commands.get('command-1')?.arguments).toMatchObject({
      rules: { intrusion: {} },
      zones: [{ kind: 'watch' }],
    });
    await screen.findByTestId('trial');
    await ends('command-1', { state: 'working', progress: 0.4 });
    await until(() => expect(screen.getByTestId('trial').textContent).toMatch(/40\s%/));
    await ends('command-1', { result: { events: [FOUND], analysed_s: 1800, gaps: [] } });
    const moment = await screen.findByTestId('tried');
    expect(moment.textContent).toContain('gespa');
    expect(await violations()).toEqual([]);
    await fireEvent.click(within(moment).getByRole('button'));
    await until(() => expect(commands.get('command-2')?.kind).toBe('recording_fetch'));
    const [from, to] = [Date.parse(at(8)) - 10_000, Date.parse(at(8)) + 20_000].map((ms) => new Date(ms).toISOString());
    expect(commands.get('command-2')?.arguments).toEqual({ camera_id: 'placa', from, to, pixelated: true });
  });

  it('says what is wrong with settings that are none, and orders nothing', async () => {
    await show();
    await fireEvent.input(screen.getByLabelText(/^Paràmetres de la regla/), { target: { value: '[1]' } });
    await fireEvent.click(screen.getByTestId('try-rule'));
    expect(await screen.findByText(/objecte JSON/)).toBeTruthy();
    expect(commands.size).toBe(0);
  });
});
