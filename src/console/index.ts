/**
 * Sees and types: a machine's graphical console (RFB) as frames, frames as text cells read exactly against the fonts that
 * firmware and kernels draw with, and keys. Knows no database, no API and no lifecycle; sockets and clocks are arguments.
 */
export type { Frame } from './frame.ts';
export type { ConsoleAddress, ConsoleSession, ConsoleSettings, GraphicalConsole } from './graphical/console.ts';
export { type Key, keysyms, parseKey } from './graphical/keys.ts';
export type { Cell, Cursor, Reading } from './screen/reading.ts';
