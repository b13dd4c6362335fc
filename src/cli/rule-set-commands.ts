/** The commands of `rule` that ask the server, and `playbook`. What needs no server is in rule-commands.ts. */
import type { Command } from 'commander';
import { ruleSetViewSchema } from '../api/index.ts';
import { AthanorError } from '../errors/index.ts';
import { type Context, formatOf, withClient } from './context.ts';
import { describe, printList, printOne, withOutput } from './output.ts';
import { playbookShape, ruleShape, stepText } from './recovery-shapes.ts';

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

  const playbooks = program.command('playbook').description('what rules do');
  withOutput(playbooks.command('list').description('list the playbooks in force')).action(async (_, command: Command) =>
    withClient(context, command, async (client) =>
      printList(terminal, formatOf(command), (await client.get('rules', ruleSetViewSchema)).playbooks, playbookShape),
    ),
  );
}
