import { beforeEach, describe, expect, it } from 'vitest';

import { appWith, type Sent } from '../../tests/room';
import { ReviewCalls } from './calls';
import { Review } from './review.svelte';
import type { Finding, FindingState } from './types';

const finding = (number: number, state: FindingState = 'candidate', version = 1): Finding =>
  ({ finding_id: `f${String(number)}`, flight_id: 'flight', label: 'unusual', state, version }) as Finding;

const STATES: Record<string, FindingState> = { confirm: 'confirmed', reject: 'rejected', reconsider: 'candidate' };

let review: Review;
let sent: Sent[];
let refused: string | null;

beforeEach(() => {
  refused = null;
  const versions = new Map<string, number>();
  const made = appWith(({ path }) => {
    const [, id = '', verb] = /findings\/(f\d)(?:\/(\w+))?$/.exec(path) ?? [];
    if (!verb) return { body: finding(Number(id.slice(1)), 'rejected', 5) };
    if (refused === id) return { status: 409, body: { title: 'stale', status: 409 } };
    versions.set(id, (versions.get(id) ?? 1) + 1);
    return { body: finding(Number(id.slice(1)), STATES[verb], versions.get(id)) };
  });
  sent = made.sent;
  review = new Review(new ReviewCalls(made.app.api, 'flight'));
  review.findings = [1, 2, 3].map((number) => finding(number));
  review.chosen = 'f1';
});

const said = (): string[] => sent.map((one) => one.path.replace('/api/v1/findings/', ''));

describe('whoever types faster than the room answers', () => {
  it('judges one after the other, each once and in that order', async () => {
    const all = [review.say({ verb: 'confirm' }), review.say({ verb: 'reject' }), review.say({ verb: 'confirm' })];
    expect(review.chosen).toBeNull();
    expect(review.list).toEqual([]);
    expect(await Promise.all(all)).toEqual([null, null, null]);
    expect(said()).toEqual(['f1/confirm', 'f2/reject', 'f3/confirm']);
    expect(review.findings.map((one) => one.state)).toEqual(['confirmed', 'rejected', 'confirmed']);
  });

  it('takes back what was said last, not what the room happened to have answered', async () => {
    const confirming = review.say({ verb: 'confirm' });
    const rejecting = review.say({ verb: 'reject' });
    expect(review.canUndo).toBe(true);
    await review.undo();
    await Promise.all([confirming, rejecting]);
    expect(said()).toEqual(['f1/confirm', 'f2/reject', 'f2/reconsider']);
    expect(review.chosen).toBe('f2');
  });

  it('says a word of the same finding once', async () => {
    review.shown = '';
    const both = [review.say({ verb: 'confirm' }), review.say({ verb: 'confirm' })];
    await Promise.all(both);
    expect(said()).toEqual(['f1/confirm']);
  });
});

it('what the room refuses comes back as it is there, with its reason', async () => {
  refused = 'f1';
  const problem = await review.say({ verb: 'confirm' });
  expect(problem?.status).toBe(409);
  expect(review.findings[0]).toMatchObject({ state: 'rejected', version: 5 });
  expect(review.chosen).toBe('f2');
  expect(review.list.map((one) => one.finding_id)).toEqual(['f2', 'f3']);
});
