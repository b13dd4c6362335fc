/** Quirks of single BMCs: the table, and which of it holds for a BMC. */
export type { AppliedQuirk, Quirks, QuirkSubject } from './applied-quirks.ts';
export { createQuirks, isQuirkName, quirkNames } from './applied-quirks.ts';
export type { Quirk, QuirkArea, QuirkMatch, QuirkName } from './table.ts';
export { quirks, refusedQuirks } from './table.ts';
