/**
 * Option 93 (IANA processor architecture types) → the iPXE binary that Debian's `ipxe` package has for it. UEFI gets
 * `snponly.efi`, which uses the firmware's own driver: it is the one that surely works on the card it came in by.
 *
 * | value | architecture | loader |
 * | --- | --- | --- |
 * | 0 | x86 BIOS | undionly.kpxe |
 * | 6 | x86 UEFI | none: Debian builds no 32-bit UEFI iPXE |
 * | 7 | x64 UEFI | snponly.efi |
 * | 9 | EBC, but sent by some x64 firmware (RFC 4578 had 7 and 9 the other way round) | snponly.efi |
 * | 16 | x64 UEFI over HTTP | snponly.efi |
 */
const loaders: ReadonlyMap<number, string> = new Map([
  [0, 'undionly.kpxe'],
  [7, 'snponly.efi'],
  [9, 'snponly.efi'],
  [16, 'snponly.efi'],
]);

const names: ReadonlySet<string> = new Set(loaders.values());

/** The loader for an architecture, or why there is none. A client that sends no option 93 is an old BIOS one. */
export function loaderFor(architecture: number | undefined): { loader: string } | { reason: string } {
  const loader = loaders.get(architecture ?? 0);
  if (loader !== undefined) return { loader };
  return { reason: `no network loader for processor architecture ${architecture} (option 93)` };
}

/** Whether a file is one of the loaders: only these are ever read from the loaders' directory. */
export function isLoader(fileName: string): boolean {
  return names.has(fileName);
}
