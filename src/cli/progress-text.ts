/** Progress in words, in numbers and as a bar. */
import type { OperationView } from '../api/index.ts';

type Progress = OperationView['progress'];

export function progressText(progress: Progress): string {
  if (progress === null) return '';
  const { text, done, total, unit } = progress;
  if (done === undefined) return text;
  const amount = (count: number): string => (unit === 'bytes' ? bytesText(count) : String(count));
  const suffix = unit === undefined || unit === 'bytes' ? '' : ` ${unit}`;
  if (total === undefined || total <= 0) return `${text} ${amount(done)}${suffix}`;
  return `${text} ${percentOf(progress)} % (${amount(done)} of ${amount(total)}${suffix})`;
}

export function percentOf(progress: Progress): number | undefined {
  if (progress?.done === undefined || progress.total === undefined || progress.total <= 0) return undefined;
  return Math.max(0, Math.min(100, Math.floor((progress.done / progress.total) * 100)));
}

export function progressBar(percent: number, width: number): string {
  const filled = Math.round((percent / 100) * width);
  return `[${'#'.repeat(filled)}${'.'.repeat(width - filled)}]`;
}

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

export function bytesText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}
