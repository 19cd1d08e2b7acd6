import type { Api, Problem, Result } from '../api/client';
import type { Role, SessionInfo } from '../api/types';

interface Person {
  user: string;
  role: Role;
  language: string;
}

/** Who is at the screen. `unknown` until the room has answered once. */
export class Session {
  readonly #api: Api;
  person: Person | null = $state(null);
  state: 'unknown' | 'signed_out' | 'signed_in' = $state('unknown');
  /** The session ended by itself while the page was open. */
  expired = $state(false);
  problem: Problem | null = $state(null);

  constructor(api: Api) {
    this.#api = api;
    api.onSignedOut = () => this.lost();
  }

  get isAdministrator(): boolean {
    return this.person?.role === 'administrator';
  }
  /** Brings the cards of drones. */
  get mayFly(): boolean {
    return this.person?.role === 'pilot' || this.isAdministrator;
  }
  /** Pilots do not see the alerts of cameras. */
  get seesAlerts(): boolean {
    return this.person !== null && this.person.role !== 'pilot';
  }

  /** Asks the room who we are; an unreachable room leaves the state as it is. */
  async load(): Promise<void> {
    const answer = await this.#api.session();
    if (!answer.ok && answer.problem.status !== 401) {
      this.problem = answer.problem;
      return;
    }
    this.#take(answer);
  }

  async login(user: string, password: string): Promise<Result<SessionInfo>> {
    return this.#take(await this.#api.login(user, password));
  }

  /** Whoever was signed in here before, the link's own person is to be next. */
  async loginByLink(token: string): Promise<Result<SessionInfo>> {
    this.#leave();
    return this.#take(await this.#api.loginByLink(token));
  }

  async logout(): Promise<Result<undefined>> {
    const answer = await this.#api.logout();
    if (answer.ok || answer.problem.status === 401) {
      this.expired = false;
      this.#leave();
    }
    return answer;
  }

  /** Whether the session still holds; when it does not, the person is asked to sign in again. */
  async check(): Promise<'good' | 'ended' | 'unreachable'> {
    const answer = await this.#api.session();
    if (answer.ok) return 'good';
    if (answer.problem.status !== 401) return 'unreachable';
    this.lost();
    return 'ended';
  }

  lost(): void {
    if (this.state !== 'signed_in') return;
    this.expired = true;
    this.#leave();
  }

  #take(answer: Result<SessionInfo>): Result<SessionInfo> {
    if (answer.ok) {
      const { user, role, language } = answer.data;
      this.person = { user, role, language };
      this.state = 'signed_in';
      this.expired = false;
      this.problem = null;
    } else if (this.state === 'unknown') {
      this.state = 'signed_out';
    }
    return answer;
  }

  #leave(): void {
    this.person = null;
    this.state = 'signed_out';
  }
}
