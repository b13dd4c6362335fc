import { AthanorError } from '../errors/index.ts';

/** Lets one user in at a time, first come first served, each waiting at most `deadlineMs`. */
export class Queue {
  readonly #what: string;
  readonly #deadlineMs: number;
  readonly #waiting: (() => void)[] = [];
  #busy = false;

  constructor(what: string, deadlineMs: number) {
    this.#what = what;
    this.#deadlineMs = deadlineMs;
  }

  async enter(): Promise<void> {
    if (!this.#busy) {
      this.#busy = true;
      return;
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => {
      this.#waiting.splice(this.#waiting.indexOf(resolve), 1);
      reject(
        new AthanorError('database-failed', `waited ${this.#deadlineMs} ms for ${this.#what}, held by one transaction`),
      );
    }, this.#deadlineMs);
    this.#waiting.push(resolve);
    await promise.finally(() => clearTimeout(timer));
  }

  /** Hands the place to the next in line. */
  leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#busy = false;
    else next();
  }
}
