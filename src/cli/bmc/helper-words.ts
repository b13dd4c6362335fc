/** A helper's command line as words, so that no shell has to see it. */
import { AthanorError } from '../../errors/index.ts';

/**
 * Quotes and backslashes as POSIX shells read them. What only a shell could do (pipes, variables, substitutions) is
 * refused: written out as `sh -c '…'` it is plain to see.
 */
export function wordsOfCommand(command: string): string[] {
  const words: string[] = [];
  const token = /\s+|'(?<single>[^']*)'|"(?<double>(?:[^"\\]|\\[\s\S])*)"|\\(?<escaped>[\s\S])|(?<plain>[^\s'"\\])/gy;
  let word: string | undefined;
  let at = 0;
  for (const found of command.matchAll(token)) {
    const { single, double, escaped, plain } = found.groups ?? {};
    at = found.index + found[0].length;
    if (/^\s/.test(found[0])) {
      if (word !== undefined) words.push(word);
      word = undefined;
      continue;
    }
    const special = plain !== undefined && /[|&;<>()$`*?#~]/.test(plain) ? plain : /[$`]/.exec(double ?? '')?.[0];
    if (special !== undefined) throw wrong(`holds ${special}, which only a shell understands`);
    word = (word ?? '') + (single ?? double?.replaceAll(/\\(["\\])/g, '$1') ?? escaped ?? plain ?? '');
  }
  if (at !== command.length) throw wrong('has a quote that is not closed');
  if (word !== undefined) words.push(word);
  if (words.length === 0) throw wrong('is empty');
  return words;
}

function wrong(what: string): AthanorError {
  return new AthanorError('invalid-input', `The password command ${what}.`, {
    field: '--password-command',
    remedy: "Write a program and its words, for example 'bw get password {host}'; for a shell write sh -c '…'.",
  });
}
