import { describe, expect, it } from 'vitest';

import type { CommandDetail, RecordedSpan } from '../api/types';
import { isUnderWay, placeIn, placeOf, within, worthShowing } from './recordings.svelte';

const WHOLE = { from: '2026-03-14T02:00:00Z', to: '2026-03-14T03:00:00Z' };

function spanOf(from: string, to: string): RecordedSpan {
  return { from, to, segments: 1, bytes: 1, held: false, masked: false };
}

function commandOf(change: Partial<CommandDetail>): CommandDetail {
  return {
    command_id: 'one',
    device_id: 'caixa-1',
    camera_id: 'placa',
    kind: 'recording_fetch',
    arguments: {},
    reason: null,
    issued_by: 'marta',
    issued_at: WHOLE.from,
    expires_at: WHOLE.to,
    state: 'answered',
    progress: null,
    ended_at: null,
    error: null,
    files: 0,
    files_received: 0,
    result: null,
    evidence: [],
    ...change,
  };
}

describe('recorded spans', () => {
  it('lie in what was searched, and no further', () => {
    const spans = [
      spanOf('2026-03-14T01:30:00.5Z', '2026-03-14T02:15:00Z'),
      spanOf('2026-03-14T02:30:00Z', '2026-03-14T09:00:00Z'),
      spanOf('2026-03-14T04:00:00Z', '2026-03-14T05:00:00Z'),
    ];
    const shown = within(spans, WHOLE);
    expect(shown.map((span) => [span.from, span.to])).toEqual([
      [WHOLE.from, '2026-03-14T02:15:00Z'],
      ['2026-03-14T02:30:00Z', WHOLE.to],
    ]);
    expect(shown.map((span) => placeIn(span, WHOLE))).toEqual([
      { start: 0, length: 0.25 },
      { start: 0.5, length: 0.5 },
    ]);
  });

  it('belong to a camera of a device', () => {
    expect(placeOf('caixa-1/placa')).toEqual({ device_id: 'caixa-1', camera_id: 'placa' });
    expect(placeOf('')).toBeNull();
    expect(placeOf('/placa')).toBeNull();
  });
});

describe('a command', () => {
  it('is under way until its last file has come', () => {
    expect(isUnderWay(commandOf({ state: 'queued' }))).toBe(true);
    expect(isUnderWay(commandOf({ state: 'working' }))).toBe(true);
    expect(isUnderWay(commandOf({ files: 2, files_received: 1 }))).toBe(true);
    expect(isUnderWay(commandOf({ files: 2, files_received: 2 }))).toBe(false);
    expect(isUnderWay(commandOf({ state: 'failed', files: 1 }))).toBe(false);
  });

  it('is shown as a card while it matters', () => {
    const older = commandOf({ command_id: 'older' });
    const newer = commandOf({ command_id: 'newer', issued_at: WHOLE.to });
    const held = commandOf({ command_id: 'held', kind: 'recording_hold' });
    const refused = commandOf({ command_id: 'refused', kind: 'recording_hold', state: 'failed' });
    expect(worthShowing([older, held, refused, newer]).map((copy) => copy.command_id)).toEqual([
      'newer',
      'older',
      'refused',
    ]);
  });
});
