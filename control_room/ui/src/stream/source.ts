/** The state of the live connection as an operator must know it. */
export type Health = 'connecting' | 'live' | 'stale' | 'offline' | 'refused';

/** What of EventSource is used here. */
export interface EventStream {
  addEventListener(kind: string, listener: (event: MessageEvent<string>) => void): void;
  onerror: ((event: Event) => void) | null;
  close(): void;
}

export interface StreamListener {
  onEvent(kind: StreamKind, data: unknown): void;
  onHealth(health: Health): void;
  /** Nothing came over this connection: is the session still good? False stops the stream. */
  mayRetry(): Promise<boolean>;
}

export const STREAM_KINDS = [
  'snapshot',
  'alert',
  'camera',
  'device',
  'command',
  'position',
  'flight',
  'finding',
  'site',
  'heartbeat',
] as const;
export type StreamKind = (typeof STREAM_KINDS)[number];

const ADDRESS = '/api/v1/stream';
/** The room's heart beats every 10 s; two missed and a bit is silence. */
const SILENCE_MS = 25_000;
/** A lost connection that is back within this is no news to the operator. */
const GRACE_MS = 5_000;
/** After a longer gap a fresh snapshot is cheaper and surer than what was missed. */
const RESUME_MS = 60_000;
const RETRY_MIN_MS = 1_000;
const RETRY_MAX_MS = 5_000;

/**
 * One connection to the room's stream, kept alive: it opens, watches for silence, and opens again where it left off.
 * We reconnect by ourselves, because EventSource gives up on an HTTP error and never notices silence.
 */
export class StreamSource {
  readonly #open: (address: string) => EventStream;
  readonly #listener: StreamListener;
  readonly #now: () => number;
  #stream: EventStream | null = null;
  #running = false;
  #heardAt = 0;
  #heardHere = false;
  #lastId = '';
  #retryMs = RETRY_MIN_MS;
  #watch: ReturnType<typeof setTimeout> | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #grace: ReturnType<typeof setTimeout> | undefined;

  constructor(open: (address: string) => EventStream, listener: StreamListener, now: () => number = Date.now) {
    this.#open = open;
    this.#listener = listener;
    this.#now = now;
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#lastId = '';
    this.#retryMs = RETRY_MIN_MS;
    this.#listener.onHealth('connecting');
    this.#connect();
  }

  stop(): void {
    this.#running = false;
    this.#drop();
    clearTimeout(this.#grace);
  }

  retryNow(): void {
    if (!this.#running) return;
    this.#retryMs = RETRY_MIN_MS;
    this.#connect();
  }

  /** The browser says that its network is gone: no need to wait for silence. */
  networkLost(): void {
    if (!this.#running) return;
    this.#drop();
    this.#listener.onHealth('offline');
  }

  #connect(): void {
    this.#drop();
    this.#heardHere = false;
    const resume = this.#lastId !== '' && this.#now() - this.#heardAt < RESUME_MS;
    const stream = this.#open(resume ? `${ADDRESS}?last_event_id=${encodeURIComponent(this.#lastId)}` : ADDRESS);
    this.#stream = stream;
    for (const kind of STREAM_KINDS) {
      stream.addEventListener(kind, (event) => {
        if (stream === this.#stream) this.#heard(kind, event);
      });
    }
    stream.onerror = () => {
      if (stream === this.#stream) void this.#failed();
    };
    this.#expect();
  }

  #heard(kind: StreamKind, event: MessageEvent<string>): void {
    this.#heardAt = this.#now();
    this.#heardHere = true;
    this.#retryMs = RETRY_MIN_MS;
    clearTimeout(this.#grace);
    this.#grace = undefined;
    if (event.lastEventId) this.#lastId = event.lastEventId;
    this.#expect();
    this.#listener.onEvent(kind, JSON.parse(event.data));
    this.#listener.onHealth('live');
  }

  #expect(): void {
    clearTimeout(this.#watch);
    this.#watch = setTimeout(() => {
      this.#listener.onHealth('stale');
      this.#connect();
    }, SILENCE_MS);
  }

  async #failed(): Promise<void> {
    const fresh = !this.#heardHere;
    this.#drop();
    this.#grace ??= setTimeout(() => this.#listener.onHealth('stale'), GRACE_MS);
    if (fresh && !(await this.#listener.mayRetry())) {
      this.stop();
      return;
    }
    if (!this.#running) return;
    this.#retry = setTimeout(() => this.#connect(), this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MAX_MS);
  }

  #drop(): void {
    clearTimeout(this.#watch);
    clearTimeout(this.#retry);
    this.#stream?.close();
    this.#stream = null;
  }
}
