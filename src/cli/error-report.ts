/** How an error is told: one block for people, one problem document for programs. */
import { styleText } from 'node:util';
import { asAthanorError, catalogue } from '../errors/index.ts';
import { hasColour, printable, type Terminal } from './terminal.ts';

/** Writes the error to stderr and says which exit code it means. */
export function reportError(terminal: Terminal, thrown: unknown, asJson: boolean): number {
  const error = asAthanorError(thrown);
  const { title, status, exitCode } = catalogue[error.code];
  const { message, code, field, value, remedy } = error;
  if (asJson) {
    const problem = { type: `urn:athanor:error:${code}`, title, status, detail: message, code, field, value, remedy };
    // A configuration's error carries all that was found, each with its place.
    const errors = 'findings' in error ? { errors: error.findings } : {};
    terminal.stderr.write(`${JSON.stringify({ ...problem, ...errors })}\n`);
    return exitCode;
  }
  const colour = hasColour(terminal.stderr, terminal.environment);
  const heading = colour ? styleText(['bold', 'red'], 'error:', { validateStream: false }) : 'error:';
  const details = message.split('\n').map(printable);
  const lines = [
    `${heading} ${title}`,
    ...(details.length === 1 ? [`  what:    ${details[0]}`] : details.map((line) => `  ${line}`)),
    ...(field === undefined || details.length > 1 ? [] : [`  field:   ${printable(field)}`]),
    ...(value === undefined || details.length > 1 ? [] : [`  value:   ${printable(value)}`]),
    ...(details.length > 1 ? [] : [`  remedy:  ${printable(remedy)}`]),
    `  code:    ${code}`,
  ];
  terminal.stderr.write(`${lines.join('\n')}\n`);
  return exitCode;
}
