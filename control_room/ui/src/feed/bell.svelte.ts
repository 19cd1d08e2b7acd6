import type { Bell } from './alarm.svelte';

const SAMPLE_RATE = 22_050;
const PERIOD_S = 4;
/** Frequency in Hz, start and length in s: two falling notes, twice; clear, and bearable at three in the morning. */
const NOTES: readonly (readonly [number, number, number])[] = [
  [784, 0, 0.45],
  [587, 0.22, 0.6],
  [784, 0.9, 0.45],
  [587, 1.12, 0.7],
];
const LOUDNESS = 0.32;

export function chime(): Float32Array<ArrayBuffer> {
  const samples = new Float32Array(SAMPLE_RATE * PERIOD_S);
  for (const [hertz, start_s, length_s] of NOTES) {
    const from = Math.round(start_s * SAMPLE_RATE);
    for (let i = 0; i < length_s * SAMPLE_RATE; i++) {
      const s = i / SAMPLE_RATE;
      const envelope = Math.min(1, s / 0.008) * Math.exp(-5 * (s / length_s));
      const wave = Math.sin(2 * Math.PI * hertz * s) + 0.25 * Math.sin(4 * Math.PI * hertz * s);
      samples[from + i] = (samples[from + i] ?? 0) + LOUDNESS * envelope * wave;
    }
  }
  return samples;
}

/** Rings through one looping buffer: no timer is involved, so a background tab rings as well. */
export class WebAudioBell implements Bell {
  readonly #mayPlay: () => boolean;
  #context: AudioContext | null = null;
  #source: AudioBufferSourceNode | null = null;
  #isWanted = false;
  blocked = $state(false);

  /** `mayPlay`: the person has touched the page, before which browsers refuse every sound. */
  constructor(mayPlay: () => boolean) {
    this.#mayPlay = mayPlay;
  }

  ring(): void {
    this.#isWanted = true;
    this.blocked = !this.#mayPlay();
    if (!this.blocked) this.#source ??= this.#start(true);
  }

  stop(): void {
    this.#isWanted = false;
    this.#source?.stop();
    this.#source = null;
  }

  once(): void {
    if (this.#mayPlay()) this.#start(false);
  }

  /** The person has touched the page: a bell that was refused may ring now. */
  allow(): void {
    if (this.#context?.state === 'suspended') void this.#context.resume();
    if (this.#isWanted && this.blocked) this.ring();
  }

  #start(loop: boolean): AudioBufferSourceNode {
    this.#context ??= new AudioContext();
    const buffer = this.#context.createBuffer(1, SAMPLE_RATE * PERIOD_S, SAMPLE_RATE);
    buffer.copyToChannel(chime(), 0);
    const source = this.#context.createBufferSource();
    source.buffer = buffer;
    source.loop = loop;
    source.connect(this.#context.destination);
    source.start();
    return source;
  }
}
