import type { Clock } from './ports.ts';
import { sleep } from './ports.ts';

export interface BudgetSettings {
  /** Requests that may follow each other at once after a pause. */
  burst: number;
  /** Requests per second in the long run. */
  perSecond: number;
}

/** A BMC is a small computer: enough for a person's and a workflow's calls, too little for a busy loop to drown it. */
export const defaultBudgetSettings: BudgetSettings = { burst: 30, perSecond: 20 };

/** A token bucket over everything that is sent to one BMC, whatever protocol it belongs to. */
export class RequestBudget {
  readonly #settings: BudgetSettings;
  readonly #clock: Clock;
  #tokens: number;
  #filledAt: number;

  constructor(settings: BudgetSettings, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
    this.#tokens = settings.burst;
    this.#filledAt = clock.monotonic();
  }

  /** Waits until one more request may be sent. Called by one sender at a time: the lane sees to that. */
  async take(signal?: AbortSignal): Promise<void> {
    this.#fill();
    if (this.#tokens < 1) {
      // A millisecond more than needed, so that rounding never leaves the bucket just short of a token.
      await sleep(this.#clock, ((1 - this.#tokens) * 1000) / this.#settings.perSecond + 1, signal);
      this.#fill();
    }
    this.#tokens -= 1;
  }

  #fill(): void {
    const now = this.#clock.monotonic();
    const gained = ((now - this.#filledAt) * this.#settings.perSecond) / 1000;
    this.#tokens = Math.min(this.#settings.burst, this.#tokens + gained);
    this.#filledAt = now;
  }
}
