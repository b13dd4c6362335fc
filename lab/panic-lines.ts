/** The lines of the last kernel panic on a serial console, as the kernel wrote them to every console it has. */
export function panicLines(serial: string): string[] {
  const lines = serial
    // Firmware and shells colour and place their text; the kernel does not.
    // oxlint-disable-next-line no-control-regex -- escape sequences begin with a control character
    .replaceAll(/\u001b\[[0-9;?]*[A-Za-z]/g, '')
    .split(/\r*\n/)
    .map((line) => line.trimEnd());
  const end = lines.findLastIndex((line) => line.includes('---[ end Kernel panic'));
  const begin = lines
    .slice(0, end + 1)
    .findLastIndex((line) => /Kernel panic - not syncing: /.test(line) && !line.includes('---['));
  return begin < 0 ? [] : lines.slice(begin, end + 1);
}

/** Lines as a terminal of so many columns breaks them: its rows, without trailing blanks. */
export function rowsOf(lines: readonly string[], columns: number): string[] {
  return lines.flatMap((line) =>
    Array.from({ length: Math.max(1, Math.ceil(line.length / columns)) }, (_, part) =>
      line.slice(part * columns, (part + 1) * columns).trimEnd(),
    ),
  );
}
