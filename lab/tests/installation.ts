/** An Athanor of its own for each test of `serve`, used by the command line alone. */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'vitest';
import { stringify } from 'yaml';
import type { Rack } from '../index.ts';
import { type Ended, runToEnd } from '../command.ts';
import { athanorProgram, type Server, startServer } from './operator.ts';

export interface NetworkLine {
  name: string;
  interface: string;
  state: string;
  rival?: string;
  reason?: string;
}

export interface Installation {
  readonly configurationFile: string;
  readonly dataDirectory: string;
  command(args: [string, ...string[]], input?: string): Promise<Ended>;
  /** Writes the configuration, text or value. */
  configure(configuration: unknown): Promise<void>;
  serve(): Server;
  login(server?: string): Promise<void>;
  networks(): Promise<NetworkLine[]>;
}

/** A folder with its configuration, its data, its logs and its login. */
export function installIn(rack: Rack, folder: string, dataDirectory: string = path.join(folder, 'data')): Installation {
  const configurationFile = path.join(folder, 'athanor.yaml');
  const environment = { ATHANOR_LOGIN_FILE: path.join(folder, 'login.json') };
  let starts = 0;

  async function command(args: [string, ...string[]], input?: string): Promise<Ended> {
    const where = rack.inControl([athanorProgram, ...args]);
    return await runToEnd(where, { environment, ...(input === undefined ? {} : { input }) });
  }

  return {
    configurationFile,
    dataDirectory,
    command,
    configure: async (configuration: unknown): Promise<void> => {
      await mkdir(folder, { recursive: true });
      await writeFile(configurationFile, typeof configuration === 'string' ? configuration : stringify(configuration));
    },
    serve: (): Server => {
      starts += 1;
      return startServer(rack, { configurationFile, logFile: path.join(folder, `serve-${starts}.log`) });
    },
    login: async (server = `unix:${path.join(folder, 'api.sock')}`): Promise<void> => {
      expect(await command(['login', server, '--local', dataDirectory])).toMatchObject({ code: 0 });
    },
    networks: async (): Promise<NetworkLine[]> => {
      const { code, output, errors } = await command(['network', 'list', '-o', 'json']);
      if (code !== 0) throw new Error(errors);
      return JSON.parse(output) as NetworkLine[];
    },
  };
}

/** A configuration with one served network. */
export function configurationWith(network: Record<string, unknown> = {}, extra: Record<string, unknown> = {}) {
  return {
    dataDirectory: 'data',
    api: { listen: ['unix:api.sock'] },
    networks: [
      {
        name: 'provisioning',
        interface: 'cp0',
        subnet: '10.77.0.0/24',
        address: '10.77.0.1',
        serve: true,
        range: '10.77.0.100-10.77.0.199',
        ...network,
      },
    ],
    ...extra,
  };
}
