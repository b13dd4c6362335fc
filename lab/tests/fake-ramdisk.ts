/**
 * A ramdisk played by curl in a namespace of the provisioning network: it can be asked for things that a real one never
 * does. Ticket and token reach curl by its standard input, for this is no place to put them on a command line either.
 */
import type { Client } from './operator.ts';
import { runToEnd } from '../command.ts';

export interface Answer {
  status: number;
  /** One character for each byte. */
  text: string;
}

export interface FakeRamdisk {
  /** GET below /boot/ipxe/MAC/. */
  bootFile(file: string): Promise<Answer>;
  /** The ticket that the server hands out for the next boot. */
  ticket(): Promise<string>;
  call(method: 'GET' | 'POST', path: string, options?: { token?: string; body?: string }): Promise<Answer>;
  /** The same machine's agent, later: POST below /agent/v1/. */
  callAsAgent(path: string, options: { token?: string; body: string }): Promise<Answer>;
}

const quoted = (text: string): string => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;

export function playRamdisk(client: Client, server: string): FakeRamdisk {
  async function request(
    method: string,
    url: string,
    options: { token?: string; body?: string } = {},
  ): Promise<Answer> {
    const lines = [
      `url = ${quoted(url)}`,
      `request = ${method}`,
      ...(options.token === undefined ? [] : [`header = ${quoted(`Authorization: Bearer ${options.token}`)}`]),
      ...(options.body === undefined ? [] : [`data-binary = ${quoted(options.body)}`]),
      'write-out = "\\n%{http_code}"',
      'max-time = 30',
    ];
    const args = ['netns', 'exec', client.namespace, 'curl', '--silent', '--show-error', '--config', '-'];
    const { code, output, errors } = await runToEnd({ file: 'ip', args }, { input: `${lines.join('\n')}\n` });
    if (code !== 0) throw new Error(`curl ${method} ended with ${code}: ${errors}`);
    const end = output.lastIndexOf('\n');
    return { status: Number(output.slice(end + 1)), text: output.slice(0, end) };
  }

  const bootFile = (file: string): Promise<Answer> =>
    request('GET', `${server}/boot/ipxe/${client.mac.replaceAll(':', '-')}/${file}`);
  return {
    bootFile,
    ticket: async () => {
      const { status, text } = await bootFile('ticket');
      const ticket = /ticket=(\S+)/.exec(text)?.[1];
      if (status !== 200 || ticket === undefined) throw new Error(`no ticket (${status})`);
      return ticket;
    },
    call: (method, path, options) => request(method, `${server}/ramdisk/v1/${path}`, options),
    callAsAgent: (path, options) => request('POST', `${server}/agent/v1/${path}`, options),
  };
}
