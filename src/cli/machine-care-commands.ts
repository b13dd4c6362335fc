/** `machine screen` and `machine maintenance`. */
import type { Command } from 'commander';
import { machineViewSchema, type ScreenView, screenViewSchema } from '../api/index.ts';
import { AthanorError } from '../errors/index.ts';
import { path } from './client.ts';
import { type Context, flagOption, formatOf, textOption, withClient } from './context.ts';
import { printOne, withOutput } from './output.ts';
import { hasColour } from './terminal.ts';
import { savePicture } from './picture-files.ts';
import { colouredScreen, plainScreen } from './screen-text.ts';
import { machineShape } from './shapes.ts';

const machineArgument = 'its name, id, MAC, UUID or serial';

/** @param group the commands of `machine` */
export function addMachineCareCommands(group: Command, context: Context): void {
  const { terminal } = context;
  withOutput(
    group
      .command('screen')
      .description('what its console shows now, in colours on a terminal')
      .argument('<machine>', machineArgument)
      .option('--text', 'without colours')
      .option('--png <file>', 'save the picture instead'),
  ).action(async (machine: string, _, command: Command) =>
    withClient(context, command, async (client) => {
      const format = formatOf(command);
      const screen = await client.get(path`machines/${machine}/screen`, screenViewSchema);
      const file = textOption(command, 'png');
      if (file !== undefined) {
        if (screen.frame === null) throw nothingToShow(screen);
        await savePicture(client, screen.frame, file);
        terminal.stderr.write(`${file}\n`);
        return;
      }
      if (format !== 'table' && format !== 'wide') {
        printOne(terminal, format, screen, { name: () => screen.machineName ?? screen.machine, columns: [] });
        return;
      }
      if (screen.reading === null) throw nothingToShow(screen);
      const colour = !flagOption(command, 'text') && hasColour(terminal.stdout, terminal.environment);
      terminal.stdout.write(colour ? colouredScreen(screen.reading) : plainScreen(screen.reading));
    }),
  );
  const maintenance = group
    .command('maintenance')
    .description('keep automation away from a machine, or let it come again')
    .argument('<machine>', machineArgument);
  maintenance.addArgument(maintenance.createArgument('<switch>', 'keep it away?').choices(['on', 'off']));
  withOutput(maintenance.option('--reason <text>', 'why')).action(
    async (machine: string, state: string, _, command: Command) =>
      withClient(context, command, async (client) => {
        const reason = textOption(command, 'reason');
        const body = { maintenance: state === 'on', ...(reason === undefined ? {} : { reason }) };
        const changed = await client.send('PUT', path`machines/${machine}/maintenance`, body, machineViewSchema);
        printOne(terminal, formatOf(command), changed, machineShape);
      }),
  );
}

/** Why there is nothing to look at, in words. */
function nothingToShow({ machine, machineName, power, frame, problem }: ScreenView): AthanorError {
  const name = machineName ?? machine;
  const why = problem === null ? '' : ` (${problem})`;
  if (frame !== null) {
    return new AthanorError('screen-unreadable', `The screen of ${name} cannot be read as text${why}.`, {
      remedy: 'Save the picture with --png FILE and look at it.',
    });
  }
  if (power === 'off') {
    return new AthanorError('screen-unreadable', `${name} has no power, so its screen shows nothing${why}.`, {
      remedy: 'Switch it on first, with `athanor bmc power on BMC`.',
    });
  }
  return new AthanorError('screen-unreadable', `There is no picture of the screen of ${name}${why}.`, {
    remedy: "Declare its console under the BMC's `console:` in the configuration, and check that it answers.",
  });
}
