/** Which quirks hold for one BMC: those that somebody named, and those that its Get Device ID matches. */
import { AthanorError, didYouMean } from '../../errors/index.ts';
import type { Quirk, QuirkMatch, QuirkName } from './table.ts';
import { quirks, refusedQuirks } from './table.ts';

/** What Get Device ID tells. */
export interface QuirkSubject {
  manufacturerId: number;
  productId: number;
  firmwareMajor: number;
  /** BCD, as in the command. */
  firmwareMinor: number;
}

export interface AppliedQuirk {
  name: QuirkName;
  /** `matched`: by Get Device ID. */
  because: 'named in the settings' | 'matched';
  summary: string;
  source: string;
}

export interface Quirks {
  has(name: QuirkName): boolean;
  /** To be told of each Get Device ID. */
  learn(subject: QuirkSubject): void;
  /** Whether Get Device ID has been seen. */
  readonly learned: boolean;
  applied(): AppliedQuirk[];
}

const negation = 'no-';
const table: Readonly<Record<string, Quirk>> = quirks;

/**
 * @param named names as in the settings; `no-NAME` keeps one off that would match by itself
 * @throws `invalid-configuration` for a name that is not known
 */
export function createQuirks(bmcName: string, named: readonly string[] = []): Quirks {
  const on = new Set<QuirkName>();
  const off = new Set<QuirkName>();
  for (const word of named) {
    if (word.startsWith(negation)) off.add(knownName(bmcName, word, word.slice(negation.length)));
    else for (const name of withIncluded(knownName(bmcName, word, word))) on.add(name);
  }
  let matched = new Set<QuirkName>();
  let learned = false;

  return {
    has: (name) => on.has(name) || (matched.has(name) && !off.has(name)),
    learn(subject) {
      learned = true;
      const matching = quirkNames.filter((name) => table[name]?.match?.some((match) => matches(match, subject)));
      matched = new Set(matching.flatMap(withIncluded));
    },
    get learned() {
      return learned;
    },
    applied: () =>
      quirkNames
        .filter((name) => on.has(name) || (matched.has(name) && !off.has(name)))
        .map((name) => {
          const { summary, source } = quirks[name];
          return { name, because: on.has(name) ? 'named in the settings' : 'matched', summary, source };
        }),
  };
}

export const quirkNames: readonly QuirkName[] = Object.keys(quirks).filter(isQuirkName);

export function isQuirkName(name: string): name is QuirkName {
  return Object.hasOwn(quirks, name);
}

function knownName(bmcName: string, word: string, name: string): QuirkName {
  if (isQuirkName(name)) return name;
  const reason = Object.hasOwn(refusedQuirks, name) ? refusedQuirks[name] : undefined;
  const problem = reason === undefined ? `is not known.${didYouMean(name, quirkNames)}` : `is not offered: ${reason}`;
  throw new AthanorError('invalid-configuration', `BMC ${bmcName}: the quirk ${name} ${problem}`, {
    field: 'quirks',
    value: word,
    remedy: 'Name only quirks that `athanor bmc quirks --all` lists.',
  });
}

function withIncluded(name: QuirkName): QuirkName[] {
  return [name, ...(table[name]?.includes ?? []).filter(isQuirkName).flatMap(withIncluded)];
}

function matches(match: QuirkMatch, subject: QuirkSubject): boolean {
  if (match.manufacturerId !== subject.manufacturerId) return false;
  if (match.productIds !== undefined && !match.productIds.includes(subject.productId)) return false;
  const { from, below } = match.firmware ?? {};
  const revision = revisionNumber(`${subject.firmwareMajor}.${subject.firmwareMinor.toString(16).padStart(2, '0')}`);
  if (from !== undefined && revision < revisionNumber(from)) return false;
  return below === undefined || revision < revisionNumber(below);
}

/** `2.30` as a number that sorts: major, then minor. */
function revisionNumber(revision: string): number {
  const [major = '0', minor = '0'] = revision.split('.');
  return Number(major) * 1000 + Number.parseInt(minor.padEnd(2, '0'), 16);
}
