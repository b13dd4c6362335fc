/** `machine`, `operation`, `network`, `lease`, `image` and `credential`. */
import { type Command, Option } from 'commander';
import { z } from 'zod';
import {
  credentialProtocols,
  credentialViewSchema,
  imageViewSchema,
  leaseViewSchema,
  machineDetailSchema,
  machineViewSchema,
  networkViewSchema,
  type OperationView,
  operationDetailSchema,
  operationViewSchema,
} from '../api/index.ts';
import { type Client, path } from './client.ts';
import { type Context, flagOption, formatOf, textOption, withClient } from './context.ts';
import { addMachineCareCommands } from './machine-care-commands.ts';
import { printList, printOne, type Shape, withOutput } from './output.ts';
import { imageShape, leaseShape, machineShape, networkShape, operationShape } from './shapes.ts';
import { readSecretFromStdin } from './terminal.ts';
import { throwUnlessSucceeded, waitForOperation } from './wait-for-operation.ts';
import { readSecretFile } from './secret-file.ts';

const machineArgument = 'its name, id, MAC, UUID or serial';

export function addResourceCommands(program: Command, context: Context): void {
  addMachineCommands(program, context);
  addOperationCommands(program, context);
  addList(
    program,
    context,
    'network',
    'networks',
    networkViewSchema,
    networkShape,
    'networks and whether they are served',
  );
  addList(program, context, 'lease', 'leases', leaseViewSchema, leaseShape, 'addresses handed out');
  addList(program, context, 'image', 'images', imageViewSchema, imageShape, 'disk images');
  addCredentialCommands(program, context);
}

function addList<Row>(
  program: Command,
  context: Context,
  noun: string,
  plural: string,
  schema: z.ZodType<Row>,
  shape: Shape<Row>,
  summary: string,
): void {
  const group = program.command(noun).description(summary);
  withOutput(group.command('list').description(`list ${summary}`)).action(async (_, command: Command) =>
    withClient(context, command, async (client) =>
      printList(context.terminal, formatOf(command), await client.get(plural, z.array(schema)), shape),
    ),
  );
}

function addMachineCommands(program: Command, context: Context): void {
  const group = program.command('machine').description('servers: list, inspect, deploy, look at');
  withOutput(group.command('list').description('list machines')).action(async (_, command: Command) =>
    withClient(context, command, async (client) => {
      const machines = await client.get('machines', z.array(machineViewSchema));
      printList(context.terminal, formatOf(command), machines, machineShape);
    }),
  );
  withOutput(
    group.command('describe').description('all that is known of a machine').argument('<machine>', machineArgument),
  ).action(async (machine: string, _, command: Command) =>
    withClient(context, command, async (client) => {
      const detail = await client.get(path`machines/${machine}`, machineDetailSchema);
      printOne(context.terminal, formatOf(command), detail, machineShape, 'description');
    }),
  );
  withOutput(
    group
      .command('deploy')
      .description('write an image to its disk and boot it')
      .argument('<machine>', machineArgument)
      .requiredOption('--image <name>', 'the image to write')
      .option('--hostname <name>', 'the host name it gets')
      .option('--disk <device>', 'the disk to write, for example /dev/vda')
      .option('--name <name>', 'a name for the machine')
      .option('--wait', 'wait for the end, showing progress'),
  ).action(async (machine: string, _, command: Command) =>
    withClient(context, command, async (client) => {
      const request = Object.fromEntries(
        ['image', 'hostname', 'disk', 'name'].map((key) => [key, textOption(command, key)] as const),
      );
      const operation = await client.send('POST', path`machines/${machine}/deploy`, request, operationViewSchema);
      await finish(context, command, client, operation);
    }),
  );
  withOutput(
    group
      .command('inspect')
      .description('boot the ramdisk and take its inventory')
      .argument('<machine>', machineArgument)
      .option('--wait', 'wait for the end, showing progress'),
  ).action(async (machine: string, _, command: Command) =>
    withClient(context, command, async (client) => {
      const operation = await client.send('POST', path`machines/${machine}/inspect`, undefined, operationViewSchema);
      await finish(context, command, client, operation);
    }),
  );
  withOutput(
    group
      .command('name')
      .description('give a machine a name')
      .argument('<machine>', machineArgument)
      .argument('<name>'),
  ).action(async (machine: string, name: string, _, command: Command) =>
    withClient(context, command, async (client) => {
      const named = await client.send('PUT', path`machines/${machine}/name`, { name }, machineViewSchema);
      printOne(context.terminal, formatOf(command), named, machineShape);
    }),
  );
  addMachineCareCommands(group, context);
}

/** Prints the operation that was begun, or waits for its end and prints that. */
async function finish(context: Context, command: Command, client: Client, begun: OperationView): Promise<void> {
  if (!flagOption(command, 'wait')) return printOne(context.terminal, formatOf(command), begun, operationShape);
  const ended = await waitForOperation(context.terminal, client, begun.id);
  printOne(context.terminal, formatOf(command), ended, operationShape);
  throwUnlessSucceeded(ended);
}

function addOperationCommands(program: Command, context: Context): void {
  const group = program.command('operation').description('long work: list, look at, abort');
  withOutput(
    group
      .command('list')
      .description('list operations')
      .option('--machine <machine>', 'of this machine only')
      .option('--state <state>', 'in this state only'),
  ).action(async (_, command: Command) =>
    withClient(context, command, async (client) => {
      const search = new URLSearchParams();
      for (const key of ['machine', 'state']) {
        const value = textOption(command, key);
        if (value !== undefined) search.set(key, value);
      }
      const operations = await client.get(`operations?${search.toString()}`, z.array(operationViewSchema));
      printList(context.terminal, formatOf(command), operations, operationShape);
    }),
  );
  withOutput(
    group.command('describe').description('steps, log and failure of an operation').argument('<operation>'),
  ).action(async (id: string, _, command: Command) =>
    withClient(context, command, async (client) => {
      const detail = await client.get(path`operations/${id}`, operationDetailSchema);
      printOne(context.terminal, formatOf(command), detail, operationShape, 'description');
    }),
  );
  withOutput(
    group.command('abort').description('end an operation').argument('<operation>').option('--reason <text>', 'why'),
  ).action(async (id: string, _, command: Command) =>
    withClient(context, command, async (client) => {
      const body = { reason: textOption(command, 'reason') };
      const aborted = await client.send('POST', path`operations/${id}/abort`, body, operationViewSchema);
      printOne(context.terminal, formatOf(command), aborted, operationShape);
    }),
  );
}

function addCredentialCommands(program: Command, context: Context): void {
  const group = program.command('credential').description('logins for BMCs and consoles');
  withOutput(
    group
      .command('set')
      .description('set a credential; the password comes from standard input')
      .argument('<name>')
      .addOption(new Option('--protocol <protocol>', 'what it is for').choices(credentialProtocols).default('ipmi'))
      .option('--username <name>', 'the user on the BMC; none for vnc')
      .option('--password-file <file>', 'read the password from a file of mode 0600 instead')
      .option('--kg-file <file>', "the BMC's K_g key from a file of mode 0600, where it has one"),
  ).action(async (name: string, _, command: Command) => {
    const { terminal } = context;
    const file = textOption(command, 'passwordFile');
    const password = file === undefined ? await readSecretFromStdin(terminal, 'password') : await readSecretFile(file);
    const username = textOption(command, 'username');
    const keyFile = textOption(command, 'kgFile');
    const kg = keyFile === undefined ? undefined : await readSecretFile(keyFile);
    const body = {
      protocol: textOption(command, 'protocol'),
      password,
      ...(username === undefined ? {} : { username }),
      ...(kg === undefined ? {} : { kg }),
    };
    await withClient(context, command, async (client) => {
      const set = await client.send('PUT', path`credentials/${name}`, body, credentialViewSchema);
      printOne(terminal, formatOf(command), set, {
        name: (credential) => credential.name,
        columns: [{ header: 'NAME', value: (credential) => credential.name }],
      });
    });
  });
}
