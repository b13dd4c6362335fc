/** All that is known of a thing, as text for people. */
import { printable } from './terminal.ts';

/** `key: value` lines, lists and sections below their key; what is not there is not shown. */
export function describe(value: unknown, indent = ''): string {
  if (typeof value !== 'object' || value === null) return `${indent}${scalar(value)}\n`;
  const entries = Object.entries(value).filter(([, inner]) => inner !== null && inner !== undefined && !isEmpty(inner));
  const widest = Math.max(0, ...entries.filter(([, inner]) => isInline(inner)).map(([key]) => key.length));
  return entries
    .map(([key, inner]) => {
      const title = `${indent}${printable(key)}:`;
      if (isInline(inner)) return `${title}${' '.repeat(widest - key.length + 2)}${inline(inner)}\n`;
      if (!Array.isArray(inner)) return `${title}\n${describe(inner, `${indent}  `)}`;
      return `${title}\n${inner.map((item) => listItem(item, `${indent}  `)).join('')}`;
    })
    .join('');
}

function listItem(item: unknown, indent: string): string {
  const text = describe(item, `${indent}  `);
  return `${indent}- ${text.slice(indent.length + 2)}`;
}

function isInline(value: unknown): boolean {
  return typeof value !== 'object' || (Array.isArray(value) && value.every((item) => typeof item !== 'object'));
}

function inline(value: unknown): string {
  return Array.isArray(value) ? value.map(scalar).join(', ') : scalar(value);
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

function scalar(value: unknown): string {
  if (value === true) return 'yes';
  if (value === false) return 'no';
  return typeof value === 'string' ? printable(value) : printable(JSON.stringify(value) ?? '');
}
