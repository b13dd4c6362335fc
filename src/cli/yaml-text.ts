/** YAML as it may be shown on a terminal; see json-text.ts. Most of what is unsafe there is no YAML either (§5.1). */
import { Document, visit } from 'yaml';
import { escapeUnsafe } from './json-text.ts';

export function yamlText(value: unknown): string {
  const document = new Document(value);
  visit(document, {
    Scalar(_key, node) {
      if (typeof node.value === 'string' && escapeUnsafe(node.value) !== node.value) node.type = 'QUOTE_DOUBLE';
    },
  });
  return escapeUnsafe(document.toString());
}
