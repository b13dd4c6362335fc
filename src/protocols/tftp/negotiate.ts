import type { TftpMode, TftpOption } from './packet.ts';

/** How a read transfer runs, and the options the server acknowledges (none: start with DATA 1, not OACK). */
export interface NegotiatedTransfer {
  blockSize: number;
  windowSize: number;
  /** Seconds between retransmissions, when the client asked for a number (RFC 2349). */
  timeoutSeconds?: number;
  acknowledged: readonly TftpOption[];
}

export interface NegotiationLimits {
  maximumBlockSize: number;
  maximumWindowSize: number;
}

const decimal = /^\d{1,10}$/;

function within(text: string, lowest: number, highest: number): number | undefined {
  if (!decimal.test(text)) return undefined;
  const value = Number(text);
  return value >= lowest && value <= highest ? value : undefined;
}

/**
 * The answer to a read request's options. Only what was asked is acknowledged, the first of a repeated option counts,
 * and an option that is unknown or out of range is left out (RFC 2347).
 *
 * | option | range | answer |
 * | --- | --- | --- |
 * | blksize (RFC 2348) | 8–65464 | at most the server's maximum |
 * | timeout (RFC 2349) | 1–255 s | the same |
 * | tsize (RFC 2349) | any | the size; left out in netascii, where it is not known beforehand |
 * | windowsize (RFC 7440) | 1–65535 | at most the server's maximum |
 */
export function negotiateTransfer(
  request: { mode: TftpMode; options: readonly TftpOption[] },
  size: number,
  limits: NegotiationLimits,
): NegotiatedTransfer {
  const transfer: NegotiatedTransfer = { blockSize: 512, windowSize: 1, acknowledged: [] };
  const acknowledged = new Map<string, string>();
  for (const [name, text] of request.options) {
    if (acknowledged.has(name)) continue;
    if (name === 'blksize') {
      const asked = within(text, 8, 65_464);
      if (asked === undefined) continue;
      transfer.blockSize = Math.min(asked, limits.maximumBlockSize);
      acknowledged.set(name, String(transfer.blockSize));
    } else if (name === 'windowsize') {
      const asked = within(text, 1, 65_535);
      if (asked === undefined) continue;
      transfer.windowSize = Math.min(asked, limits.maximumWindowSize);
      acknowledged.set(name, String(transfer.windowSize));
    } else if (name === 'timeout') {
      const asked = within(text, 1, 255);
      if (asked === undefined) continue;
      transfer.timeoutSeconds = asked;
      acknowledged.set(name, text);
    } else if (name === 'tsize' && request.mode === 'octet' && decimal.test(text)) {
      acknowledged.set(name, String(size));
    }
  }
  transfer.acknowledged = [...acknowledged];
  return transfer;
}
