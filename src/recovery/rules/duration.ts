/** Spans of time as people write them: `90s`, `5m`, `2h30m`, `1d`. */

const form = /^(?:(\d{1,3})d)?(?:(\d{1,5})h)?(?:(\d{1,6})m)?(?:(\d{1,7})s)?$/;
const milliseconds = [86_400_000, 3_600_000, 60_000, 1_000];

/** The span in milliseconds, or undefined when the text is none. */
export function parseDuration(text: string): number | undefined {
  const match = text === '' ? null : form.exec(text);
  if (match === null) return undefined;
  return milliseconds.reduce((sum, unit, index) => sum + Number(match[index + 1] ?? 0) * unit, 0);
}

export function durationText(ms: number): string {
  let rest = Math.round(ms / 1_000) * 1_000;
  let text = '';
  for (const [index, unit] of milliseconds.entries()) {
    const count = Math.floor(rest / unit);
    rest -= count * unit;
    if (count > 0) text += `${count}${'dhms'[index]}`;
  }
  return text === '' ? '0s' : text;
}
