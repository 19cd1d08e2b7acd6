import type { Problem, Result } from '../api/client';
import type { Page } from '../api/types';

/** A list that the server gives page by page. */
export class Paged<T> {
  readonly #ask: (cursor: string | null) => Promise<Result<Page<T>>>;
  items: T[] = $state.raw([]);
  cursor: string | null = $state(null);
  isLoading = $state(true);
  problem: Problem | null = $state(null);
  #asked = 0;

  constructor(ask: (cursor: string | null) => Promise<Result<Page<T>>>) {
    this.#ask = ask;
  }

  async load(cursor: string | null = null): Promise<void> {
    this.isLoading = true;
    this.problem = null;
    const asked = ++this.#asked;
    const answer = await this.#ask(cursor);
    // Another filter was chosen meanwhile: its answer is the one that counts.
    if (asked !== this.#asked) return;
    this.isLoading = false;
    if (!answer.ok) {
      this.problem = answer.problem;
      return;
    }
    this.items = cursor === null ? answer.data.items : [...this.items, ...answer.data.items];
    this.cursor = answer.data.next_cursor;
  }
}
