/**
 * Writes `newc` cpio archives, the format of a Linux initramfs (kernel documentation
 * "initramfs buffer format"; cpio(5) "New ASCII Format").
 */
export type { CpioEntry } from './newc.ts';
export { encodeCpio } from './newc.ts';
