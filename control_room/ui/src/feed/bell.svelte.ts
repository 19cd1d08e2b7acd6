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
  #context: AudioContext | null = null;
  #source: AudioBufferSourceNode | null = null;
  #state: AudioContextState | 'none' = $state('none');

  get blocked(): boolean {
    return this.#state === 'suspended';
  }

  ring(): void {
    if (this.#source) return;
    this.#source = this.#start(true);
  }

  stop(): void {
    this.#source?.stop();
    this.#source = null;
  }

  once(): void {
    this.#start(false);
  }

  /** After a gesture of the person the browser lets a refused bell ring. */
  allow(): void {
    if (this.#context?.state === 'suspended') void this.#context.resume();
  }

  #start(loop: boolean): AudioBufferSourceNode {
    const context = this.#ready();
    const buffer = context.createBuffer(1, SAMPLE_RATE * PERIOD_S, SAMPLE_RATE);
    buffer.copyToChannel(chime(), 0);
    const source = context.createBufferSource();
    source.buffer = buffer;
    source.loop = loop;
    source.connect(context.destination);
    source.start();
    return source;
  }

  #ready(): AudioContext {
    if (!this.#context) {
      const context = new AudioContext();
      context.onstatechange = () => (this.#state = context.state);
      this.#context = context;
      this.#state = context.state;
    }
    if (this.#context.state === 'suspended') void this.#context.resume();
    return this.#context;
  }
}
