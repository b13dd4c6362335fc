/**
 * The one lane to a BMC (design decision 10): whatever speaks to it, by whatever protocol, goes through here, strictly
 * one at a time. The lane keeps the request budget, the circuit breaker, and the memory of refused credentials.
 */
import { AthanorError, asAthanorError, isUnreachableBmc } from '../errors/index.ts';
import type { BreakerSettings, BreakerState } from './circuit-breaker.ts';
import { CircuitBreaker, defaultBreakerSettings } from './circuit-breaker.ts';
import type { Clock, RandomBytes, RefusedCredentials } from './ports.ts';
import { abortedError } from './ports.ts';
import type { BudgetSettings } from './request-budget.ts';
import { defaultBudgetSettings, RequestBudget } from './request-budget.ts';

export interface LaneSettings {
  breaker?: BreakerSettings;
  budget?: BudgetSettings;
  /** How many calls may wait; one more is refused at once. */
  maximumWaiting?: number;
  /** How many exchanges may be under way at a time; a BMC is slow and single-minded: 1 unless it is known to bear more. */
  inFlight?: number;
}

export interface LaneDependencies {
  clock: Clock;
  randomBytes: RandomBytes;
  refusedCredentials: RefusedCredentials;
}

/** What a credential is to the lane: never the secret itself. */
export interface CredentialReference {
  name: string;
  fingerprint: string;
}

export interface Lane {
  /** One exchange with the BMC, alone on the lane. An error that says it does not answer counts against the breaker. */
  exchange<Value>(task: () => Promise<Value>, signal?: AbortSignal): Promise<Value>;
  /**
   * A change with its read-back: changes queue among themselves, so that none disturbs what another waits to see. The
   * task calls `exchange` for each request, and reads of others pass in between.
   */
  change<Value>(task: () => Promise<Value>, signal?: AbortSignal): Promise<Value>;
  /** To be called when an answer came that only the BMC can have sent. */
  heard(): void;
  /** To be awaited before each packet. */
  beforeSending(signal?: AbortSignal): Promise<void>;
  /** Throws `bmc-authentication` for a credential that this BMC has refused. */
  checkCredential(credential: CredentialReference): Promise<void>;
  credentialRefused(credential: CredentialReference): Promise<void>;
  readonly breakerState: BreakerState;
}

const defaultMaximumWaiting = 100;

export function createLane(bmcName: string, dependencies: LaneDependencies, settings: LaneSettings = {}): Lane {
  const { clock, randomBytes, refusedCredentials } = dependencies;
  const breaker = new CircuitBreaker(bmcName, settings.breaker ?? defaultBreakerSettings, clock, randomBytes);
  const budget = new RequestBudget(settings.budget ?? defaultBudgetSettings, clock);
  const maximumWaiting = settings.maximumWaiting ?? defaultMaximumWaiting;
  const exchanges = createQueue(bmcName, maximumWaiting, settings.inFlight ?? 1);
  const changes = createQueue(bmcName, maximumWaiting, 1);

  let heard = 0;

  async function guarded<Value>(task: () => Promise<Value>): Promise<Value> {
    breaker.check();
    const before = heard;
    try {
      const value = await task();
      if (heard > before) breaker.answered();
      return value;
    } catch (thrown) {
      const error = asAthanorError(thrown);
      if (isUnreachableBmc(error.code)) breaker.unanswered();
      else if (heard > before) breaker.answered();
      throw error;
    }
  }

  return {
    exchange: (task, signal) => exchanges(() => guarded(task), signal),
    change: (task, signal) => changes(task, signal),
    heard() {
      heard += 1;
      budget.giveBack();
    },
    beforeSending: (signal) => budget.take(signal),
    async checkCredential({ name, fingerprint }) {
      if (!(await refusedCredentials.isRefused(bmcName, fingerprint))) return;
      throw new AthanorError(
        'bmc-authentication',
        `BMC ${bmcName} has refused credential ${name} before; it is not tried again until it changes`,
      );
    },
    async credentialRefused({ fingerprint }) {
      await refusedCredentials.remember(bmcName, fingerprint);
    },
    get breakerState() {
      return breaker.state;
    },
  };
}

type Queue = <Value>(task: () => Promise<Value>, signal?: AbortSignal) => Promise<Value>;

/** First come, first served, so many at a time. A task whose signal aborts while it waits is never started. */
function createQueue(bmcName: string, maximumWaiting: number, atATime: number): Queue {
  const waiting: (() => void)[] = [];
  let running = 0;

  function next(): void {
    while (running < atATime) {
      const start = waiting.shift();
      if (start === undefined) return;
      running += 1;
      start();
    }
  }

  return (task, signal) => {
    if (waiting.length >= maximumWaiting) {
      return Promise.reject(
        new AthanorError('conflict', `${waiting.length} calls already wait for BMC ${bmcName}`, {
          remedy: 'Wait until they are through, or find out who sends so many.',
        }),
      );
    }
    if (signal?.aborted) return Promise.reject(abortedError(signal));
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        waiting.splice(waiting.indexOf(start), 1);
        reject(abortedError(signal));
      };
      const start = (): void => {
        signal?.removeEventListener('abort', onAbort);
        // Always a turn later, so that nobody's task begins inside the call of another.
        Promise.resolve()
          .then(task)
          .then(resolve, reject)
          .finally(() => {
            running -= 1;
            next();
          });
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      waiting.push(start);
      next();
    });
  };
}
