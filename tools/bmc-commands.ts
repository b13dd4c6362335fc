/**
 * The page of all commands for BMCs, made from the table: `node tools/bmc-commands.ts --write` writes it. A test compares,
 * so that the page and the program never differ.
 */
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type BmcCommand, type BmcParameter, loadBmcCommands, parametersOf, routeOf } from '../src/bmc/index.ts';
import { allProofs } from '../src/bmc/testing/peer-proofs/all-proofs.ts';

export const pageFile = resolve(import.meta.dirname, '../docs/bmc/commands.md');

const head = `# Commands for BMCs

*Made from the table of commands (\`src/bmc/commands/table.ts\`) by \`node tools/bmc-commands.ts --write\`.*

Each line is a command of three doors with the same parameters:

    athanor bmc --host r1n01 --user admin --password-file F COMMAND    # straight to the BMC, without a server
    athanor bmc COMMAND BMC …                                          # through the server: BMC first, then the words
    GET or POST /api/v1/bmcs/{bmc}/…                                   # the API

How hosts, passwords and output are given: [a guide](direct.md). A GET takes the parameters as a query, a POST as a JSON body,
both by the names in the last column. An effect is one of: **read** changes nothing; **change** can be taken back;
**disruptive** interrupts the machine or the BMC, or destroys something, and is asked back when it is meant for several.
`;

const proofHead = `## What no peer proves

Every other command was compared with what ipmitool or FreeIPMI say of the same BMC, in a test. Not so these:
`;

export async function renderPage(commands: readonly BmcCommand[]): Promise<string> {
  const subjects = new Map<string, BmcCommand[]>();
  for (const command of commands) {
    const [subject = ''] = command.name.split(' ');
    subjects.set(subject, [...(subjects.get(subject) ?? []), command]);
  }
  const sections = [...subjects].map(([subject, list]) => `## ${subject}\n\n${renderSubject(list)}`);
  const unproved = (await allProofs()).flatMap(([name, proof]) =>
    'unproved' in proof ? [`- \`${name}\`: ${proof.unproved}`] : [],
  );
  return [head, ...sections, proofHead, ...unproved.toSorted(), ''].join('\n');
}

/** Parameters that several commands share are told once. */
function renderSubject(commands: readonly BmcCommand[]): string {
  const told = new Map<string, string>();
  return commands
    .map((command) => {
      const { heading, table } = renderCommand(command);
      const before = told.get(table);
      if (table !== '') told.set(table, before ?? command.name);
      const rest = before === undefined ? table : `Parameters: those of \`${before}\`.\n`;
      return table === '' ? heading : `${heading}\n${rest}`;
    })
    .join('\n');
}

function renderCommand(command: BmcCommand): { heading: string; table: string } {
  const parameters = parametersOf(command);
  const { method, path } = routeOf(command);
  const heading = [
    `### athanor bmc ${command.name}`,
    '',
    `${command.summary[0]?.toUpperCase()}${command.summary.slice(1)}. *${command.effect}* · \`${method} /api/v1/bmcs/{bmc}/${path}\``,
    '',
  ].join('\n');
  if (parameters.length === 0) return { heading, table: '' };
  const rows = parameters.map(
    (parameter) =>
      `| ${writtenAs(parameter)
        .map((text) => `\`${text}\``)
        .join(', ')} | ${cell(meaning(parameter))} | \`${parameter.name}\` |`,
  );
  return { heading, table: `${['| written | means | in the API |', '| --- | --- | --- |', ...rows].join('\n')}\n` };
}

function writtenAs({ positional, option, kind, secret, preset, required }: BmcParameter): string[] {
  const name = option.toUpperCase();
  if (positional) return [`${name}${kind === 'list' ? ' …' : ''}`];
  if (secret) return [`--${option}-file FILE`];
  if (kind !== 'flag') return [`--${option} VALUE`];
  return [...(preset === true ? [] : [`--${option}`]), ...(preset !== false || required ? [`--no-${option}`] : [])];
}

function meaning({ description, choices, required, preset, kind }: BmcParameter): string {
  const listed = choices.length > 0 ? `: ${choices.join(', ')}` : '';
  const plain = typeof preset === 'string' || typeof preset === 'number' || (kind === 'flag' && preset === true);
  const rest = required ? '; needed' : plain ? `; ${String(preset)} when left out` : '';
  return `${description}${listed}${rest}`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

if (process.argv[1] === import.meta.filename) {
  if (process.argv.includes('--write')) await writeFile(pageFile, await renderPage(await loadBmcCommands()));
  else process.stdout.write(await renderPage(await loadBmcCommands()));
}
