/**
 * The serial over LAN payload, payload type 1 (IPMI v2.0 §15.9, Table 15-2). Both directions have four bytes before the
 * characters and differ in the fourth.
 *
 * | byte | field                                                                                                      |
 * | ---- | ---------------------------------------------------------------------------------------------------------- |
 * | 1    | bits 3:0 packet sequence number, 1–15; 0: nothing here is to be acknowledged                                |
 * | 2    | bits 3:0 sequence number of the packet that is acknowledged; 0: none                                        |
 * | 3    | how many characters of that packet were accepted                                                           |
 * | 4    | operation (to the BMC) or status (from the BMC)                                                            |
 * | 5…   | at most 255 characters                                                                                     |
 *
 * | bit | operation, to the BMC                     | status, from the BMC                                           |
 * | --- | ----------------------------------------- | -------------------------------------------------------------- |
 * | 6   | negative acknowledgement                  | negative acknowledgement                                       |
 * | 5   | assert ring indicator                     | characters cannot be transferred: powered down, in reset       |
 * | 4   | generate a break                          | serial over LAN is being deactivated                           |
 * | 3   | deassert clear to send: pause the machine | transmit overrun: characters of the machine were lost          |
 * | 2   | deassert carrier detect and data set ready| break detected                                                 |
 * | 1   | flush characters on their way to the port |                                                                |
 * | 0   | flush characters on their way to us       |                                                                |
 */
import { ByteReader } from '../byte-reader.ts';

export const solHeaderLength = 4;
/** The count of accepted characters is one byte. */
export const maximumSolCharacters = 255;
export const maximumSolSequence = 15;

interface SolNumbers {
  /** 1–15, or 0 for a packet that only acknowledges. */
  sequence: number;
  /** Which packet of the other side is acknowledged; 0: none. */
  acknowledges: number;
  acceptedCharacters: number;
  negative: boolean;
  characters: Uint8Array;
}

export interface SolToBmc extends SolNumbers {
  assertRing: boolean;
  generateBreak: boolean;
  /** Clear to send is deasserted, so that the machine's serial port waits. */
  pause: boolean;
  deassertCarrier: boolean;
  flushToPort: boolean;
  flushFromPort: boolean;
}

export interface SolFromBmc extends SolNumbers {
  transferUnavailable: boolean;
  deactivating: boolean;
  transmitOverrun: boolean;
  breakDetected: boolean;
}

const negativeBit = 0x40;
const operationBits = {
  assertRing: 0x20,
  generateBreak: 0x10,
  pause: 0x08,
  deassertCarrier: 0x04,
  flushToPort: 0x02,
  flushFromPort: 0x01,
} as const;
const statusBits = {
  transferUnavailable: 0x20,
  deactivating: 0x10,
  transmitOverrun: 0x08,
  breakDetected: 0x04,
} as const;

export function encodeSolToBmc(packet: SolToBmc): Buffer {
  let operation = 0;
  if (packet.assertRing) operation |= operationBits.assertRing;
  if (packet.generateBreak) operation |= operationBits.generateBreak;
  if (packet.pause) operation |= operationBits.pause;
  if (packet.deassertCarrier) operation |= operationBits.deassertCarrier;
  if (packet.flushToPort) operation |= operationBits.flushToPort;
  if (packet.flushFromPort) operation |= operationBits.flushFromPort;
  return encode(packet, operation);
}

export function decodeSolToBmc(bytes: Uint8Array): SolToBmc {
  const { numbers, flags } = decode(bytes, 'serial over LAN packet to the BMC');
  return {
    ...numbers,
    assertRing: (flags & operationBits.assertRing) !== 0,
    generateBreak: (flags & operationBits.generateBreak) !== 0,
    pause: (flags & operationBits.pause) !== 0,
    deassertCarrier: (flags & operationBits.deassertCarrier) !== 0,
    flushToPort: (flags & operationBits.flushToPort) !== 0,
    flushFromPort: (flags & operationBits.flushFromPort) !== 0,
  };
}

export function encodeSolFromBmc(packet: SolFromBmc): Buffer {
  let status = 0;
  if (packet.transferUnavailable) status |= statusBits.transferUnavailable;
  if (packet.deactivating) status |= statusBits.deactivating;
  if (packet.transmitOverrun) status |= statusBits.transmitOverrun;
  if (packet.breakDetected) status |= statusBits.breakDetected;
  return encode(packet, status);
}

export function decodeSolFromBmc(bytes: Uint8Array): SolFromBmc {
  const { numbers, flags } = decode(bytes, 'serial over LAN packet from the BMC');
  return {
    ...numbers,
    transferUnavailable: (flags & statusBits.transferUnavailable) !== 0,
    deactivating: (flags & statusBits.deactivating) !== 0,
    transmitOverrun: (flags & statusBits.transmitOverrun) !== 0,
    breakDetected: (flags & statusBits.breakDetected) !== 0,
  };
}

/** The number after `sequence`: 1–15, then 1 again. */
export function nextSolSequence(sequence: number): number {
  return sequence >= maximumSolSequence ? 1 : sequence + 1;
}

function encode(numbers: SolNumbers, flags: number): Buffer {
  const header = Buffer.of(
    numbers.sequence & 0x0f,
    numbers.acknowledges & 0x0f,
    numbers.acceptedCharacters & 0xff,
    flags | (numbers.negative ? negativeBit : 0),
  );
  return Buffer.concat([header, numbers.characters]);
}

function decode(bytes: Uint8Array, what: string): { numbers: SolNumbers; flags: number } {
  const reader = new ByteReader(bytes, what);
  const sequence = reader.byte() & 0x0f;
  const acknowledges = reader.byte() & 0x0f;
  const acceptedCharacters = reader.byte();
  const flags = reader.byte();
  if (reader.remaining > maximumSolCharacters) {
    reader.fail(`${reader.remaining} characters, and no more than ${maximumSolCharacters} can be acknowledged`);
  }
  const negative = (flags & negativeBit) !== 0;
  return { numbers: { sequence, acknowledges, acceptedCharacters, negative, characters: reader.rest() }, flags };
}
