import type { Clock } from './ports.ts';
import { sleep } from './ports.ts';

export interface BudgetSettings {
  /** Packets that may go out, one after the other, without an answer to any. */
  burst: number;
  /** Unanswered packets per second in the long run. */
  perSecond: number;
}

/** A BMC is a small computer: enough for retries on a bad network, too little for a storm of them to drown it. */
export const defaultBudgetSettings: BudgetSettings = { burst: 30, perSecond: 20 };

/**
 * A token bucket over everything that is sent to one BMC, whatever protocol it belongs to. A packet that is answered
 * costs nothing in the end: whoever waits for each answer, as the lane makes everybody do, goes at the BMC's own pace.
 * What goes unanswered (retries, openings of sessions, packets into the void) is spaced.
 */
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

  /** Waits until one more packet may be sent. */
  async take(signal?: AbortSignal): Promise<void> {
    this.#fill();
    while (this.#tokens < 1) {
      // A millisecond more than needed, so that rounding never leaves the bucket just short of a token.
      await sleep(this.#clock, ((1 - this.#tokens) * 1000) / this.#settings.perSecond + 1, signal);
      this.#fill();
    }
    this.#tokens -= 1;
  }

  /** The BMC answered a packet. */
  giveBack(): void {
    this.#tokens = Math.min(this.#settings.burst, this.#tokens + 1);
  }

  #fill(): void {
    const now = this.#clock.monotonic();
    const gained = ((now - this.#filledAt) * this.#settings.perSecond) / 1000;
    this.#tokens = Math.min(this.#settings.burst, this.#tokens + gained);
    this.#filledAt = now;
  }
}
