/** The reference pages say what the program does: each code, command, route and key is in them. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createApi, createTokens } from '../api/index.ts';
import { catalogue } from '../errors/index.ts';
import { readConfiguration } from '../serve/index.ts';
import { machine, planeOf } from './api.fixture.ts';
import { buildProgram } from './program.ts';
import { quiet } from './recovery.fixture.ts';

const page = (name: string): Promise<string> =>
  readFile(resolve(import.meta.dirname, `../../docs/reference/${name}.md`), 'utf8');

describe('the reference', () => {
  it('of errors is the catalogue', async () => {
    const rows = [...(await page('errors')).matchAll(/^\| `([\w-]+)` \| (.*?) \| (\d+) \| (\d+) \| (.*) \|$/gm)];
    const told = Object.fromEntries(
      rows.map(([, code = '', title, status, exitCode, remedy]) => [
        code,
        { title, status: Number(status), exitCode: Number(exitCode), remedy },
      ]),
    );
    expect(told).toEqual(catalogue);
  });

  it('of the command line names every command and every option', async () => {
    const text = (await page('cli')) + (await page('../bmc/commands'));
    const terminal = { ...process, environment: {}, signal: new AbortController().signal };
    const missing: string[] = [];
    const visit = (command: Awaited<ReturnType<typeof buildProgram>>, path: string): void => {
      if (command.commands.length === 0 && !text.includes(path)) missing.push(path);
      for (const { long } of command.options) {
        if (long !== '--output' && long !== '--version' && !text.includes(long ?? '')) missing.push(`${path} ${long}`);
      }
      for (const sub of command.commands) visit(sub, `${path} ${sub.name()}`);
    };
    visit(await buildProgram({ terminal }, '0.1.0'), 'athanor');
    expect(missing).toEqual([]);
  });

  it('of the API names every route', async () => {
    const text = await page('api');
    const generated = await page('../bmc/commands');
    const api = await createApi({
      controlPlane: planeOf(
        {
          calls: [],
          operations: [],
          action: { bmc: '', driver: '', outcome: 'done', evidence: [] },
          recovery: quiet(),
          machine,
        },
        [],
        new Set(),
      ),
      tokens: createTokens([]),
      certificate: { certificate: '', key: '', fingerprint: '' },
      logger: pino({ level: 'silent' }),
      version: '0.1.0',
    });
    const document = z
      .object({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) })
      .parse((await api.app.inject('/openapi.json')).json());
    await api.close();
    const routes = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `\`${method.toUpperCase()} ${path}\``),
    );
    expect(routes.filter((route) => !text.includes(route) && !generated.includes(route))).toEqual([]);
    const told = [...text.matchAll(/^\| `(GET|PUT|POST) /gm), ...generated.matchAll(/· `(GET|POST) /g)];
    expect(told.length).toBe(routes.length);
  });

  it('of the configuration shows one that is right but for the files it names', async () => {
    const [, yaml = ''] = /```yaml\n([\s\S]*?)```/.exec(await page('configuration')) ?? [];
    const reading = readConfiguration(yaml, '/nowhere/athanor.yaml');
    const error: unknown = await reading.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    const { findings } = z.object({ findings: z.array(z.object({ field: z.string() })) }).parse(error);
    expect(findings.map(({ field }) => field)).toEqual([
      'credentials[0].passwordFile',
      'credentials[1].passwordFile',
      'images[0].file',
    ]);
  });
});
