import type { FootageKind, KnownFile, Proposal, WantedFlight } from '../api/types';
import type { Dropped } from './card';

/** What the pilot makes of a proposal: each file in a flight, or left out. */
export interface Choice {
  /** By index of the card's list: number of the flight, or null. */
  flight_of: (number | null)[];
  flights: number;
}

const SENT: readonly FootageKind[] = ['telemetry', 'still', 'proxy', 'video'];

/** As the room proposes; what is here, surely or perhaps, is left out. */
export function begin(proposal: Proposal, files: number): Choice {
  const flight_of: (number | null)[] = Array.from({ length: files }, () => null);
  proposal.flights.forEach((flight, number) => {
    for (const { index } of flight.files) flight_of[index] = number;
  });
  for (const { index } of proposal.known) flight_of[index] = null;
  return { flight_of, flights: proposal.flights.length };
}

/** Files that were begun before: they go on without a question. */
export function goingOn(proposal: Proposal): KnownFile[] {
  return proposal.known.filter((one) => one.state === 'awaited');
}

/** What is told to the room, with the card's index of each file in the order that it is told in. */
export function wanted(
  proposal: Proposal,
  files: readonly Dropped[],
  card: readonly {
    name: string;
    folder?: string;
    bytes: number;
    modified_at?: string | null;
    sha256?: string | null;
  }[],
  choice: Choice,
): { flights: WantedFlight[]; indices: number[][] } {
  const flights: WantedFlight[] = [];
  const indices: number[][] = [];
  const proposed = new Map(proposal.flights.flatMap((flight) => flight.files).map((file) => [file.index, file]));
  for (let number = 0; number < choice.flights; number += 1) {
    const chosen = files
      .map((_, index) => index)
      .filter((index) => choice.flight_of[index] === number && SENT.includes(proposed.get(index)?.kind ?? 'other'));
    if (chosen.length === 0) continue;
    const told = chosen.map((index) => {
      const file = proposed.get(index);
      const of = file?.belongs_to == null ? -1 : chosen.indexOf(file.belongs_to);
      return {
        ...(card[index] as { name: string; bytes: number }),
        kind: file?.kind as 'video',
        lens: file?.lens ?? null,
        recording: file?.recording ?? null,
        part: file?.part ?? null,
        belongs_to: of >= 0 ? of : null,
      };
    });
    flights.push({ files: told, doubts: proposal.flights[number]?.doubts ?? [] } as WantedFlight);
    indices.push(chosen);
  }
  return { flights, indices };
}
