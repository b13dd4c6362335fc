/** `bmc`: list, describe, power and boot device. */
import { type Command, Option } from 'commander';
import { z } from 'zod';
import {
  type BmcActionView,
  bmcActionViewSchema,
  bmcDetailSchema,
  bmcViewSchema,
  bootDevices,
  bootFirmwares,
  powerActions,
} from '../api/index.ts';
import { catalogue } from '../errors/index.ts';
import { errorOfCode, path } from './client.ts';
import { type Context, flagOption, formatOf, textOption, withClient } from './context.ts';
import { printList, printOne, withOutput } from './output.ts';
import { actionShape, bmcShape } from './shapes.ts';

export function addBmcCommands(program: Command, context: Context): void {
  const group = program.command('bmc').description('baseboard management controllers: power and boot device');
  withOutput(group.command('list').description('list BMCs')).action(async (_, command: Command) =>
    withClient(context, command, async (client) =>
      printList(context.terminal, formatOf(command), await client.get('bmcs', z.array(bmcViewSchema)), bmcShape),
    ),
  );
  withOutput(group.command('describe').description('all that is known of a BMC').argument('<bmc>')).action(
    async (bmc: string, _, command: Command) =>
      withClient(context, command, async (client) => {
        const detail = await client.get(path`bmcs/${bmc}`, bmcDetailSchema);
        printOne(context.terminal, formatOf(command), detail, bmcShape, 'description');
      }),
  );
  const power = group.command('power').description('read or change the power').argument('<bmc>');
  power.addArgument(power.createArgument('<action>', 'what to do').choices([...powerActions, 'status']));
  withOutput(power).action(async (bmc: string, action: string, _, command: Command) =>
    withClient(context, command, async (client) => {
      const route = path`bmcs/${bmc}/power`;
      const answer =
        action === 'status'
          ? await client.get(route, bmcActionViewSchema)
          : await client.send('PUT', route, { action }, bmcActionViewSchema);
      printAction(context, command, answer);
    }),
  );
  const boot = group
    .command('boot')
    .description('choose what it boots from, once unless told otherwise')
    .argument('<bmc>');
  boot.addArgument(boot.createArgument('<device>', 'what to boot from').choices([...bootDevices]));
  boot.addOption(new Option('--persistent', 'at every boot from now on'));
  boot.addOption(new Option('--firmware <firmware>', 'how that boot starts').choices([...bootFirmwares]));
  withOutput(boot).action(async (bmc: string, device: string, _, command: Command) =>
    withClient(context, command, async (client) => {
      const firmware = textOption(command, 'firmware');
      const body = {
        device,
        once: !flagOption(command, 'persistent'),
        ...(firmware === undefined ? {} : { firmware }),
      };
      printAction(context, command, await client.send('PUT', path`bmcs/${bmc}/boot`, body, bmcActionViewSchema));
    }),
  );
}

/** The answer is printed whatever came out; anything but `done` is an error too. */
function printAction(context: Context, command: Command, action: BmcActionView): void {
  printOne(context.terminal, formatOf(command), action, actionShape);
  if (action.outcome === 'done') return;
  if (action.error !== undefined) throw errorOfCode(action.error.code, action.error.message, action.error.remedy);
  const code = { unsupported: 'unsupported', failed: 'bmc-refused', 'outcome unknown': 'outcome-unknown' } as const;
  throw errorOfCode(code[action.outcome], `${action.bmc}: ${action.outcome}.`, catalogue[code[action.outcome]].remedy);
}
