import { beforeEach, expect, it } from 'vitest';

import { alertOf } from '../../tests/room';
import { Preferences } from '../preferences.svelte';
import { Room } from '../stream/room.svelte';
import { Alarm, type Bell } from './alarm.svelte';
import { chime } from './bell.svelte';

class CountingBell implements Bell {
  rings = false;
  blocked = false;
  ring(): void {
    this.rings = true;
  }
  stop(): void {
    this.rings = false;
  }
  once(): void {
    this.rings = true;
  }
}

let room: Room;
let bell: CountingBell;
let alarm: Alarm;
let preferences: Preferences;

beforeEach(() => {
  localStorage.clear();
  preferences = new Preferences(localStorage);
  room = new Room({ schedule: (flush) => flush(), onHeartbeat: () => undefined, onMissing: () => undefined });
  bell = new CountingBell();
  alarm = new Alarm(room, bell, preferences);
});

function rings(): boolean {
  alarm.follow();
  return bell.rings;
}

it('rings for a grave alert until somebody takes it', () => {
  room.put(alertOf(1, { severity: 'medium' }));
  expect(rings()).toBe(false);
  room.put(alertOf(2, { severity: 'high' }));
  expect(rings()).toBe(true);
  room.put(alertOf(2, { severity: 'high', state: 'acknowledged', version: 2 }));
  expect(rings()).toBe(false);
});

it('is silenced for what rings now, and rings for the next', () => {
  room.put(alertOf(1, { severity: 'critical' }));
  alarm.silence();
  expect(rings()).toBe(false);
  room.put(alertOf(2, { severity: 'high' }));
  expect(rings()).toBe(true);
});

it('is still where the sound is off, and counts all the same', () => {
  room.put(alertOf(1, { severity: 'critical' }));
  preferences.sound = false;
  expect([rings(), alarm.unanswered]).toEqual([false, 1]);
  expect(new Preferences(localStorage).sound).toBe(false);
});

it('has a chime that is heard and does not clip', () => {
  const loudest = Math.max(...chime().map(Math.abs));
  expect(loudest).toBeGreaterThan(0.2);
  expect(loudest).toBeLessThan(1);
});
