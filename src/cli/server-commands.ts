/** `serve` and `config`: the commands that need no server, and load what they need only when they run. */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { type Context, textOption } from './context.ts';
import type { Terminal } from './terminal.ts';

export function addServerCommands(program: Command, context: Context): void {
  const { terminal } = context;
  program
    .command('serve')
    .description('run Athanor')
    .requiredOption('--config <file>', 'the configuration, YAML or JSON')
    .addOption(new Option('--log <format>', 'how to log').choices(['json', 'pretty']).default('json'))
    .action(async (options: { config: string; log: string }) => {
      const { serve } = await import('../serve/index.ts');
      const log = options.log === 'pretty' ? 'pretty' : 'json';
      await serve({ configurationFile: options.config, signal: terminal.signal, log });
    });

  const group = program.command('config').description('configuration files');
  group
    .command('detect')
    .description('print a configuration made from what the system knows')
    .option('--interface <name>', 'only this interface, and serve it')
    .addOption(new Option('-o, --output <format>', 'how to print it').choices(['yaml', 'json']).default('yaml'))
    .action(async (options: { output: string }, command: Command) => {
      const { detectConfiguration, readSystem } = await import('../serve/index.ts');
      const only = textOption(command, 'interface');
      const text = detectConfiguration({
        system: await readSystem(),
        format: options.output === 'json' ? 'json' : 'yaml',
        ...(only === undefined ? {} : { interface: only }),
        ...dataDirectory(terminal),
        ramdiskDirectory: resolve(import.meta.dirname, '../../build/ramdisk'),
      });
      terminal.stdout.write(text);
    });
  group
    .command('check')
    .description('read a configuration and say all that is wrong with it')
    .requiredOption('--config <file>', 'the configuration, YAML or JSON')
    .addOption(new Option('-o, --output <format>', 'how to print it').choices(['table', 'json']).default('table'))
    .action(async (options: { config: string; output: string }) => {
      const { describeFinding, loadConfiguration } = await import('../serve/index.ts');
      const { warnings } = await loadConfiguration(options.config);
      if (options.output === 'json') {
        terminal.stdout.write(`${JSON.stringify({ valid: true, warnings }, null, 2)}\n`);
        return;
      }
      for (const warning of warnings) terminal.stderr.write(`${describeFinding(warning)}\n`);
      terminal.stderr.write(`${options.config} is valid.\n`);
    });
}

function dataDirectory({ environment }: Terminal): { dataDirectory: string; dataDirectoryReason: string } {
  if (process.getuid?.() === 0) {
    return {
      dataDirectory: '/var/lib/athanor',
      dataDirectoryReason: 'Found as root, so it is the place for system services.',
    };
  }
  const configured = environment['XDG_STATE_HOME'];
  const base = configured !== undefined && configured.startsWith('/') ? configured : join(homedir(), '.local/state');
  return {
    dataDirectory: join(base, 'athanor'),
    dataDirectoryReason: 'Found without root rights, so it is in your home; /var/lib/athanor suits a system service.',
  };
}
