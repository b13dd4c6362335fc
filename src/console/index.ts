/**
 * Sees and types: a machine's graphical console (RFB) as frames, frames as text cells read exactly against the fonts that
 * firmware and kernels draw with, and keys. Knows no database, no API and no lifecycle; sockets and clocks are arguments.
 */
export type { Frame } from './frame.ts';
export { type ConnectStream, connectByNet } from './graphical/connect-by-net.ts';
export type {
  ConsoleAddress,
  ConsoleSession,
  ConsoleSettings,
  ConsoleTimings,
  GraphicalConsole,
} from './graphical/console.ts';
export { type ConsoleDependencies, createGraphicalConsole } from './graphical/graphical-console.ts';
export { type Key, keysyms, parseKey } from './graphical/keys.ts';
export { decodeImage } from './image/decode-image.ts';
export { encodePng } from './image/encode-png.ts';
export type { ScreenFont, ScreenFonts } from './screen/font.ts';
export { loadFonts } from './screen/load-fonts.ts';
export { readingText, readScreen } from './screen/read-screen.ts';
export type { Cell, Cursor, Reading } from './screen/reading.ts';
