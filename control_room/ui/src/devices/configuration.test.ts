import { describe, expect, it } from 'vitest';

import type { CameraHealth, RuleOffered } from '../api/types';
import { contentOf, differences, draftOf, numberFault, zonesFault, type Content } from './configuration';

const CAMERA: CameraHealth = {
  camera_id: 'placa',
  name: 'Plaça',
  state: 'live',
  reason: null,
  since: null,
  last_frame_at: null,
};
const DUMPING: RuleOffered = {
  name: 'illegal_dumping',
  on_by_default: true,
  about_people: false,
  needs_zone: [],
  settings: [{ key: 'unattended_s', usual: 10, minimum: 1, maximum: 3600, is_whole: false }],
};
const CROWD: RuleOffered = {
  name: 'crowd',
  on_by_default: false,
  about_people: true,
  needs_zone: [],
  settings: [{ key: 'people', usual: 12, minimum: 2, maximum: 1000, is_whole: true }],
};
const RULES = [DUMPING, CROWD];
const SQUARE = '[{"name":"a","kind":"watch","points":[[0,0],[1,0],[1,1]]}]';

function form(content: Content) {
  const drafts = draftOf(content, [CAMERA], RULES);
  const camera = drafts[0];
  if (!camera) throw new Error('no camera');
  return { drafts, camera };
}

describe('the form of a configuration', () => {
  it('changes nothing by being opened, whatever it does not know', () => {
    const content: Content = {
      cameras: {
        placa: {
          name: 'Plaça Major',
          lat: 41.1,
          lon: 1.2,
          zones: JSON.parse(SQUARE) as unknown,
          rules: { crowd: { enabled: true, severity: 'high' }, smoke_fire: { enabled: false } },
        },
        gone: { name: 'Another' },
      },
      evidence: { before_s: 20 },
    };
    const { drafts } = form(content);
    expect(differences(content, contentOf(content, drafts))).toEqual([]);
    expect(contentOf({}, form({}).drafts)).toEqual({ cameras: {} });
  });

  it('writes only what is not as usual', () => {
    const { drafts, camera } = form({});
    camera.setsRules = true;
    expect(contentOf({}, drafts)).toEqual({ cameras: { placa: { rules: {} } } });
    for (const rule of camera.rules) {
      rule.isOn = true;
      if (rule.offered === DUMPING) rule.values.unattended_s = '45';
    }
    camera.texts.analysis_fps = ' 2.5 ';
    const content = contentOf({}, drafts);
    expect(content).toEqual({
      cameras: {
        placa: { analysis_fps: 2.5, rules: { illegal_dumping: { unattended_s: 45 }, crowd: { enabled: true } } },
      },
    });
    expect(differences({ cameras: { placa: { rules: { illegal_dumping: { unattended_s: 20 } } } } }, content)).toEqual([
      { path: ['cameras', 'placa', 'analysis_fps'], from: undefined, to: 2.5 },
      { path: ['cameras', 'placa', 'rules', 'crowd', 'enabled'], from: undefined, to: true },
      { path: ['cameras', 'placa', 'rules', 'illegal_dumping', 'unattended_s'], from: 20, to: 45 },
    ]);
  });

  it('gives a camera back to its own file', () => {
    const content: Content = { cameras: { placa: { name: 'Plaça Major', zones: [], rules: {} } } };
    const { drafts, camera } = form(content);
    camera.texts.name = '';
    camera.setsRules = false;
    camera.setsZones = false;
    expect(contentOf(content, drafts)).toEqual({ cameras: {} });
  });

  it.each([
    ['', true],
    ['x', true],
    ['1', true],
    ['12.5', true],
    ['12', false],
  ])('takes %j people or not', (written, isWrong) => {
    const { drafts, camera } = form({});
    camera.setsRules = true;
    for (const rule of camera.rules) if (rule.offered === CROWD) rule.values.people = written;
    expect(numberFault(drafts) !== null).toBe(isWrong);
    camera.setsRules = false;
    expect(numberFault(drafts)).toBeNull();
    camera.texts.analysis_fps = '0';
    expect(numberFault(drafts)?.key).toBe('analysis_fps');
  });

  it.each([
    ['[', 'json', undefined],
    ['{}', 'list', 0],
    ['[null]', 'zone', 1],
    [SQUARE.replace('watch', 'wach'), 'zone', 1],
    [SQUARE.replace('"a"', '1'), 'zone', 1],
    [SQUARE.replace('[1,1]', '[1,1.2]'), 'point', 1],
    [SQUARE.replace('[1,1]', '[1]'), 'point', 1],
    [SQUARE.replace(',[1,1]', ''), 'zone', 1],
  ])('says what is wrong with the zones %s', (written, code, number) => {
    const fault = zonesFault(written);
    expect(fault).toMatchObject(number === undefined ? { code } : { code, number });
  });

  it('takes sound zones', () => {
    expect(zonesFault('[]')).toBeNull();
    expect(zonesFault(SQUARE)).toBeNull();
    expect(zonesFault('[{"name":"l","kind":"line","points":[[0,0],[1,1]]}]')).toBeNull();
  });
});
