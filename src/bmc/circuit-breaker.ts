import { AthanorError } from '../errors/index.ts';
import type { Clock, RandomBytes } from './ports.ts';
import { jittered } from './ports.ts';

export interface BreakerSettings {
  /** Unanswered calls in a row after which the BMC is left alone. */
  failureThreshold: number;
  /** How long at first; doubled after each probe that fails, up to the maximum. */
  coolDownMs: number;
  maximumCoolDownMs: number;
}

export const defaultBreakerSettings: BreakerSettings = {
  failureThreshold: 3,
  coolDownMs: 15_000,
  maximumCoolDownMs: 300_000,
};

export type BreakerState = 'closed' | 'open' | 'half-open';

/**
 * Leaves a BMC alone that does not answer: calls fail at once instead of each waiting out its deadline. After the
 * cool-down one call goes through as a probe; if it is answered all is as before, else the cool-down doubles.
 */
export class CircuitBreaker {
  readonly #bmcName: string;
  readonly #settings: BreakerSettings;
  readonly #clock: Clock;
  readonly #randomBytes: RandomBytes;
  #failures = 0;
  #coolDownMs: number;
  #openUntil: number | undefined;

  constructor(bmcName: string, settings: BreakerSettings, clock: Clock, randomBytes: RandomBytes) {
    this.#bmcName = bmcName;
    this.#settings = settings;
    this.#clock = clock;
    this.#randomBytes = randomBytes;
    this.#coolDownMs = settings.coolDownMs;
  }

  get state(): BreakerState {
    if (this.#openUntil === undefined) return 'closed';
    return this.#clock.monotonic() < this.#openUntil ? 'open' : 'half-open';
  }

  /** Throws `bmc-circuit-open` while the BMC is left alone. */
  check(): void {
    if (this.state !== 'open' || this.#openUntil === undefined) return;
    const seconds = Math.ceil((this.#openUntil - this.#clock.monotonic()) / 1000);
    throw new AthanorError(
      'bmc-circuit-open',
      `BMC ${this.#bmcName} did not answer ${this.#failures} calls in a row; it is left alone for another ${seconds} s`,
    );
  }

  /** The BMC answered, whatever it said. */
  answered(): void {
    this.#failures = 0;
    this.#openUntil = undefined;
    this.#coolDownMs = this.#settings.coolDownMs;
  }

  /** A whole call, with all its tries, went unanswered. */
  unanswered(): void {
    this.#failures += 1;
    const probeFailed = this.#openUntil !== undefined;
    if (!probeFailed && this.#failures < this.#settings.failureThreshold) return;
    if (probeFailed) this.#coolDownMs = Math.min(this.#coolDownMs * 2, this.#settings.maximumCoolDownMs);
    this.#openUntil = this.#clock.monotonic() + jittered(this.#coolDownMs, 0.1, this.#randomBytes);
  }
}
