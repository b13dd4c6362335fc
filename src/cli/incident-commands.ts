/** `incident` and `outage`. */
import { styleText } from 'node:util';
import type { Command } from 'commander';
import { z } from 'zod';
import { incidentDetailSchema, incidentViewSchema, outageViewSchema } from '../api/index.ts';
import { path } from './client.ts';
import { type Context, flagOption, formatOf, textOption, withClient } from './context.ts';
import { incidentFilm } from './incident-film.ts';
import { printList, printOne, withOutput } from './output.ts';
import { savePictures } from './picture-files.ts';
import { incidentShape, outageLine, outageShape } from './recovery-shapes.ts';
import { hasColour, printable } from './terminal.ts';

export function addIncidentCommands(program: Command, context: Context): void {
  const { terminal } = context;
  const group = program.command('incident').description('failures of machines: what was seen and what was done');
  withOutput(
    group
      .command('list')
      .description('list incidents that are not resolved')
      .option('--all', 'those that are resolved as well'),
  ).action(async (_, command: Command) =>
    withClient(context, command, async (client) => {
      const format = formatOf(command);
      const state = flagOption(command, 'all') ? 'all' : 'open';
      const incidents = await client.get(`incidents?state=${state}`, z.array(incidentViewSchema));
      if (format === 'table' || format === 'wide') {
        const outages = await client.get('outages', z.array(outageViewSchema));
        const colour = hasColour(terminal.stdout, terminal.environment);
        for (const outage of outages.filter(({ resolvedAt }) => resolvedAt === null)) {
          const line = printable(outageLine(outage));
          terminal.stdout.write(`${colour ? styleText(['bold', 'red'], line, { validateStream: false }) : line}\n`);
        }
      }
      printList(terminal, format, incidents, incidentShape);
    }),
  );
  withOutput(
    group
      .command('describe')
      .description('the film of an incident: what was seen, what was done, and how long it took')
      .argument('<incident>')
      .option('--frames <directory>', 'save the pictures there as well'),
  ).action(async (id: string, _, command: Command) =>
    withClient(context, command, async (client) => {
      const format = formatOf(command);
      const incident = await client.get(path`incidents/${id}`, incidentDetailSchema);
      const film = incidentFilm(incident, hasColour(terminal.stdout, terminal.environment));
      if (format === 'table' || format === 'wide') terminal.stdout.write(film);
      else printOne(terminal, format, incident, incidentShape);
      const directory = textOption(command, 'frames');
      if (directory === undefined) return;
      const files = await savePictures(client, incident.observations, directory);
      terminal.stderr.write(
        files.length === 0 ? 'There are no pictures.\n' : files.map((file) => `${file}\n`).join(''),
      );
    }),
  );

  const outages = program.command('outage').description('many machines silent at once: automation is held');
  withOutput(outages.command('list').description('list outages')).action(async (_, command: Command) =>
    withClient(context, command, async (client) =>
      printList(terminal, formatOf(command), await client.get('outages', z.array(outageViewSchema)), outageShape),
    ),
  );
}
