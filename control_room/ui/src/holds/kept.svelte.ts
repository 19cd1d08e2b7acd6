import type { Api, Problem } from '../api/client';
import type { Hold } from '../api/types';

/** Why one alert must stay. */
export class Kept {
  readonly #api: Api;
  #id = '';
  holds: Hold[] = $state.raw([]);
  /** The room has answered, or has not been able to. */
  isKnown = $state(false);
  problem: Problem | null = $state(null);

  constructor(api: Api) {
    this.#api = api;
  }

  async load(alert_id: string): Promise<void> {
    if (alert_id !== this.#id) [this.#id, this.holds, this.isKnown] = [alert_id, [], false];
    const answer = await this.#api.holdsOf(alert_id);
    if (alert_id !== this.#id) return;
    this.isKnown = true;
    this.problem = answer.ok ? null : answer.problem;
    if (answer.ok) this.holds = answer.data.items;
  }

  async keep(alert_id: string, reason: string, until: string | null): Promise<Problem | null> {
    const answer = await this.#api.hold({ object: { kind: 'alert', alert_id }, reason, until });
    if (!answer.ok) return answer.problem;
    await this.load(alert_id);
    return null;
  }
}
