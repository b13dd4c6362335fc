/**
 * IPMI LAN messages (IPMI v2.0 §13.8, Figure 13-4).
 *
 * | byte | request                            | response                           |
 * | ---- | ---------------------------------- | ---------------------------------- |
 * | 0    | responder address (BMC 0x20)       | requester address                  |
 * | 1    | network function << 2 \| rsLUN     | network function << 2 \| rqLUN     |
 * | 2    | checksum of 0–1                    | checksum of 0–1                    |
 * | 3    | requester address (console 0x81)   | responder address                  |
 * | 4    | sequence << 2 \| rqLUN             | sequence << 2 \| rsLUN             |
 * | 5    | command                            | command                            |
 * | 6    | data …                             | completion code, data …            |
 * | last | checksum of 3 … last−1             | checksum of 3 … last−1             |
 */
import { ByteReader } from './byte-reader.ts';

export const bmcAddress = 0x20;
/** The software id of a remote console (§5.5): odd, so that it is no IPMB slave address. */
export const remoteConsoleAddress = 0x81;

export interface LanRequest {
  responderAddress: number;
  responderLun: number;
  requesterAddress: number;
  requesterLun: number;
  /** Even; the response carries it plus one. 0–62. */
  networkFunction: number;
  command: number;
  /** rqSeq, 0–63: ties the response to its request. */
  sequence: number;
  data: Uint8Array;
}

export interface LanResponse extends LanRequest {
  /** 0x00 is success; see `completionCodeText`. */
  completionCode: number;
}

export function encodeLanRequest(message: LanRequest): Buffer {
  return assemble(
    [message.responderAddress, (message.networkFunction << 2) | message.responderLun],
    [message.requesterAddress, (message.sequence << 2) | message.requesterLun, message.command, ...message.data],
  );
}

export function encodeLanResponse(message: LanResponse): Buffer {
  return assemble(
    [message.requesterAddress, ((message.networkFunction | 1) << 2) | message.requesterLun],
    [
      message.responderAddress,
      (message.sequence << 2) | message.responderLun,
      message.command,
      message.completionCode,
      ...message.data,
    ],
  );
}

export function decodeLanRequest(bytes: Uint8Array): LanRequest {
  const { head, tail, reader } = split(bytes, 'IPMI request message');
  if ((head.function & 1) === 1) reader.fail('the network function is that of a response');
  return {
    responderAddress: head.address,
    responderLun: head.lun,
    requesterAddress: tail.address,
    requesterLun: tail.lun,
    networkFunction: head.function,
    command: tail.command,
    sequence: tail.sequence,
    data: reader.bytes(reader.remaining - 1),
  };
}

export interface LanDecoding {
  /** Some BMCs compute their checksums wrongly; inside a session the integrity code vouches for the bytes anyway. */
  ignoreChecksums?: boolean;
}

/** `networkFunction` is given as the request's (even) one. */
export function decodeLanResponse(bytes: Uint8Array, decoding: LanDecoding = {}): LanResponse {
  const { head, tail, reader } = split(bytes, 'IPMI response message', decoding);
  if ((head.function & 1) === 0) reader.fail('the network function is that of a request');
  const rest = reader.bytes(reader.remaining - 1);
  const completionCode = rest[0];
  if (completionCode === undefined) return reader.fail('no completion code');
  return {
    responderAddress: tail.address,
    responderLun: tail.lun,
    requesterAddress: head.address,
    requesterLun: head.lun,
    networkFunction: head.function & 0x3e,
    command: tail.command,
    sequence: tail.sequence,
    completionCode,
    data: rest.subarray(1),
  };
}

/** The two's complement checksum: the bytes and their checksum add up to zero. */
export function checksum(bytes: Iterable<number>): number {
  let sum = 0;
  for (const byte of bytes) sum += byte;
  return -sum & 0xff;
}

function assemble(head: number[], tail: number[]): Buffer {
  return Buffer.from([...head, checksum(head), ...tail, checksum(tail)]);
}

function split(bytes: Uint8Array, what: string, { ignoreChecksums = false }: LanDecoding = {}) {
  const reader = new ByteReader(bytes, what);
  if (bytes.length < 7) reader.fail(`${bytes.length} bytes are too few`);
  if (!ignoreChecksums && checksum(bytes.subarray(0, 3)) !== 0) reader.fail('the header checksum is wrong');
  if (!ignoreChecksums && checksum(bytes.subarray(3)) !== 0) reader.fail('the data checksum is wrong');
  const headAddress = reader.byte();
  const functionAndLun = reader.byte();
  reader.skip(1);
  const tailAddress = reader.byte();
  const sequenceAndLun = reader.byte();
  const command = reader.byte();
  return {
    reader,
    head: { address: headAddress, function: functionAndLun >> 2, lun: functionAndLun & 0x03 },
    tail: { address: tailAddress, sequence: sequenceAndLun >> 2, lun: sequenceAndLun & 0x03, command },
  };
}
