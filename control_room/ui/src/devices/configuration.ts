import type { CameraHealth, RuleOffered } from '../api/types';

/** What the room sets of a device, as it goes over the wire; keys that this form does not know are kept. */
export interface Content {
  cameras?: Record<string, Table>;
  [section: string]: unknown;
}
type Table = Record<string, unknown>;

/** One camera as the form has it; an empty text leaves it to the device's own file. */
export interface CameraDraft {
  camera_id: string;
  label: string;
  texts: Record<TextKey, string>;
  setsRules: boolean;
  rules: RuleDraft[];
  setsZones: boolean;
  zones: string;
}
export interface RuleDraft {
  offered: RuleOffered;
  isOn: boolean;
  values: Record<string, string>;
}
export const TEXTS = ['name', 'analysis_fps', 'purpose', 'impact_assessment'] as const;
const OF_THE_FORM: readonly string[] = [...TEXTS, 'rules', 'zones'];
export type TextKey = (typeof TEXTS)[number];

export interface Difference {
  path: string[];
  /** Undefined: not set there. */
  from: unknown;
  to: unknown;
}

export type ZonesFault = { code: 'json'; fault: string } | { code: 'list' | 'zone' | 'point'; number: number } | null;

const KINDS = ['watch', 'mask', 'fixture', 'no_stopping', 'line'];
const LINE_POINTS = 2;
const AREA_POINTS = 3;

export function draftOf(
  content: Content,
  cameras: readonly CameraHealth[],
  rules: readonly RuleOffered[],
): CameraDraft[] {
  return cameras.map((camera) => {
    const set = content.cameras?.[camera.camera_id] ?? {};
    const tables = (set.rules ?? {}) as Record<string, Table>;
    return {
      camera_id: camera.camera_id,
      label: camera.name,
      texts: Object.fromEntries(TEXTS.map((key) => [key, text(set[key])])) as Record<TextKey, string>,
      setsRules: set.rules !== undefined && set.rules !== null,
      rules: rules.map((offered) => ({
        offered,
        isOn: (tables[offered.name]?.enabled ?? offered.on_by_default) === true,
        values: Object.fromEntries(
          offered.settings.map(({ key, usual }) => [key, text(tables[offered.name]?.[key] ?? usual)]),
        ),
      })),
      setsZones: Array.isArray(set.zones),
      zones: JSON.stringify(set.zones ?? [], null, 1),
    };
  });
}

/** What `content` becomes by the form; zones must have been found sound. */
export function contentOf(content: Content, drafts: readonly CameraDraft[]): Content {
  const cameras: Record<string, Table> = { ...content.cameras };
  for (const draft of drafts) {
    const had = content.cameras?.[draft.camera_id] ?? {};
    const set = Object.fromEntries(Object.entries(had).filter(([key]) => !OF_THE_FORM.includes(key)));
    for (const key of TEXTS) {
      const written = draft.texts[key].trim();
      if (written) set[key] = key === 'analysis_fps' ? Number(written) : written;
    }
    if (draft.setsRules) set.rules = rulesOf((had.rules ?? {}) as Record<string, Table>, draft.rules);
    if (draft.setsZones) set.zones = JSON.parse(draft.zones) as unknown;
    cameras[draft.camera_id] = set;
  }
  const named = Object.entries(cameras).filter(([, set]) => Object.keys(set).length > 0);
  return { ...content, cameras: Object.fromEntries(named) };
}

/** Only what is not as usual, and what was written before. */
function rulesOf(had: Record<string, Table>, drafts: readonly RuleDraft[]): Record<string, Table> {
  const tables: Record<string, Table> = { ...had };
  for (const { offered, isOn, values } of drafts) {
    const table: Table = { ...had[offered.name] };
    if (isOn !== offered.on_by_default || 'enabled' in table) table.enabled = isOn;
    for (const { key, usual } of offered.settings) {
      const value = Number(values[key]);
      if (value !== usual || key in table) table[key] = value;
    }
    if (Object.keys(table).length > 0) tables[offered.name] = table;
  }
  return tables;
}

/** The first number that is none or outside of what is allowed. */
export function numberFault(
  drafts: readonly CameraDraft[],
): { camera: string; key: string; from: number; to: number } | null {
  for (const draft of drafts) {
    const rate = draft.texts.analysis_fps.trim();
    if (rate && !isWithin(rate, { minimum: Number.MIN_VALUE, maximum: 60, is_whole: false }))
      return { camera: draft.label, key: 'analysis_fps', from: 0, to: 60 };
    for (const rule of draft.setsRules ? draft.rules : [])
      for (const one of rule.offered.settings)
        if (!isWithin(rule.values[one.key] ?? '', one))
          return { camera: draft.label, key: one.key, from: one.minimum, to: one.maximum };
  }
  return null;
}

function isWithin(written: string, limits: { minimum: number; maximum: number; is_whole: boolean }): boolean {
  const value = Number(written);
  if (!written.trim() || !Number.isFinite(value) || (limits.is_whole && !Number.isInteger(value))) return false;
  return value >= limits.minimum && value <= limits.maximum;
}

/** Zones of kind, name and points; the device says the rest. */
export function zonesFault(written: string): ZonesFault {
  let read: unknown;
  try {
    read = JSON.parse(written);
  } catch (error) {
    return { code: 'json', fault: error instanceof Error ? error.message : '' };
  }
  if (!Array.isArray(read)) return { code: 'list', number: 0 };
  for (const [index, zone] of (read as unknown[]).entries()) {
    const { name, kind, points } = (zone ?? {}) as Table;
    const needed = kind === 'line' ? LINE_POINTS : AREA_POINTS;
    const isKnown = kind === undefined || KINDS.some((one) => one === kind);
    if (typeof name !== 'string' || !isKnown || !Array.isArray(points) || points.length < needed)
      return { code: 'zone', number: index + 1 };
    if (!points.every(isPoint)) return { code: 'point', number: index + 1 };
  }
  return null;
}

function isPoint(point: unknown): boolean {
  const isShare = (value: unknown): boolean => typeof value === 'number' && value >= 0 && value <= 1;
  return Array.isArray(point) && point.length === 2 && point.every(isShare);
}

/** Leaf by leaf, lists whole; in the order of the paths. */
export function differences(before: unknown, after: unknown, path: string[] = []): Difference[] {
  if (isTable(before) || isTable(after)) {
    const [was, is] = [isTable(before) ? before : {}, isTable(after) ? after : {}];
    const keys = [...new Set([...Object.keys(was), ...Object.keys(is)])].sort();
    return keys.flatMap((key) => differences(was[key], is[key], [...path, key]));
  }
  return JSON.stringify(before) === JSON.stringify(after) ? [] : [{ path, from: before, to: after }];
}

function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function text(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
