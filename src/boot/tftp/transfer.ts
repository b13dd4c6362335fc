import type { Socket } from 'node:dgram';
import type { NegotiatedTransfer } from '../../protocols/tftp/index.ts';
import { decodeTftpPacket, encodeTftpPacket, tftpErrorCodes } from '../../protocols/tftp/index.ts';
import type { BootClock } from '../boot-ports.ts';
import type { TftpReader } from './content.ts';

/** How a transfer ended. `refused`: the client sent ERROR, as firmware does after it has learnt the size it asked for. */
export type TftpOutcome = 'done' | 'refused' | 'timeout' | 'aborted' | 'failed';

/** What happened to one request, for logs and timelines. */
export interface TftpReport {
  path: string;
  clientAddress: string;
  outcome: TftpOutcome;
  /** Bytes of the file the client acknowledged. */
  bytes: number;
  detail?: string;
}

export interface TransferOptions {
  socket: Socket;
  client: { address: string; port: number };
  reader: TftpReader;
  size: number;
  negotiated: NegotiatedTransfer;
  clock: BootClock;
  /** A client that has been silent for this many of the longest waits is gone. */
  patience: number;
  signal: AbortSignal;
}

class TransferEnd extends Error {
  readonly outcome: TftpOutcome;
  constructor(outcome: TftpOutcome, detail: string) {
    super(detail);
    this.outcome = outcome;
  }
}

type Answer = { kind: 'acknowledged'; block: number } | { kind: 'silence' } | { kind: 'end'; end: TransferEnd };

const initialWait = 1_000;
const shortestWait = 50;
const longestWait = 4_000;

/**
 * The time to wait for an acknowledgement: four round trips as measured, doubled at each silence. What the client asked
 * for (RFC 2349) is the first wait, not the only one: curl asks for 6 s, and with those a wire that loses one packet in a
 * hundred needs half an hour for a 14 MB kernel. The longest wait is longer than the client's own, which some start anew
 * at each packet: sent to without a pause, they would never repeat an acknowledgement that was lost.
 */
function retransmissionTimer(askedSeconds: number | undefined) {
  const asked = askedSeconds === undefined ? undefined : askedSeconds * 1_000;
  const longest = Math.max(longestWait, 2 * (asked ?? 0));
  let smoothed: number | undefined;
  return {
    longest,
    measured(milliseconds: number): void {
      smoothed = smoothed === undefined ? milliseconds : smoothed * 0.875 + milliseconds * 0.125;
    },
    wait(silences: number): number {
      const base = smoothed === undefined ? (asked ?? initialWait) : Math.max(shortestWait, smoothed * 4);
      return Math.min(longest, base * 2 ** silences);
    },
  };
}

/**
 * Sends one file over its own socket and closes neither socket nor reader. A window (RFC 7440; one block when not
 * negotiated) is sent again only when its time is up, never because an acknowledgement came twice (RFC 1123 §4.2.3.1).
 * Block numbers wrap at 65536.
 */
export async function runTransfer(options: TransferOptions): Promise<Omit<TftpReport, 'path' | 'clientAddress'>> {
  const { socket, client, reader, size, negotiated, clock, signal } = options;
  const { blockSize, windowSize } = negotiated;
  const lastBlock = Math.floor(size / blockSize) + 1;
  const timer = retransmissionTimer(negotiated.timeoutSeconds);
  /** Blocks acknowledged so far, not wrapped; -1 while the OACK itself is not. */
  let acknowledged = negotiated.acknowledged.length > 0 ? -1 : 0;
  let answered: ((answer: Answer) => void) | undefined;
  let end: TransferEnd | undefined;
  const bytesAcknowledged = () => Math.min(Math.max(acknowledged, 0) * blockSize, size);
  const send = (bytes: Uint8Array, to = client, sent = () => {}) => socket.send(bytes, to.port, to.address, sent);
  const sendError = (code: number, message: string, to: TransferOptions['client'], sent?: () => void) =>
    send(encodeTftpPacket({ type: 'error', code, message }), to, sent);

  const onMessage = (datagram: Buffer, from: { address: string; port: number }): void => {
    if (from.port !== client.port || from.address !== client.address) {
      sendError(tftpErrorCodes.unknownTransferId, 'Unknown transfer ID', from);
      return;
    }
    const packet = decodeTftpPacket(datagram);
    if (packet?.type === 'acknowledgement') answered?.({ kind: 'acknowledged', block: packet.block });
    if (packet?.type === 'error') {
      end ??= new TransferEnd('refused', `code ${packet.code}: ${packet.message}`);
      answered?.({ kind: 'end', end });
    }
  };
  const onEnd = (outcome: TftpOutcome, detail: string): void => {
    end ??= new TransferEnd(outcome, detail);
    answered?.({ kind: 'end', end });
  };
  const onSocketError = (error: Error) => onEnd('failed', error.message);
  const onAbort = () => onEnd('aborted', signal.reason instanceof Error ? signal.reason.message : 'aborted');
  socket.on('message', onMessage);
  socket.on('error', onSocketError);
  signal.addEventListener('abort', onAbort);

  /** Sends `packets` until an acknowledgement of a number in (acknowledged, acknowledged + count] comes; returns it. */
  const exchange = async (packets: readonly Uint8Array[]): Promise<number> => {
    const patience = options.patience * timer.longest;
    let waited = 0;
    for (let silences = 0; waited < patience; silences++) {
      if (end !== undefined) throw end;
      const wait = timer.wait(silences);
      waited += wait;
      const started = clock.now();
      for (const packet of packets) send(packet);
      const advance = await new Promise<number>((resolve, reject) => {
        const cancel = clock.after(wait, () => answered?.({ kind: 'silence' }));
        answered = (answer) => {
          if (answer.kind === 'acknowledged') {
            const step = (answer.block - acknowledged) & 0xffff;
            if (step === 0 || step > packets.length) return;
            resolve(step);
          } else if (answer.kind === 'silence') {
            resolve(0);
          } else {
            reject(answer.end);
          }
          cancel();
          answered = undefined;
        };
      });
      if (advance === 0) continue;
      // Karn: the round trip of something sent twice tells nothing.
      if (silences === 0) timer.measured(clock.now() - started);
      return advance;
    }
    throw new TransferEnd('timeout', `no acknowledgement for ${patience / 1_000} s`);
  };

  const block = async (number: number): Promise<Uint8Array> => {
    const position = (number - 1) * blockSize;
    const data = Buffer.alloc(Math.min(blockSize, size - position));
    if (data.length > 0 && (await reader.read(data, position)) !== data.length) {
      throw new TransferEnd('failed', 'the file became shorter');
    }
    return encodeTftpPacket({ type: 'data', block: number & 0xffff, data });
  };

  try {
    if (acknowledged === -1) {
      acknowledged += await exchange([
        encodeTftpPacket({ type: 'option-acknowledgement', options: negotiated.acknowledged }),
      ]);
    }
    while (acknowledged < lastBlock) {
      const packets: Uint8Array[] = [];
      const windowEnd = Math.min(acknowledged + windowSize, lastBlock);
      for (let number = acknowledged + 1; number <= windowEnd; number++) packets.push(await block(number));
      acknowledged += await exchange(packets);
    }
    return { outcome: 'done', bytes: size };
  } catch (thrown) {
    const reason =
      thrown instanceof TransferEnd
        ? thrown
        : new TransferEnd('failed', thrown instanceof Error ? thrown.message : String(thrown));
    // After an abort the client may already listen to a newer transfer on the same port: say nothing.
    if (reason.outcome === 'failed' || reason.outcome === 'timeout') {
      // The socket is closed after this: wait until the packet has left.
      await new Promise<void>((sent) => sendError(tftpErrorCodes.notDefined, reason.message, client, sent));
    }
    return { outcome: reason.outcome, bytes: bytesAcknowledged(), detail: reason.message };
  } finally {
    signal.removeEventListener('abort', onAbort);
    socket.off('message', onMessage);
  }
}
