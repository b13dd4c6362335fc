/** RFC 1350 sets no limit; no name that is served is longer. */
const longestPath = 255;

function hasControlCharacter(text: string): boolean {
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x20 || code === 0x7f) return true;
  }
  return false;
}

/**
 * A requested file name as a relative path of plain parts: backslashes (Windows boot manager, some shims) are slashes,
 * leading and doubled slashes and `.` fall away. Undefined when it climbs (`..`), is empty, too long, or holds a NUL or
 * another control character.
 */
export function normaliseTftpPath(fileName: string): string | undefined {
  if (fileName.length > longestPath || hasControlCharacter(fileName)) return undefined;
  const parts = fileName
    .replaceAll('\\', '/')
    .split('/')
    .filter((part) => part !== '' && part !== '.');
  if (parts.length === 0 || parts.includes('..')) return undefined;
  return parts.join('/');
}
