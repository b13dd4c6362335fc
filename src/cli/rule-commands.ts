/** The commands of `rule` that need no server: whether rule files are right, and whether their tests hold. */
import { type Command, Option } from 'commander';
import { AthanorError } from '../errors/index.ts';
import type { RuleTestResult } from '../recovery/index.ts';
import { type Context, formatOf } from './context.ts';
import { printList, type Shape, withOutput } from './output.ts';
import type { Terminal } from './terminal.ts';

const testShape: Shape<RuleTestResult> = {
  columns: [
    { header: 'RULE', value: ({ rule }) => rule },
    { header: 'FRAME', value: ({ frame }) => frame },
    { header: 'EXPECTED', value: ({ expect }) => expect },
    { header: 'GOT', value: ({ got }) => got, style: ({ ok }) => (ok ? undefined : 'red') },
    { header: 'OK', value: ({ ok }) => (ok ? 'yes' : 'no'), style: ({ ok }) => (ok ? 'green' : 'red') },
    { header: 'TEST', value: ({ file, line }) => `${file}:${line}`, wide: true },
  ],
  name: ({ rule, frame }) => `${rule} ${frame}`,
};

/** @param group the commands of `rule` */
export function addRuleCommands(group: Command, context: Context): void {
  const { terminal } = context;
  group
    .command('validate')
    .description('say all that is wrong with rule files')
    .requiredOption('-f, --file <path>', 'a rule file, or a folder of them')
    .addOption(new Option('-o, --output <format>', 'how to print it').choices(['table', 'json']).default('table'))
    .action(async (options: { file: string; output: string }) => {
      const { loadRuleFiles } = await import('./rule-files.ts');
      const { files, ruleSet } = await loadRuleFiles(options.file);
      const names = {
        rules: ruleSet.rules.map(({ name }) => name),
        playbooks: ruleSet.playbooks.map(({ name }) => name),
        files: files.map(({ name }) => name),
      };
      if (options.output === 'json') {
        terminal.stdout.write(`${JSON.stringify({ valid: true, ...names }, null, 2)}\n`);
        return;
      }
      const counts = Object.entries(names).map(([what, { length }]) =>
        length === 1 ? `1 ${what.slice(0, -1)}` : `${length} ${what}`,
      );
      terminal.stderr.write(`${options.file} is valid: ${counts.join(', ')}.\n`);
      sayUntested(terminal, ruleSet.rules);
    });
  withOutput(
    group
      .command('test')
      .description('run the tests that rules carry, on their stored frames')
      .requiredOption('-f, --file <path>', 'a rule file, or a folder of them'),
  ).action(async (options: { file: string }, command: Command) => {
    const { loadRuleFiles, testLoadedRules } = await import('./rule-files.ts');
    const loaded = await loadRuleFiles(options.file);
    const results = await testLoadedRules(loaded);
    printList(terminal, formatOf(command), results, testShape);
    sayUntested(terminal, loaded.ruleSet.rules);
    expectPassed(results);
  });
}

/** Throws `invalid-rules`, with a line for each test that does not hold. */
export function expectPassed(results: readonly RuleTestResult[]): void {
  const failed = results.filter(({ ok }) => !ok);
  if (failed.length === 0) return;
  const lines = failed.map(
    ({ file, line, rule, frame, expect, got, reason }) =>
      `${file}:${line}: ${rule} on ${frame}: expected ${expect}, got ${got}. ${reason ?? ''}`,
  );
  const [only] = failed;
  throw new AthanorError(
    'invalid-rules',
    [`${failed.length} of ${results.length} tests failed:`, ...lines].join('\n'),
    {
      ...(only === undefined ? {} : { field: `${only.file}:${only.line}` }),
      remedy: 'Look at the frame with `athanor screen read FRAME --text`, then correct the rule or the test.',
    },
  );
}

function sayUntested(terminal: Terminal, rules: readonly { name: string; tests: readonly unknown[] }[]): void {
  const untested = rules.filter(({ tests }) => tests.length === 0).map(({ name }) => name);
  if (untested.length > 0) terminal.stderr.write(`Without tests: ${untested.join(', ')}.\n`);
}
