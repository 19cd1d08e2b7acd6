import { SvelteMap } from 'svelte/reactivity';

import type { Upload } from 'tus-js-client';

import type { Api } from '../api/client';
import type { FootageKind, UnfinishedFile } from '../api/types';

export type SendState = 'waiting' | 'sending' | 'paused' | 'offline' | 'done' | 'refused';

/** A file that is sent, or waits for it. */
export interface Sending {
  readonly footage_id: string;
  readonly flight_id: string;
  readonly name: string;
  readonly kind: FootageKind;
  readonly bytes: number;
  sent: number;
  state: SendState;
  /** Why it was refused, as the room says. */
  reason: string;
}

interface Job {
  file: File;
  upload_id: string | null;
  upload: Upload | null;
}

const AT_ONCE = 2;
const PIECE_BYTES = 8 * 1024 * 1024;
const AGAIN_MS = 5_000;
const ORDER: Record<FootageKind, number> = { telemetry: 0, still: 1, proxy: 2, video: 3, other: 4 };
const ENDPOINT = '/api/v1/uploads';

interface Deps {
  api: Api;
  isOnline: () => boolean;
}

/**
 * Sends files as long as the page is open, piece by piece, the small and telling ones first. What the room has is known
 * to the room: after a reload, or in another browser, the same files go on where they were.
 */
export class Uploads {
  readonly files = new SvelteMap<string, Sending>();
  isPaused = $state(false);
  isOnline = $state(true);
  readonly #jobs = new Map<string, Job>();
  readonly #deps: Deps;
  #again: ReturnType<typeof setTimeout> | undefined;

  readonly busy = $derived([...this.files.values()].some((one) => one.state !== 'done' && one.state !== 'refused'));
  readonly bytes = $derived([...this.files.values()].reduce((sum, one) => sum + one.bytes, 0));
  readonly sent = $derived([...this.files.values()].reduce((sum, one) => sum + one.sent, 0));

  constructor(deps: Deps) {
    this.#deps = deps;
    this.isOnline = deps.isOnline();
  }

  /** Begin to send, or go on. */
  add(of: Omit<UnfinishedFile, 'modified_at' | 'sha256' | 'folder'>, file: File): void {
    const known = this.files.get(of.footage_id);
    if (known && known.state !== 'refused') return;
    const { footage_id, flight_id, name, kind, bytes } = of;
    this.files.set(footage_id, this.#reactive({ footage_id, flight_id, name, kind, bytes, sent: of.here_bytes }));
    this.#jobs.set(footage_id, { file, upload_id: of.upload_id, upload: null });
    this.#next();
  }

  pause(): void {
    this.isPaused = true;
    this.#halt('paused');
  }

  resume(): void {
    this.isPaused = false;
    for (const one of this.files.values()) if (one.state === 'paused') one.state = 'waiting';
    this.#next();
  }

  online(): void {
    this.isOnline = true;
    for (const one of this.files.values()) if (one.state === 'offline') one.state = 'waiting';
    this.#next();
  }

  offline(): void {
    this.isOnline = false;
    this.#halt('offline');
  }

  /** What is over leaves the list. */
  tidy(): void {
    for (const [id, one] of this.files) {
      if (one.state === 'done' || one.state === 'refused') {
        this.files.delete(id);
        this.#jobs.delete(id);
      }
    }
  }

  /** Nobody is signed in any more. */
  clear(): void {
    this.#halt('paused');
    clearTimeout(this.#again);
    this.files.clear();
    this.#jobs.clear();
    this.isPaused = false;
  }

  #reactive(of: Omit<Sending, 'state' | 'reason'>): Sending {
    const one: Sending = $state({ ...of, state: 'waiting', reason: '' });
    return one;
  }

  #halt(state: 'paused' | 'offline'): void {
    for (const [id, one] of this.files) {
      if (one.state !== 'sending' && !(one.state === 'waiting' && state === 'paused')) continue;
      void this.#jobs.get(id)?.upload?.abort();
      one.state = state;
    }
  }

  #next(): void {
    if (this.isPaused || !this.isOnline) return;
    const all = [...this.files.values()];
    let free = AT_ONCE - all.filter((one) => one.state === 'sending').length;
    const waiting = all.filter((one) => one.state === 'waiting');
    waiting.sort((a, b) => ORDER[a.kind] - ORDER[b.kind] || a.bytes - b.bytes);
    for (const one of waiting) {
      if (free <= 0) return;
      free -= 1;
      one.state = 'sending';
      void this.#send(one);
    }
  }

  async #send(one: Sending): Promise<void> {
    const job = this.#jobs.get(one.footage_id);
    if (!job) return;
    const tus = await import('tus-js-client');
    if (one.state !== 'sending') return; // paused while the library came
    if (job.upload) {
      job.upload.start();
      return;
    }
    job.upload = new tus.Upload(job.file, {
      endpoint: ENDPOINT,
      ...(job.upload_id !== null && { uploadUrl: `${ENDPOINT}/${job.upload_id}` }),
      metadata: { footage_id: one.footage_id, filename: one.name },
      chunkSize: PIECE_BYTES,
      retryDelays: [],
      storeFingerprintForResuming: false,
      removeFingerprintOnSuccess: true,
      onBeforeRequest: (request) => {
        request.setHeader('X-CSRF-Token', this.#deps.api.csrf);
      },
      onProgress: (sent) => {
        one.sent = sent;
      },
      onSuccess: () => {
        one.sent = one.bytes;
        this.#ended(one, 'done', '');
      },
      onError: (error) => {
        const answer = error instanceof tus.DetailedError ? error.originalResponse : null;
        this.#failed(one, answer?.getStatus() ?? 0, answer?.getBody() ?? '');
      },
    });
    job.upload.start();
  }

  /** What the room refuses is over; anything else is tried again: the line, or the room, will be back. */
  #failed(one: Sending, status: number, body: string): void {
    if (one.state !== 'sending') return;
    const problem = problemIn(body);
    if (status === 401) {
      this.#deps.api.onSignedOut();
      return;
    }
    const kind = problem.type?.split(':').at(-1) ?? '';
    if ([403, 413, 422].includes(status) || kind === 'same-content' || kind === 'not-awaited') {
      const code = problem.reason ?? kind;
      this.#ended(one, 'refused', code ? `${code}: ${problem.detail ?? ''}` : (problem.detail ?? String(status)));
      return;
    }
    const job = this.#jobs.get(one.footage_id);
    if (status === 404 && job) {
      job.upload = null; // that upload is gone: begin another
      job.upload_id = null;
    }
    one.state = 'offline';
    clearTimeout(this.#again);
    this.#again = setTimeout(() => {
      if (this.#deps.isOnline()) this.online();
    }, AGAIN_MS);
  }

  #ended(one: Sending, state: 'done' | 'refused', reason: string): void {
    one.state = state;
    one.reason = reason;
    this.#next();
  }
}

interface TusProblem {
  type?: string;
  detail?: string;
  reason?: string;
}

function problemIn(body: string): TusProblem {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === 'object' && parsed !== null ? parsed : {};
  } catch {
    return {};
  }
}
