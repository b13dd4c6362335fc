/** Rule files on disk: all of a folder as one set, checked, with the frames that their tests name. */
import { isUtf8 } from 'node:buffer';
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { decodeImage, loadFonts, readScreen } from '../console/index.ts';
import { AthanorError } from '../errors/index.ts';
import {
  parseRuleFiles,
  type RuleFile,
  type RuleFinding,
  RulesError,
  type RuleSet,
  type RuleTestResult,
  testRules,
} from '../recovery/index.ts';

const mostFiles = 200;
const deepest = 8;
const largestRuleFile = 4 * 2 ** 20;
/** A 4K screen as PPM has 25 MB. */
const largestFrame = 64 * 2 ** 20;

export interface LoadedRules {
  /** The folder the names of `files` start from, as it was given. */
  directory: string;
  /** By name; `sub/linux.yaml` in a folder below. */
  files: RuleFile[];
  ruleSet: RuleSet;
}

/**
 * Reads a rule file, or every `.yaml` and `.yml` file in a folder and below it, as one set in the order of their names.
 * Throws `RulesError` with all that is wrong, frames that are not there included.
 */
export async function loadRuleFiles(given: string): Promise<LoadedRules> {
  const whole = await stat(given).catch((cause: unknown) => {
    throw new AthanorError('invalid-input', `There is no file or folder ${given}.`, {
      field: 'file',
      value: given,
      remedy: 'Name a rule file, or a folder with some.',
      cause,
    });
  });
  const directory = whole.isDirectory() ? given : path.dirname(given);
  const root = await realpath(directory);
  const names = whole.isDirectory() ? await namesIn(directory, root) : [path.basename(given)];
  if (names.length === 0 || names.length > mostFiles) {
    const none = names.length === 0;
    throw new AthanorError('invalid-input', `${given} holds ${none ? 'no' : 'too many'} .yaml files.`, {
      field: 'file',
      value: given,
      remedy: none ? 'Name the folder that holds the rules.' : `Keep at most ${mostFiles} in it.`,
    });
  }
  const read = await Promise.all(names.map(async (name) => ({ name, bytes: await readRuleFile(directory, name) })));
  const garbled = read.flatMap(({ name, bytes }) => (isUtf8(bytes) ? [] : [notUtf8(name, bytes)]));
  const files = read.map(({ name, bytes }) => ({ name, text: bytes.toString() }));
  const { ruleSet, findings } = garbled.length > 0 ? { ruleSet: noRules, findings: garbled } : parseRuleFiles(files);
  const missing = findings.length > 0 ? [] : await missingFrames(ruleSet, directory, root);
  const all = [...findings, ...missing].map((finding) => ({ ...finding, file: path.join(directory, finding.file) }));
  if (all.length > 0) throw new RulesError(all);
  return { directory, files, ruleSet };
}

/** Runs the tests of the rules on their frames, read with the fonts that `make fonts` built. */
export async function testLoadedRules({ directory, ruleSet }: LoadedRules): Promise<RuleTestResult[]> {
  const fonts = await loadFonts(path.resolve(import.meta.dirname, '../../build/fonts'));
  const root = await realpath(directory);
  const read = async (frame: string): Promise<readonly string[] | undefined> => {
    const picture = decodeImage(await readFile(await frameFile(directory, root, frame)));
    return readScreen(picture, fonts)?.lines;
  };
  const results = await testRules(ruleSet, read);
  return results.map((result) => ({ ...result, file: path.join(directory, result.file) }));
}

/** Names from the folder, with `/` between; links to files are followed when they stay inside, links to folders not. */
async function namesIn(directory: string, root: string, below = '', depth = 0): Promise<string[]> {
  const names: string[] = [];
  const entries = await readdir(path.join(directory, below), { withFileTypes: true });
  for (const entry of entries) {
    const name = path.posix.join(below, entry.name);
    if (entry.name.startsWith('.')) continue;
    if (entry.isDirectory() && depth < deepest) names.push(...(await namesIn(directory, root, name, depth + 1)));
    else if (/\.ya?ml$/i.test(entry.name) && (await insideFile(directory, root, name))) names.push(name);
    if (names.length > mostFiles) break;
  }
  return names.toSorted();
}

/** The real path of a regular file inside the folder, or undefined. */
async function insideFile(directory: string, root: string, name: string): Promise<string | undefined> {
  try {
    const file = await realpath(path.join(directory, name));
    const inside = file.startsWith(root === path.sep ? root : root + path.sep);
    return inside && (await stat(file)).isFile() ? file : undefined;
  } catch {
    return undefined;
  }
}

const noRules: RuleSet = { rules: [], playbooks: [] };

/** Text of another encoding would be told as a mistake of the YAML, or taken with wrong letters in a pattern. */
function notUtf8(file: string, bytes: Buffer): RuleFinding {
  const lines = bytes.toString('latin1').split('\n');
  const wrong = lines.findIndex((line) => !isUtf8(Buffer.from(line, 'latin1')));
  const message = 'This is not text in UTF-8.';
  return { file, line: wrong + 1, message, remedy: 'Save the file as UTF-8.' };
}

async function readRuleFile(directory: string, name: string): Promise<Buffer> {
  const file = path.join(directory, name);
  try {
    if ((await stat(file)).size > largestRuleFile) throw new Error('it is too large for rules');
    return await readFile(file);
  } catch (error) {
    throw new AthanorError('invalid-input', `${file} cannot be read: ${reasonOf(error)}.`, {
      field: 'file',
      value: file,
      remedy: 'Name a rule file that you may read.',
      cause: error,
    });
  }
}

async function missingFrames(ruleSet: RuleSet, directory: string, root: string): Promise<RuleFinding[]> {
  const findings: RuleFinding[] = [];
  for (const { source, tests } of ruleSet.rules) {
    for (const { frame, line } of tests) {
      const name = path.posix.join(path.posix.dirname(source.file), frame);
      if ((await insideFile(directory, root, name)) !== undefined) continue;
      const message = `There is no frame ${path.join(directory, name)}, or it is not inside ${directory}.`;
      const remedy = 'Put the picture there, or name it by its path from the rule file.';
      findings.push({ file: source.file, line, message, remedy });
    }
  }
  return findings;
}

async function frameFile(directory: string, root: string, name: string): Promise<string> {
  const file = await insideFile(directory, root, name);
  if (file === undefined) throw new AthanorError('not-found', `There is no frame ${path.join(directory, name)}.`);
  if ((await stat(file)).size <= largestFrame) return file;
  throw new AthanorError('invalid-input', `${path.join(directory, name)} is too large for a picture of a screen.`);
}

function reasonOf(error: unknown): string {
  if (error instanceof Error) return 'code' in error ? String(error.code) : error.message;
  return String(error);
}
