import type { Problem, Result } from '../api/client';

type Ask<T> = (cursor: string | null) => Promise<Result<{ items: T[]; next_cursor?: string | null }>>;

/** A list that the server gives page by page, or whole. */
export class Paged<T> {
  readonly #ask: Ask<T>;
  items: T[] = $state.raw([]);
  cursor: string | null = $state(null);
  isLoading = $state(true);
  /** What was asked for last was a further page. */
  isFurther = $state(false);
  problem: Problem | null = $state(null);
  #asked = 0;

  constructor(ask: Ask<T>) {
    this.#ask = ask;
  }

  async load(cursor: string | null = null): Promise<void> {
    this.isLoading = true;
    this.problem = null;
    this.isFurther = cursor !== null;
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
    this.cursor = answer.data.next_cursor ?? null;
  }
}
