/** JSON as it may be shown on a terminal: what a BMC or a machine calls itself can hold control characters. */

/** JSON leaves these as they are: DEL and C1 controls, which begin escape sequences, and those that turn the text round. */
const unsafeInText = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

export function jsonText(value: unknown, indent?: number): string {
  return escapeUnsafe(JSON.stringify(value, null, indent) ?? 'null');
}

/** Only for text in which such characters stand in double quotes alone: as JSON and YAML write them there. */
export function escapeUnsafe(text: string): string {
  return text.replaceAll(
    unsafeInText,
    (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  );
}
