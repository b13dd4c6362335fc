/** The BMC's end of serial over LAN: numbers, acknowledges and repeats packets between a session and a serial port. */
import type { Duplex } from 'node:stream';
import type { SolFromBmc, SolToBmc } from '../../../protocols/ipmi/index.ts';
import {
  decodeSolToBmc,
  encodeSolFromBmc,
  maximumSolCharacters,
  nextSolSequence,
  payloadType,
} from '../../../protocols/ipmi/index.ts';
import type { PayloadSession, SimulatorClock } from '../area.ts';

export interface SolBehaviour {
  /** Characters per packet to the console. */
  charactersPerPacket: number;
  /** How long characters are gathered before a packet goes out that is not full. */
  accumulateMs: number;
  retryMs: number;
  /** After so many the characters are dropped, and the next packet tells of an overrun. */
  retries: number;
  /** Takes no more than so many characters of a packet. */
  acceptAtMost: number;
  /** Every so many packets from the console is refused whole. 0: never. */
  refuseEvery: number;
}

export function usualSolBehaviour(): SolBehaviour {
  return {
    charactersPerPacket: maximumSolCharacters,
    accumulateMs: 2,
    retryMs: 100,
    retries: 7,
    acceptAtMost: maximumSolCharacters,
    refuseEvery: 0,
  };
}

export interface SolPort {
  receive(payload: Uint8Array): void;
  /** Tells the console that it is over. */
  deactivate(): void;
  /** Stops without a word. */
  stop(): void;
}

interface SolPortParts {
  session: PayloadSession;
  serial: Duplex;
  clock: SimulatorClock;
  behaviour: SolBehaviour;
  powerOn(): boolean;
  onBreak(): void;
}

/** The serial port is not read while so many characters wait for the console. */
const holdAbove = 16 * 1024;

const nothing = Buffer.alloc(0);

export function openSolPort({ session, serial, clock, behaviour, powerOn, onBreak }: SolPortParts): SolPort {
  let buffered: Buffer = nothing;
  let sequence = 0;
  let outstanding: { packet: SolFromBmc; tries: number } | undefined;
  let cancelTimer: (() => void) | undefined;
  let last: { sequence: number; answer: SolFromBmc } | undefined;
  let packets = 0;
  let paused = false;
  let overrun = false;
  let stopped = false;

  function send(change: Partial<SolFromBmc>): SolFromBmc {
    const packet: SolFromBmc = {
      sequence: 0,
      acknowledges: 0,
      acceptedCharacters: 0,
      negative: false,
      transferUnavailable: !powerOn(),
      deactivating: false,
      transmitOverrun: false,
      breakDetected: false,
      characters: nothing,
      ...change,
    };
    session.send(payloadType.serialOverLan, encodeSolFromBmc(packet));
    return packet;
  }

  function onSerial(data: Buffer): void {
    buffered = Buffer.concat([buffered, data]);
    flow();
    sendSoon();
  }

  function flow(): void {
    if (paused || buffered.length > holdAbove) serial.pause();
    else serial.resume();
  }

  function sendSoon(): void {
    if (outstanding !== undefined || buffered.length === 0) return;
    if (buffered.length >= behaviour.charactersPerPacket) sendNow();
    else cancelTimer ??= clock.after(behaviour.accumulateMs, sendNow);
  }

  function sendNow(): void {
    cancelTimer?.();
    cancelTimer = undefined;
    if (stopped || outstanding !== undefined || buffered.length === 0) return;
    sequence = nextSolSequence(sequence);
    const characters = buffered.subarray(0, behaviour.charactersPerPacket);
    const packet = send({ sequence, characters, transmitOverrun: overrun });
    overrun = false;
    outstanding = { packet, tries: 1 };
    cancelTimer = clock.after(behaviour.retryMs, sendAgain);
  }

  function sendAgain(): void {
    cancelTimer = undefined;
    if (stopped || outstanding === undefined) return;
    if (outstanding.tries > behaviour.retries) {
      overrun = true;
      accepted(outstanding.packet.characters.length);
      return;
    }
    outstanding.tries += 1;
    send(outstanding.packet);
    cancelTimer = clock.after(behaviour.retryMs, sendAgain);
  }

  /** The console has taken so many characters of the packet that was on its way; the rest goes with the next. */
  function accepted(count: number): void {
    cancelTimer?.();
    cancelTimer = undefined;
    outstanding = undefined;
    buffered = buffered.subarray(count);
    flow();
    sendSoon();
  }

  /** What becomes of a new packet of the console. */
  function take(packet: SolToBmc): Partial<SolFromBmc> {
    packets += 1;
    if (packet.generateBreak) onBreak();
    const { length } = packet.characters;
    const refused = behaviour.refuseEvery > 0 && packets % behaviour.refuseEvery === 0;
    const room = !powerOn() || refused || serial.writableNeedDrain ? 0 : behaviour.acceptAtMost;
    const count = Math.min(length, room);
    if (count > 0) serial.write(packet.characters.subarray(0, count));
    // What is taken in part is acknowledged with its count: ipmitool drops what is refused.
    return { acceptedCharacters: count, negative: count === 0 && length > 0 };
  }

  serial.on('data', onSerial);
  const { onClose } = session;
  onClose.add(stop);

  function stop(): void {
    if (stopped) return;
    stopped = true;
    cancelTimer?.();
    serial.off('data', onSerial);
    // Nobody reads it now: what the machine says is lost, as on a wire.
    serial.resume();
    onClose.delete(stop);
  }

  return {
    receive(payload) {
      if (stopped) return;
      const packet = decodeSolToBmc(payload);
      if (packet.pause !== paused) {
        paused = packet.pause;
        flow();
      }
      if (packet.acknowledges !== 0 && packet.acknowledges === outstanding?.packet.sequence) {
        accepted(Math.min(packet.acceptedCharacters, outstanding.packet.characters.length));
      }
      if (packet.sequence === 0) return;
      if (last?.sequence === packet.sequence) {
        send(last.answer);
        return;
      }
      last = { sequence: packet.sequence, answer: send({ ...take(packet), acknowledges: packet.sequence }) };
    },
    deactivate() {
      send({ deactivating: true });
      stop();
    },
    stop,
  };
}
