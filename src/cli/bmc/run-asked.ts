/** Runs one command of the table on all BMCs that were named, prints what came of it, and ends with its exit code. */
import type { BmcAnswer } from '../../bmc/index.ts';
import { AthanorError, catalogue } from '../../errors/index.ts';
import { type Context, Ended } from '../context.ts';
import { jsonText } from '../json-text.ts';
import { errorOfCode } from '../named-error.ts';
import { parametersOf } from '../../bmc/index.ts';
import { type Asked, optionNamesOf } from './command-tree.ts';
import { connectionOptionsOf } from './connection-options.ts';
import { directTargets } from './direct.ts';
import { asBmcFormat, printAnswers } from './print-answers.ts';
import { readParameters } from './read-parameters.ts';
import { defaultParallel, defaultParallelDirect, sweep } from './sweep.ts';

export async function runAsked(context: Context, asked: Asked): Promise<void> {
  const { terminal } = context;
  const { command, node, way } = asked;
  const own = optionNamesOf(parametersOf(command).filter(({ positional }) => !positional));
  const options = connectionOptionsOf(node, own);
  const parameters = await readParameters(terminal, asked);
  const format = asBmcFormat(node.opts()['output']);
  const { targets, single, end } =
    way === 'direct'
      ? await directTargets(terminal, options, command, parameters)
      : await (await import('./through-server.ts')).serverTargets(context, asked, options, parameters);
  let answers: BmcAnswer[];
  try {
    const names = targets.map(({ name }) => name);
    const because = parametersOf(command).filter(
      ({ name }) => command.disruptiveWith.includes(name) && parameters[name] === true,
    );
    const disruptive = command.effect === 'disruptive' || because.length > 0;
    if (disruptive && names.length > 1 && !options.yes) {
      const { confirm } = await import('./confirm.ts');
      await confirm(
        terminal,
        command,
        because.map(({ option }) => option),
        names,
      );
    }
    // A helper that gives a password may be run once for each BMC.
    const many = way === 'direct' && options.passwordCommand === undefined ? defaultParallelDirect : defaultParallel;
    answers = await sweep(terminal, targets, options.parallel ?? many, (answer) => {
      if (format === 'jsonl') terminal.stdout.write(`${jsonText(answer)}\n`);
    });
  } finally {
    await end();
  }
  await printAnswers(terminal, format, command, answers, single);
  const failed = answers.find(({ outcome }) => outcome !== 'done');
  if (failed === undefined) return;
  const error = errorOfAnswer(failed);
  if (single) throw error;
  throw new Ended(catalogue[error.code].exitCode);
}

function errorOfAnswer({ bmc, outcome, error }: BmcAnswer): AthanorError {
  if (error !== undefined) return errorOfCode(error.code, error.message, error.remedy);
  return new AthanorError(outcome === 'outcome unknown' ? 'outcome-unknown' : 'internal', `${bmc}: ${outcome}.`);
}
