/**
 * `make bench-screens`: the text of real screens, read by Athanor and by tesseract from the same PNG files, in turns.
 * Runs inside lab/enter. What is compared and what is not: README.md.
 *
 *     --runs N     readings of each screen by each (default 5)
 *     -o json      one JSON document instead of a table
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { decodeImage, loadFonts, readingText, readScreen } from '../src/console/index.ts';
import { median } from './report.ts';
import { type BenchScreen, takeScreens } from './screens.ts';

const run = promisify(execFile);
const root = path.resolve(import.meta.dirname, '..');
const { values } = parseArgs({
  options: { runs: { type: 'string', default: '5' }, output: { type: 'string', short: 'o', default: 'table' } },
});
const rounds = Number(values.runs);
/** With more threads than idle processors, tesseract's wait for each other: it was six times slower on a busy machine. */
const oneThread = { ...process.env, OMP_THREAD_LIMIT: '1' };
if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--runs ${values.runs}: a number from 1`);

/** What is compared: without the frames of boxes, which OCR does not know, and with any gap as one space. */
function comparable(text: string): string[] {
  return Array.from(
    text
      .replaceAll(/[\u2500-\u259f]/g, ' ')
      .replaceAll(/\s+/g, ' ')
      .trim(),
  );
}

/** Levenshtein's distance: characters to insert, delete or replace. */
function distance(left: readonly string[], right: readonly string[]): number {
  let before = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (const [row, letter] of left.entries()) {
    const line = [row + 1];
    for (const [column, other] of right.entries()) {
      const replaced = (before[column] ?? 0) + (letter === other ? 0 : 1);
      line.push(Math.min(replaced, (before[column + 1] ?? 0) + 1, (line[column] ?? 0) + 1));
    }
    before = line;
  }
  return before.at(-1) ?? 0;
}

interface Result {
  screen: string;
  size: string;
  characters: number;
  /** Medians in milliseconds. `command` is a whole process, as tesseract is. */
  milliseconds: { athanor: number; command: number; tesseract: number };
  /** Characters wrong, of those there are. */
  errorRate: { athanor: number; tesseract: number };
  ratio: number;
  commandRatio: number;
}

async function timed<Answer>(work: () => Promise<Answer> | Answer): Promise<{ answer: Answer; milliseconds: number }> {
  const started = performance.now();
  const answer = await work();
  return { answer, milliseconds: performance.now() - started };
}

async function compare(
  screen: BenchScreen,
  file: string,
  fonts: Awaited<ReturnType<typeof loadFonts>>,
): Promise<Result> {
  await writeFile(file, screen.png);
  const times = { athanor: [] as number[], command: [] as number[], tesseract: [] as number[] };
  let [ours, theirs] = ['', ''];
  const read = (): string => {
    const reading = readScreen(decodeImage(screen.png), fonts);
    return reading === undefined ? '' : readingText(reading);
  };
  for (let warming = 0; warming < 5; warming += 1) read();
  for (let round = 0; round < rounds; round += 1) {
    const athanor = await timed(read);
    const command = await timed(() => run(path.join(root, 'bin/athanor'), ['screen', 'read', file, '--text']));
    const tesseract = await timed(() => run('tesseract', [file, '-', '--psm', '6'], { env: oneThread }));
    times.athanor.push(athanor.milliseconds);
    times.command.push(command.milliseconds);
    times.tesseract.push(tesseract.milliseconds);
    [ours, theirs] = [athanor.answer, tesseract.answer.stdout];
  }
  const truth = comparable(screen.truth);
  const milliseconds = {
    athanor: median(times.athanor),
    command: median(times.command),
    tesseract: median(times.tesseract),
  };
  return {
    screen: screen.name,
    size: `${screen.width}x${screen.height}`,
    characters: truth.length,
    milliseconds,
    errorRate: {
      athanor: distance(comparable(ours), truth) / truth.length,
      tesseract: distance(comparable(theirs), truth) / truth.length,
    },
    ratio: milliseconds.tesseract / milliseconds.athanor,
    commandRatio: milliseconds.tesseract / milliseconds.command,
  };
}

function markdown(results: readonly Result[]): string {
  const percent = (rate: number): string => `${(rate * 100).toFixed(2)} %`;
  const rows = results.map(({ screen, size, characters, milliseconds, errorRate, ratio, commandRatio }) =>
    [
      screen,
      size,
      characters,
      milliseconds.athanor.toFixed(1),
      milliseconds.command.toFixed(0),
      milliseconds.tesseract.toFixed(0),
      ratio.toFixed(0),
      commandRatio.toFixed(1),
      percent(errorRate.athanor),
      percent(errorRate.tesseract),
    ].join(' | '),
  );
  const head = [
    'screen | size | characters | athanor, ms | `screen read`, ms | tesseract, ms | times faster | as a command | athanor, wrong | tesseract, wrong',
    '--- | --- | --- | --- | --- | --- | --- | --- | --- | ---',
  ];
  return [...head, ...rows].map((row) => `| ${row} |\n`).join('');
}

const directory = await mkdtemp(path.join(tmpdir(), 'bench-screens-'));
try {
  const fonts = await loadFonts(path.join(root, 'build/fonts'));
  process.stderr.write('taking the screens …\n');
  const screens = await takeScreens();
  const results: Result[] = [];
  for (const screen of screens) {
    process.stderr.write(`${screen.name} …\n`);
    results.push(await compare(screen, path.join(directory, 'frame.png'), fonts));
  }
  console.log(values.output === 'json' ? JSON.stringify(results, undefined, 2) : markdown(results).trimEnd());
} finally {
  await rm(directory, { recursive: true });
}
