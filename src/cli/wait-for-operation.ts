/** `--wait`: shows an operation until it ends. A lost server is waited for; Ctrl-C leaves the operation running. */
import { setTimeout as delay } from 'node:timers/promises';
import { endedOperationStates, type OperationDetail, operationDetailSchema } from '../api/index.ts';
import { AthanorError } from '../errors/index.ts';
import { type Client, path } from './client.ts';
import { errorOfCode } from './named-error.ts';
import { percentOf, progressBar, progressText } from './progress-text.ts';
import { displayWidth } from './table.ts';
import { printable, type Terminal } from './terminal.ts';

const pollMs = 500;
/** How long the server may be away, a restart for example. */
const patienceMs = 60_000;

export async function waitForOperation(terminal: Terminal, client: Client, id: string): Promise<OperationDetail> {
  const display = terminal.stderr.isTTY ? liveLine(terminal) : plainLines(terminal);
  let failingSince: number | undefined;
  try {
    while (!terminal.signal.aborted) {
      try {
        const operation = await client.get(path`operations/${id}`, operationDetailSchema);
        failingSince = undefined;
        display.show(operation);
        if (endedOperationStates.includes(operation.state)) return operation;
      } catch (error) {
        if (!(error instanceof AthanorError && error.code === 'unreachable')) throw error;
        failingSince ??= Date.now();
        if (Date.now() - failingSince > patienceMs) throw error;
      }
      await delay(pollMs, undefined, { signal: terminal.signal }).catch(() => undefined);
    }
  } finally {
    display.end();
  }
  throw new AthanorError('aborted', `The operation ${id} goes on; only the waiting was interrupted.`, {
    remedy: `Look at it with \`athanor operation describe ${id}\`, or end it with \`athanor operation abort ${id}\`.`,
  });
}

/** Throws what a failed or aborted operation means, so that the exit code says it. */
export function throwUnlessSucceeded(operation: OperationDetail): void {
  if (operation.state === 'succeeded') return;
  const { failure, id } = operation;
  if (operation.state === 'aborted') throw new AthanorError('aborted', `The operation ${id} was aborted.`);
  const verbs = failure === null || failure.verbs.length === 0 ? '' : ` Safe next: ${failure.verbs.join(', ')}.`;
  const step = failure?.step ?? null;
  throw errorOfCode(
    failure?.code ?? 'internal',
    `${step === null ? '' : `${step}: `}${failure?.message ?? 'It failed.'}`,
    `${failure?.remedy ?? ''}${verbs}`.trim(),
  );
}

interface Display {
  show(operation: OperationDetail): void;
  end(): void;
}

/** One line, rewritten. */
function liveLine({ stderr }: Terminal): Display {
  let shown = '';
  return {
    show(operation) {
      const percent = percentOf(operation.progress);
      const bar = percent === undefined ? '' : ` ${progressBar(percent, 20)}`;
      const line = printable(`${seconds(operation)} ${stepOf(operation)}${bar} ${progressText(operation.progress)}`);
      let text = line.trimEnd();
      while (displayWidth(text) > (stderr.columns || 80) - 1) text = text.slice(0, -1);
      if (text === shown) return;
      shown = text;
      stderr.write(`\r\u001b[K${text}`);
    },
    end: () => void (shown !== '' && stderr.write('\n')),
  };
}

/** A line for each step and for each tenth of its way. */
function plainLines({ stderr }: Terminal): Display {
  let last = '';
  return {
    show(operation) {
      const tenth = Math.floor((percentOf(operation.progress) ?? 0) / 10);
      const key = `${operation.state} ${operation.step} ${operation.progress?.text} ${tenth}`;
      if (key === last) return;
      last = key;
      stderr.write(
        `${printable(`${seconds(operation)} ${stepOf(operation)} ${progressText(operation.progress)}`).trimEnd()}\n`,
      );
    },
    end: () => undefined,
  };
}

function stepOf({ state, step }: OperationDetail): string {
  return state === 'running' ? (step ?? 'begins') : state;
}

function seconds({ startedAt, endedAt }: OperationDetail): string {
  const end = endedAt === null ? Date.now() : Date.parse(endedAt);
  return `${Math.max(0, Math.round((end - Date.parse(startedAt)) / 1000))} s`;
}
