/** The commands of `rule` that ask the server, and `playbook`. What needs no server is in rule-commands.ts. */
import type { Command } from 'commander';
import { type RuleSetView, ruleSetViewSchema } from '../api/index.ts';
import { AthanorError } from '../errors/index.ts';
import { type Context, flagOption, formatOf, withClient } from './context.ts';
import { describe } from './description.ts';
import { printList, printOne, type Shape, withOutput } from './output.ts';
import { playbookShape, ruleShape, stepText } from './recovery-shapes.ts';
import { expectPassed } from './rule-commands.ts';

const ruleSetShape: Shape<RuleSetView> = {
  name: ({ revision }) => String(revision),
  columns: [
    { header: 'REVISION', value: ({ revision }) => revision },
    { header: 'RULES', value: ({ rules }) => rules.length },
    { header: 'PLAYBOOKS', value: ({ playbooks }) => playbooks.length },
    { header: 'FILES', value: ({ files }) => files.length },
    { header: 'APPLIED', value: ({ appliedAt }) => appliedAt },
  ],
};

/** @param group the commands of `rule` */
export function addRuleSetCommands(group: Command, program: Command, context: Context): void {
  const { terminal } = context;
  withOutput(group.command('list').description('list the rules in force, in the order in which they are tried')).action(
    async (_, command: Command) =>
      withClient(context, command, async (client) =>
        printList(terminal, formatOf(command), (await client.get('rules', ruleSetViewSchema)).rules, ruleShape),
      ),
  );
  withOutput(group.command('describe').description('all that a rule says, and its playbook').argument('<name>')).action(
    async (name: string, _, command: Command) =>
      withClient(context, command, async (client) => {
        const { rules, playbooks } = await client.get('rules', ruleSetViewSchema);
        const rule = rules.find((candidate) => candidate.name === name);
        if (rule === undefined) {
          throw new AthanorError('not-found', `There is no rule ${name} in force.`, {
            field: 'rule',
            value: name,
            remedy: 'Look at `athanor rule list`.',
          });
        }
        const playbook = playbooks.find((candidate) => candidate.name === rule.playbook) ?? null;
        const format = formatOf(command);
        if (format !== 'table' && format !== 'wide') {
          const whole = { ...rule, steps: playbook?.steps ?? [] };
          printOne(terminal, format, whole, ruleShape);
          return;
        }
        const { attempts, source, ...rest } = rule;
        terminal.stdout.write(
          describe({
            ...rest,
            source: `${source.file}:${source.line}`,
            attempts: `${attempts.most} within ${attempts.withinMs / 1000} s on one machine`,
            steps: (playbook?.steps ?? []).map(stepText),
          }),
        );
      }),
  );

  withOutput(
    group
      .command('apply')
      .description('check the rules and run their tests here, then put them in force in the place of those before')
      .requiredOption('-f, --file <path>', 'a rule file, or a folder of them')
      .option('--skip-tests', 'check them, but do not run their tests'),
  ).action(async (options: { file: string }, command: Command) => {
    const { loadRuleFiles, testLoadedRules } = await import('./rule-files.ts');
    const loaded = await loadRuleFiles(options.file);
    if (!flagOption(command, 'skipTests')) expectPassed(await testLoadedRules(loaded));
    await withClient(context, command, async (client) => {
      const applied = await client.send('PUT', 'rules', { files: loaded.files }, ruleSetViewSchema);
      printOne(terminal, formatOf(command), applied, ruleSetShape);
    });
  });

  const playbooks = program.command('playbook').description('what rules do');
  withOutput(playbooks.command('list').description('list the playbooks in force')).action(async (_, command: Command) =>
    withClient(context, command, async (client) =>
      printList(terminal, formatOf(command), (await client.get('rules', ruleSetViewSchema)).playbooks, playbookShape),
    ),
  );
}
