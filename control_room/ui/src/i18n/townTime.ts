/** Times in a form that `<input type="datetime-local">` takes, on the town's clock and not the laptop's. */

/** `2026-03-14T02:00:00` in `zone`. */
export function toTown(iso: string, zone: string): string {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(new Date(iso));
  const of = (type: string): string => parts.find((part) => part.type === type)?.value ?? '';
  return `${of('year')}-${of('month')}-${of('day')}T${of('hour')}:${of('minute')}:${of('second')}`;
}

/** RFC 3339 of what a person wrote as the town's time; null where that is none. In a doubled hour the earlier one. */
export function fromTown(local: string, zone: string): string | null {
  const asIfUtc = Date.parse(`${local}Z`);
  if (!Number.isFinite(asIfUtc)) return null;
  const offset = (at: number): number => Date.parse(`${toTown(new Date(at).toISOString(), zone)}Z`) - at;
  const dayMs = 86_400_000;
  // A day before and after have the two offsets that can hold around a change of the clocks.
  const candidates = [offset(asIfUtc - dayMs), offset(asIfUtc + dayMs)]
    .map((before) => asIfUtc - before)
    .sort((a, b) => a - b);
  const exact = candidates.find((at) => at + offset(at) === asIfUtc);
  return new Date(exact ?? candidates[1] ?? asIfUtc).toISOString();
}
