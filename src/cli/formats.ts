/** The formats that `-o` takes. */
import { type Command, Option } from 'commander';

export const formats = ['table', 'wide', 'json', 'yaml', 'name'] as const;
export type Format = (typeof formats)[number];

/** Adds `-o`; `extra` are formats only this command has. */
export function withOutput(command: Command, extra: readonly string[] = []): Command {
  return command.addOption(
    new Option('-o, --output <format>', 'how to print it').choices([...formats, ...extra]).default('table'),
  );
}

export function asFormat(text: unknown): Format {
  return formats.find((format) => format === text) ?? 'table';
}
