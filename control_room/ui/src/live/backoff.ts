const FIRST_S = 0.5;
const LONGEST_S = 15;
/** Of the pause, up and down: a hundred pages must not come back in one moment. */
const JITTER = 0.4;

/** Seconds to wait before try `attempt` (1 is the first after the loss); `chance` is 0..1; the room may ask for longer. */
export function pauseBefore(attempt: number, chance: number, asked_s = 0): number {
  const plain = Math.min(LONGEST_S, FIRST_S * 2 ** Math.max(0, attempt - 1));
  return Math.max(asked_s, plain * (1 + JITTER * (2 * chance - 1)));
}

/** Answers that another try will not change; 409 says how the camera is now. Status 0: the room was not reached. */
export function isFinal(status: number): boolean {
  return status >= 400 && status < 500 && ![404, 408, 409, 425, 429].includes(status);
}
