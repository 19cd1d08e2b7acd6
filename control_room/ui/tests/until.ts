import { vi } from 'vitest';

/** Only against what hangs; the second that the libraries give is over on a busy machine before a page has come. */
export const PATIENCE_MS = 60_000;

/** What `check` gives as soon as it throws nothing. */
export const until = <T>(check: () => T): Promise<T> => vi.waitFor(check, { timeout: PATIENCE_MS });
