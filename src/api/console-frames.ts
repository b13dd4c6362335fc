/**
 * The protocol `athanor-console/1`: what a serial console's connection carries once `GET …/bmcs/{bmc}/console` has been
 * answered with 101 (RFC 9110 section 7.8). Frames, one after the other, both ways:
 *
 * | bytes | content |
 * | --- | --- |
 * | 1 | type |
 * | 2 | length of the payload, big-endian, at most 16,384 |
 * | length | payload |
 *
 * | type | name | from the client | from the server |
 * | --- | --- | --- | --- |
 * | 1 | data | characters typed, 1 to 16,384 | characters of the machine, 1 to 16,384 |
 * | 2 | break | send a break; no payload | the BMC has taken the break; no payload |
 * | 3 | notice | - | one of the words of SerialNotice |
 * | 4 | error | - | a problem document (JSON, UTF-8): the console is over |
 * | 5 | end | no more will be typed; no payload | all that was typed has arrived; no payload |
 * | 6 | close | let the console go; no payload | the BMC has let it go; no payload; the last frame |
 * | 7 | taken | - | so many typed characters were taken (4 bytes, big-endian) |
 *
 * A client has at most 65,536 typed characters under way that were not `taken`, so that the server always reads, and so
 * notices the connection's end, however slowly the machine takes them. The other way TCP slows the machine down.
 */
import type { SerialNotice } from '../bmc/index.ts';
import { type Problem, problemSchema } from './schemas.ts';

/** As it stands in `Upgrade`. */
export const consoleProtocol = 'athanor-console/1';
export const longestConsolePayload = 16_384;
export const consoleTypingWindow = 65_536;

export type ConsoleFrame =
  | { type: 'data'; bytes: Uint8Array }
  | { type: 'break' | 'end' | 'close' }
  | { type: 'notice'; notice: SerialNotice }
  | { type: 'error'; problem: Problem }
  | { type: 'taken'; count: number };

/** The other side sent what the protocol has no place for. */
export class ConsoleProtocolError extends Error {}

const names = ['data', 'break', 'notice', 'error', 'end', 'close', 'taken'] as const;
const notices: readonly string[] = ['overrun', 'break', 'unavailable', 'available'] satisfies SerialNotice[];
const headerLength = 3;
const longestDetail = 1000;

export function encodeConsoleFrame(frame: ConsoleFrame): Buffer {
  const payload = payloadOf(frame);
  if (payload.length > longestConsolePayload) throw new RangeError(`a frame of ${payload.length} bytes`);
  const bytes = Buffer.allocUnsafe(headerLength + payload.length);
  bytes[0] = names.indexOf(frame.type) + 1;
  bytes.writeUInt16BE(payload.length, 1);
  bytes.set(payload, headerLength);
  return bytes;
}

/** Any number of characters as data frames. */
export function consoleDataFrames(characters: Uint8Array): Buffer[] {
  const frames: Buffer[] = [];
  for (let start = 0; start < characters.length; start += longestConsolePayload) {
    const bytes = characters.subarray(start, start + longestConsolePayload);
    frames.push(encodeConsoleFrame({ type: 'data', bytes }));
  }
  return frames;
}

/** Reads frames out of a stream cut anywhere. Keeps no more than one frame, and throws ConsoleProtocolError. */
export function createConsoleFrameReader(): (chunk: Uint8Array) => ConsoleFrame[] {
  const header = Buffer.alloc(headerLength);
  let headerFilled = 0;
  let payload: Buffer | undefined;
  let payloadFilled = 0;
  return (chunk) => {
    const frames: ConsoleFrame[] = [];
    let at = 0;
    while (at < chunk.length) {
      if (payload === undefined) {
        const part = chunk.subarray(at, at + headerLength - headerFilled);
        header.set(part, headerFilled);
        headerFilled += part.length;
        at += part.length;
        if (headerFilled < headerLength) break;
        payload = Buffer.allocUnsafe(lengthIn(header));
        payloadFilled = 0;
      }
      const part = chunk.subarray(at, at + payload.length - payloadFilled);
      payload.set(part, payloadFilled);
      payloadFilled += part.length;
      at += part.length;
      if (payloadFilled < payload.length) break;
      frames.push(decode(header[0] ?? 0, payload));
      payload = undefined;
      headerFilled = 0;
    }
    return frames;
  };
}

function payloadOf(frame: ConsoleFrame): Uint8Array {
  switch (frame.type) {
    case 'data':
      return frame.bytes;
    case 'notice':
      return Buffer.from(frame.notice);
    case 'error':
      return problemBytes(frame.problem);
    case 'taken': {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(frame.count);
      return bytes;
    }
    default:
      return Buffer.alloc(0);
  }
}

/** A problem of any size in one frame: what is too long loses its details, not its code and remedy. */
function problemBytes(problem: Problem): Buffer {
  const whole = Buffer.from(JSON.stringify(problem));
  if (whole.length <= longestConsolePayload) return whole;
  const { type, title, status, code, instance } = problem;
  const detail = problem.detail.slice(0, longestDetail);
  const remedy = problem.remedy.slice(0, longestDetail);
  return Buffer.from(JSON.stringify({ type, title, status, detail, code, remedy, instance }));
}

/** Judged before a byte of the payload is kept. */
function lengthIn(header: Buffer): number {
  const name = names[(header[0] ?? 0) - 1];
  const length = header.readUInt16BE(1);
  if (name === undefined) throw new ConsoleProtocolError(`Frames have no type ${header[0]}.`);
  const [least, most] = lengths[name];
  if (length >= least && length <= most) return length;
  throw new ConsoleProtocolError(`A frame of the type ${name} has ${least} to ${most} bytes, not ${length}.`);
}

const lengths: Record<(typeof names)[number], readonly [number, number]> = {
  data: [1, longestConsolePayload],
  break: [0, 0],
  notice: [1, 32],
  error: [2, longestConsolePayload],
  end: [0, 0],
  close: [0, 0],
  taken: [4, 4],
};

function decode(type: number, payload: Buffer): ConsoleFrame {
  const name = names[type - 1] ?? 'data';
  switch (name) {
    case 'data':
      return { type: name, bytes: payload };
    case 'taken':
      return { type: name, count: payload.readUInt32BE() };
    case 'notice': {
      const notice = payload.toString();
      if (isNotice(notice)) return { type: name, notice };
      throw new ConsoleProtocolError('A notice holds a word that is not known.');
    }
    case 'error':
      return { type: name, problem: problemIn(payload) };
    default:
      return { type: name };
  }
}

function isNotice(word: string): word is SerialNotice {
  return notices.includes(word);
}

function problemIn(payload: Buffer): Problem {
  let content: unknown;
  try {
    content = JSON.parse(payload.toString());
  } catch {
    throw new ConsoleProtocolError('An error holds no JSON.');
  }
  const parsed = problemSchema.safeParse(content);
  if (parsed.success) return parsed.data;
  throw new ConsoleProtocolError('An error holds no problem document.');
}
