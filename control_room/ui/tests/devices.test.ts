import { cleanup, fireEvent, render, screen, within } from '@testing-library/svelte';
import axe from 'axe-core';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import type { DeviceVersion, RegisteredDetail, RuleOffered } from '../src/api/types';
import type { App } from '../src/app.svelte';
import AppScreen from '../src/App.svelte';
import { appWith, cameraOf, DEVICE, NOW, snapshotOf, type Line, type Sent } from './room';
import { until } from './until';

const ANNA = { user: 'anna', role: 'administrator', language: 'ca', csrf_token: 'token', expires_at: '' };
const CONTENT = { cameras: { placa: { name: 'Plaça Major' } } };
const RULES: RuleOffered[] = [
  {
    name: 'illegal_dumping',
    on_by_default: true,
    about_people: false,
    needs_zone: [],
    settings: [{ key: 'unattended_s', usual: 10, minimum: 1, maximum: 3600, is_whole: false }],
  },
];

// axe is slow in jsdom on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

let app: App;
let sent: Sent[];
let lines: Line[];
let device: RegisteredDetail;
let versions: DeviceVersion[];
let items: RegisteredDetail[];
let refusal: { status: number; body: unknown } | null;

function answer({ method, path, body }: Sent): { status?: number; body?: unknown } | undefined {
  if (path === '/api/v1/session') return { body: ANNA };
  if (path === '/api/v1/town') return { body: { name: 'Vila', time_zone: 'Europe/Madrid', lat: 41, lon: 1, zoom: 13 } };
  if (method === 'POST' && refusal) return refusal;
  if (path.startsWith('/api/v1/devices?')) return refusal ?? { body: { items, next_cursor: null } };
  if (path === '/api/v1/devices/caixa-1') return { body: device };
  if (path === '/api/v1/devices/caixa-1/configurations') {
    if (method === 'GET') return { body: { items: versions, next_before: null, rules: RULES } };
    versions = [versionOf(2, (body as { content: DeviceVersion['content'] }).content, 'pending'), ...versions];
    return { status: 202, body: { version: 2 } };
  }
  if (path === '/api/v1/devices/caixa-1/configurations/1/again') return { status: 202, body: { version: 3 } };
  if (path === '/api/v1/devices/caixa-1/revoke') return { body: device };
  if (path === '/api/v1/devices/caixa-1/enrolment-code')
    return {
      status: 201,
      body: {
        device_id: 'caixa-1',
        code: 'AAAA-BBBB-CCCC-DDDD',
        expires_at: new Date(NOW).toISOString(),
        command: 'x',
      },
    };
  return undefined;
}

function versionOf(version: number, content: DeviceVersion['content'], state: DeviceVersion['state']): DeviceVersion {
  const made_at = new Date(NOW).toISOString();
  return {
    version,
    content,
    made_by: 'anna',
    made_at,
    reason: 'prova',
    same_as: null,
    state,
    ended_at: null,
    error: null,
  };
}

beforeEach(() => {
  device = {
    ...DEVICE,
    place: null,
    owner: null,
    purpose: null,
    created_at: new Date(NOW).toISOString(),
    revoked_at: null,
    enrolled_at: null,
    certificate_expires_at: null,
    other_keys: false,
    measured_at: null,
    disk_free_bytes: null,
    temperature_c: null,
    refused_commands: { forged: 3 },
    reported_configuration: 1,
    current_configuration: 1,
    pending_configuration: null,
    cameras: 1,
    cameras_dark: 0,
    camera_list: [
      { camera_id: 'placa', name: 'Plaça Major', state: 'live', reason: null, since: null, last_frame_at: null },
    ],
  };
  items = [device];
  versions = [versionOf(1, CONTENT, 'confirmed')];
  refusal = null;
});

async function open(): Promise<void> {
  ({ app, sent, lines } = appWith(answer));
  app.router.go('/devices');
  render(AppScreen, { app });
  await until(() => expect(lines.length).toBe(1));
  lines[0]?.say('snapshot', snapshotOf([], [cameraOf('placa')]), '1');
  await screen.findByRole('heading', { level: 1, name: 'Dispositius' });
}

afterEach(cleanup);

async function openForm(): Promise<HTMLElement> {
  await fireEvent.click(await screen.findByRole('button', { name: 'Detalls' }));
  await fireEvent.click(await screen.findByRole('button', { name: 'Envia una configuració' }));
  return screen.findByRole('dialog', { hidden: true });
}

it('shows what a device refused, and has no fault that axe finds, with the form open too', async () => {
  await open();
  expect((await screen.findByTestId('refused')).textContent).toContain('3');
  await openForm();
  const found = await axe.run(document.body, {
    rules: { 'color-contrast': { enabled: false }, 'target-size': { enabled: false } },
  });
  expect(found.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(' ')}`)).toEqual([]);
});

it('sends only what was changed, with its reason, and shows that it waits', async () => {
  await open();
  const dialog = within(await openForm());
  await fireEvent.click(dialog.getByTestId('configuration-push'));
  expect(dialog.getByRole('alert', { hidden: true }).textContent).toBe('No canvia res');
  await fireEvent.click(dialog.getByRole('switch', { name: /Fixa les regles/, hidden: true }));
  await fireEvent.input(dialog.getByLabelText('Abandonat durant (s)'), { target: { value: '4000' } });
  await fireEvent.click(dialog.getByTestId('configuration-push'));
  expect(dialog.getByRole('alert', { hidden: true }).textContent).toContain('3.600');
  await fireEvent.input(dialog.getByLabelText('Abandonat durant (s)'), { target: { value: '40' } });
  expect(dialog.getByTestId('configuration-changes').textContent).toContain('Plaça Major › Abocament il·legal');
  await fireEvent.click(dialog.getByTestId('configuration-push'));
  expect(sent.filter((one) => one.method === 'POST')).toEqual([]);
  await fireEvent.input(dialog.getByLabelText('Motiu'), { target: { value: 'massa aviat' } });
  await fireEvent.click(dialog.getByTestId('configuration-push'));
  await until(() => {
    const rows = screen.getAllByTestId('configuration-version');
    expect(rows.map((row) => row.dataset.state)).toEqual(['pending', 'confirmed']);
  });
  expect(sent.find((one) => one.method === 'POST')?.body).toEqual({
    content: { cameras: { placa: { name: 'Plaça Major', rules: { illegal_dumping: { unattended_s: 40 } } } } },
    reason: 'massa aviat',
  });
});

it('says where zones are wrong before anything is sent', async () => {
  await open();
  const dialog = within(await openForm());
  await fireEvent.click(dialog.getByRole('switch', { name: /Fixa les zones/, hidden: true }));
  await fireEvent.input(dialog.getByLabelText(/^Zones/), { target: { value: '[{"name": "a", "kind": "wach"}]' } });
  expect(await dialog.findByText(/^Zona 1: li cal un nom/)).toBeTruthy();
  await fireEvent.click(dialog.getByTestId('configuration-push'));
  expect(sent.filter((one) => one.method === 'POST')).toEqual([]);
});

it('says why the device rejected a version', async () => {
  versions = [{ ...versionOf(2, {}, 'rejected'), error: 'analysis_fps: got 99' }, ...versions];
  await open();
  await fireEvent.click(await screen.findByRole('button', { name: 'Detalls' }));
  expect(await screen.findByText('analysis_fps: got 99')).toBeTruthy();
  expect(screen.getAllByTestId('configuration-version').map((row) => row.dataset.state)).toEqual([
    'rejected',
    'confirmed',
  ]);
});

it('says that there is none, and that the list could not be read', async () => {
  items = [];
  await open();
  expect(await screen.findByText('Cap dispositiu no hi correspon')).toBeTruthy();
  refusal = { status: 503, body: { type: 'about:blank', title: 'x', status: 503, detail: 'no database' } };
  await fireEvent.click(screen.getByRole('button', { name: 'Actualitza' }));
  expect(await screen.findByText("No s'han pogut llegir els dispositius")).toBeTruthy();
  refusal = null;
});

it('shows a code once it is made', async () => {
  await open();
  await fireEvent.click(await screen.findByRole('button', { name: "Codi d'alta" }));
  expect((await screen.findByTestId('enrolment-code')).textContent).toBe('AAAA-BBBB-CCCC-DDDD');
});
