/** `bmc list` and `bmc describe`: what the server has declared and learned. */
import type { Command } from 'commander';
import { z } from 'zod';
import { bmcDetailSchema, bmcViewSchema } from '../api/index.ts';
import { path } from './client.ts';
import { type Context, formatOf, withClient } from './context.ts';
import { printList, printOne } from './output.ts';
import { bmcShape } from './shapes.ts';

export async function listBmcs(context: Context, command: Command): Promise<void> {
  await withClient(context, command, async (client) =>
    printList(context.terminal, formatOf(command), await client.get('bmcs', z.array(bmcViewSchema)), bmcShape),
  );
}

export async function describeBmc(context: Context, command: Command, bmc: string): Promise<void> {
  await withClient(context, command, async (client) => {
    const detail = await client.get(path`bmcs/${bmc}`, bmcDetailSchema);
    printOne(context.terminal, formatOf(command), detail, bmcShape, 'description');
  });
}
