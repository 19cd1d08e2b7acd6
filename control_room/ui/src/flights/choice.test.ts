import { describe, expect, it } from 'vitest';

import type { Proposal } from '../api/types';
import { begin, goingOn, wanted } from './choice';
import { pathOf } from './plan';

const FILES = ['a.MP4', 'a.SRT', 'b.MP4', 'c.MP4'].map((name) => ({ file: new File(['x'], name), folder: 'DCIM' }));
const CARD = FILES.map(({ file, folder }) => ({ name: file.name, folder, bytes: file.size, modified_at: null }));
const file = (index: number, kind: 'video' | 'telemetry', belongs_to: number | null = null) => ({
  index,
  kind,
  belongs_to,
  lens: null,
  recording: null,
  part: null,
  began_at: null,
  ended_at: null,
});
const PROPOSAL: Proposal = {
  flights: [
    { files: [file(1, 'telemetry', 0), file(0, 'video')], began_at: null, ended_at: null, doubts: [] },
    { files: [file(2, 'video'), file(3, 'video')], began_at: null, ended_at: null, doubts: [] },
  ],
  skipped: [],
  known: [
    { index: 2, footage_id: 'f', flight_id: 'x', state: 'ready', sure: true, upload_id: null },
    { index: 3, footage_id: 'g', flight_id: 'x', state: 'awaited', sure: false, upload_id: 'u' },
  ],
};

describe('what is sent of a card', () => {
  it('leaves out what is here, and lets what was begun go on', () => {
    expect(begin(PROPOSAL, 4).flight_of).toEqual([0, 0, null, null]);
    expect(goingOn(PROPOSAL).map((one) => one.index)).toEqual([3]);
  });

  it('names the video of a log by its place in its own flight', () => {
    const { flights, indices } = wanted(PROPOSAL, FILES, CARD, begin(PROPOSAL, 4));
    expect(indices).toEqual([[0, 1]]);
    expect(flights[0]?.files.map((one) => one.belongs_to)).toEqual([null, 0]);
  });

  it('parts a log from its video where the pilot does', () => {
    const choice = begin(PROPOSAL, 4);
    choice.flight_of[1] = 2;
    choice.flights = 3;
    const { flights, indices } = wanted(PROPOSAL, FILES, CARD, choice);
    expect(indices).toEqual([[0], [1]]);
    expect(flights[1]?.files[0]?.belongs_to).toBeNull();
  });
});

describe('a plan of the way', () => {
  it('has north up and keeps the proportions', () => {
    const plan = pathOf(
      [
        ['', 1.24, 41.11, 0],
        ['', 1.24, 41.12, 0],
      ],
      400,
      200,
    );
    expect(plan.begin.x).toBe(plan.end.x);
    expect(plan.begin.y - plan.end.y).toBeCloseTo(plan.pxPerM * 1111.95, 0);
  });
});
