/**
 * iPXE: which of its binaries a firmware is given, and the scripts it then runs. Nothing from a packet or a
 * configuration can add a line or a command to a script.
 */
export { isLoader, loaderFor } from './loader.ts';
export type { RamdiskScript } from './script.ts';
export { localDiskScript, ramdiskScript, waitScript } from './script.ts';
