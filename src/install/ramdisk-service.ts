/**
 * The server's side of the ramdisk's protocol, plain HTTP on the provisioning network (docs/reference/ramdisk-protocol.md).
 *
 * | request                      | body            | answer                                        |
 * | ---------------------------- | --------------- | --------------------------------------------- |
 * | POST /ramdisk/v1/exchange    | ticket, mac     | token, attempt, machine                       |
 * | POST /ramdisk/v1/inventory   | inventory       | ok                                            |
 * | GET  /ramdisk/v1/task?wait=S | –               | a task, held back up to S seconds             |
 * | GET  /ramdisk/v1/image       | –               | the image's bytes, ranges allowed             |
 * | POST /ramdisk/v1/progress    | phase, bytes    | ok                                            |
 * | POST /ramdisk/v1/complete    | digests, disk   | what next                                     |
 * | POST /ramdisk/v1/failed      | step, code      | what next                                     |
 *
 * All but `exchange` need `Authorization: Bearer` with the token of the machine's newest attempt.
 */
import { asAthanorError, AthanorError } from '../errors/index.ts';
import type { BootHttpRequest, BootHttpResponse } from '../site/index.ts';
import type { AttemptResult, BootAttempts, IdentifiedAttempt } from './boot-attempts.ts';
import { bearerToken, jsonAnswer, parseBody, problemAnswer } from './json-requests.ts';
import {
  completionReport,
  exchangeRequest,
  failureReport,
  type InventoryReport,
  inventoryReport,
  progressReport,
  type RamdiskNext,
  type RamdiskTask,
} from './ramdisk-messages.ts';
import { type Wakeups, waitUntil } from './wakeups.ts';

/** What the machines are to do; the machine room answers. */
export interface RamdiskWork {
  inventory(attempt: IdentifiedAttempt, report: InventoryReport): Promise<void>;
  task(attempt: IdentifiedAttempt): Promise<RamdiskTask>;
  /** The image file of the attempt's deployment; throws when it has none. */
  imageFile(attempt: IdentifiedAttempt): Promise<string>;
  /** What a machine does after it reported the end of its task. */
  next(attempt: IdentifiedAttempt, result: AttemptResult): Promise<RamdiskNext>;
}

export interface RamdiskServiceOptions {
  attempts: BootAttempts;
  work: RamdiskWork;
  wakeups: Wakeups;
  onError(error: AthanorError, path: string): void;
}

export type RamdiskService = (request: BootHttpRequest) => Promise<BootHttpResponse | undefined>;

const PREFIX = '/ramdisk/v1/';
const LONGEST_WAIT_SECONDS = 30;

function tokenOf(request: BootHttpRequest): string {
  const token = bearerToken(request);
  if (token === undefined) throw new AthanorError('unauthorised', 'the request carries no token');
  return token;
}

/** Answers requests under `/ramdisk/v1/`; undefined for any other path. */
export function createRamdiskService({ attempts, work, wakeups, onError }: RamdiskServiceOptions): RamdiskService {
  async function end(attempt: IdentifiedAttempt, result: AttemptResult): Promise<RamdiskNext> {
    await attempts.recordResult(attempt, result);
    wakeups.wake(attempt.machineId);
    return await work.next(attempt, result);
  }

  async function nextTask(request: BootHttpRequest, attempt: IdentifiedAttempt): Promise<RamdiskTask> {
    const token = tokenOf(request);
    const asked = Number(request.query.get('wait') ?? 0);
    const seconds = Number.isFinite(asked) ? Math.min(Math.max(asked, 0), LONGEST_WAIT_SECONDS) : 0;
    const patience = AbortSignal.timeout(seconds * 1000);
    const look = async (): Promise<RamdiskTask | undefined> => {
      const task = await work.task(attempt);
      // A newer boot may have begun while this one waited: then it is told so, and not to work.
      await attempts.authenticate(token, request.remoteAddress);
      return task.task === 'wait' ? undefined : task;
    };
    try {
      return await waitUntil(wakeups, attempt.machineId, look, { everyMs: 1000, signal: patience });
    } catch (error) {
      if (patience.aborted) return (await look()) ?? { task: 'wait' };
      throw error;
    }
  }

  async function answer(endpoint: string, request: BootHttpRequest): Promise<BootHttpResponse | undefined> {
    const { method, remoteAddress } = request;
    if (method === 'POST' && endpoint === 'exchange') {
      const { ticket } = parseBody(exchangeRequest, request);
      const { token, attempt } = await attempts.exchange(ticket, remoteAddress);
      wakeups.wake(attempt.machineId);
      return jsonAnswer(200, { token, attempt: attempt.number, machine: attempt.machineId });
    }
    const attempt = await attempts.authenticate(tokenOf(request), remoteAddress);
    switch (`${method} ${endpoint}`) {
      case 'POST inventory':
        await work.inventory(attempt, parseBody(inventoryReport, request));
        wakeups.wake(attempt.machineId);
        return jsonAnswer(200, { ok: true });
      case 'GET task':
        return jsonAnswer(200, await nextTask(request, attempt));
      case 'GET image':
        return { file: await work.imageFile(attempt), contentType: 'application/octet-stream' };
      case 'POST progress':
        await attempts.recordProgress(attempt, parseBody(progressReport, request));
        wakeups.wake(attempt.machineId);
        return jsonAnswer(200, { ok: true });
      case 'POST complete':
        return jsonAnswer(
          200,
          await end(attempt, { outcome: 'complete', report: parseBody(completionReport, request) }),
        );
      case 'POST failed':
        return jsonAnswer(200, await end(attempt, { outcome: 'failed', report: parseBody(failureReport, request) }));
      default:
        return undefined;
    }
  }

  return async (request) => {
    if (!request.path.startsWith(PREFIX)) return undefined;
    try {
      return await answer(request.path.slice(PREFIX.length), request);
    } catch (thrown) {
      const error = asAthanorError(thrown);
      onError(error, request.path);
      return problemAnswer(error);
    }
  };
}
