/** The command tree. */
import type { Command } from 'commander';
import { loadBmcCommands } from '../bmc/index.ts';
import { addBmcCommands } from './bmc-commands.ts';
import { addCompletionCommand } from './completion-command.ts';
import type { Context } from './context.ts';
import { addEventCommands } from './event-commands.ts';
import { addIncidentCommands } from './incident-commands.ts';
import { addLoginCommand } from './login-command.ts';
import { addResourceCommands } from './resource-commands.ts';
import { createRoot } from './root-command.ts';
import { addRuleCommands } from './rule-commands.ts';
import { addRuleSetCommands } from './rule-set-commands.ts';
import { addScreenCommands } from './screen-commands.ts';
import { addServerCommands } from './server-commands.ts';
import { addSimCommands } from './sim-commands.ts';

export async function buildProgram(context: Context, version: string): Promise<Command> {
  const program = createRoot(context, version);
  addServerCommands(program, context);
  addLoginCommand(program, context);
  addResourceCommands(program, context);
  addBmcCommands(program, context, 'server', await loadBmcCommands());
  addIncidentCommands(program, context);
  const rules = program.command('rule').description('rules: what is done about what is seen');
  addRuleCommands(rules, context);
  addRuleSetCommands(rules, program, context);
  addScreenCommands(program, context);
  addEventCommands(program, context);
  addSimCommands(program, context);
  addCompletionCommand(program, context);
  return program;
}
