/** The keys a playbook may name, with their X11 keysyms (RFC 6143 section 7.5.4). */
export const keysyms = {
  Enter: 0xff0d,
  Escape: 0xff1b,
  Tab: 0xff09,
  Backspace: 0xff08,
  Delete: 0xffff,
  Insert: 0xff63,
  Home: 0xff50,
  End: 0xff57,
  PageUp: 0xff55,
  PageDown: 0xff56,
  Up: 0xff52,
  Down: 0xff54,
  Left: 0xff51,
  Right: 0xff53,
  Space: 0x20,
  F1: 0xffbe,
  F2: 0xffbf,
  F3: 0xffc0,
  F4: 0xffc1,
  F5: 0xffc2,
  F6: 0xffc3,
  F7: 0xffc4,
  F8: 0xffc5,
  F9: 0xffc6,
  F10: 0xffc7,
  F11: 0xffc8,
  F12: 0xffc9,
} as const;

export type Key = keyof typeof keysyms;

/** The text as the name of a key, or undefined. */
export function parseKey(text: string): Key | undefined {
  return Object.keys(keysyms).find((name): name is Key => name.toLowerCase() === text.toLowerCase());
}
