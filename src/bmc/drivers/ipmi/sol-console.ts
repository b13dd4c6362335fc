/** An active serial over LAN as a stream: drives the state machine by a socket, a clock, a reader and a writer. */
import { Duplex } from 'node:stream';
import { AthanorError, asAthanorError } from '../../../errors/index.ts';
import type { SolFromBmc } from '../../../protocols/ipmi/index.ts';
import {
  completionCode,
  decodeSolFromBmc,
  encodeSolToBmc,
  getDeviceId,
  getPayloadInstanceInfo,
  IpmiDecodeError,
  noData,
} from '../../../protocols/ipmi/index.ts';
import type { SerialConsole } from '../../capabilities/console.ts';
import type { Clock } from '../../ports.ts';
import { deactivateSol, solInstance } from './sol-activation.ts';
import type { SolEvent, SolMachine } from './sol-machine.ts';
import type { SolSession } from './sol-session.ts';
import { silent } from './sol-session.ts';

export interface SolConsoleParts {
  session: SolSession;
  machine: SolMachine;
  clock: Clock;
  /** Get Payload Instance Info named our session when we had just activated: that it names another means something. */
  ownerIsReported: boolean;
}

/** Characters that may wait for the reader before the machine is asked to pause, and before no more are taken. */
const pauseAbove = 64 * 1024;
const refuseAbove = 256 * 1024;
/** The writer may go on when fewer than this wait for the BMC. */
const writeBelow = 1024;
/** ipmi_sim forgets a session 30 s after its last command, however busy the console is; the specification says 60 s. */
const keepAliveMs = 15_000;

export function createSolConsole({ session, machine, clock, ownerIsReported }: SolConsoleParts): SerialConsole {
  const breaks: { resolve: () => void; reject: (error: Error) => void }[] = [];
  let writeDone: ((error?: Error) => void) | undefined;
  let finalDone: (() => void) | undefined;
  let cancelWake: (() => void) | undefined;
  let cancelKeepAlive: (() => void) | undefined;
  let canAskOwner = true;
  /** Serial over LAN was taken from us: it is not ours to deactivate. */
  let taken = false;

  const stream = new Duplex({
    readableHighWaterMark: pauseAbove,
    // Characters only: a string would be cut into packets at bytes, and comes out as bytes.
    decodeStrings: true,
    read() {
      machine.setPaused(false);
      pump();
    },
    write(chunk: Uint8Array, _encoding, done) {
      machine.write(chunk);
      writeDone = done;
      pump();
    },
    final(done) {
      finalDone = done;
      pump();
    },
    destroy(error, done) {
      cancelWake?.();
      cancelKeepAlive?.();
      const why = error ?? new AthanorError('aborted', `The serial console of BMC ${session.peer.name} was closed`);
      for (const waiting of breaks.splice(0)) waiting.reject(why);
      writeDone?.(why);
      session.listen(() => undefined);
      void end().finally(() => done(error));
    },
  });

  async function end(): Promise<void> {
    // Best effort: the BMC ends it with the session, at the latest when it forgets that.
    if (!taken) await deactivateSol({ session, note: () => undefined, tries: 3 }).catch(() => undefined);
    await session.close();
  }

  function fail(error: AthanorError): void {
    if (!stream.destroyed) stream.destroy(error);
  }

  function pump(): void {
    if (stream.destroyed) return;
    perform(machine.step(clock.monotonic()));
    if (writeDone !== undefined && machine.pendingCharacters < writeBelow) {
      const done = writeDone;
      writeDone = undefined;
      // May write the next chunk at once.
      done();
    }
    if (finalDone !== undefined && machine.pendingCharacters === 0 && breaks.length === 0) {
      finalDone();
      finalDone = undefined;
    }
    cancelWake?.();
    const wakeAt = machine.wakeAt();
    cancelWake = wakeAt === undefined ? undefined : clock.after(Math.max(wakeAt - clock.monotonic(), 1), pump);
  }

  function perform(events: readonly SolEvent[]): void {
    for (const event of events) {
      if (stream.destroyed) return;
      if (event.kind === 'send') session.sendPayload(encodeSolToBmc(event.packet));
      else if (event.kind === 'deliver') deliver(event.characters);
      else if (event.kind === 'notice') stream.emit('notice', event.notice);
      else if (event.kind === 'break sent') breaks.shift()?.resolve();
      else fail(ended(event.why));
    }
  }

  function deliver(characters: Uint8Array): void {
    if (!stream.push(characters)) machine.setPaused(true);
  }

  function ended(why: 'deactivated' | 'unanswered'): AthanorError {
    taken = true;
    const { name } = session.peer;
    if (why === 'deactivated') return takenError(name);
    return new AthanorError('bmc-unreachable', `BMC ${name} acknowledges no more serial characters`, {
      remedy: 'Another session may have taken the serial console, or the BMC restarted: open it again.',
    });
  }

  session.listen((payload, sessionSequence) => {
    if (stream.destroyed) return;
    const packet = decodeOrIgnore(payload);
    if (packet === undefined) return;
    const room = stream.readableLength < refuseAbove;
    perform(machine.receive(packet, sessionSequence, clock.monotonic(), room));
    pump();
  });

  function scheduleKeepAlive(): void {
    cancelKeepAlive?.();
    if (stream.destroyed) return;
    cancelKeepAlive = clock.after(keepAliveMs, () => {
      keepAlive().then(scheduleKeepAlive, (error: unknown) => fail(asAthanorError(error)));
    });
  }

  async function keepAlive(): Promise<void> {
    if (!canAskOwner) {
      const answer = await session.ask(getDeviceId, noData);
      if ('silence' in answer) throw silent(session.peer, getDeviceId.name);
      return;
    }
    const answer = await session.ask(getPayloadInstanceInfo, solInstance);
    if ('silence' in answer) throw silent(session.peer, getPayloadInstanceInfo.name);
    if ('refused' in answer) {
      canAskOwner = answer.refused.completionCode !== completionCode.invalidCommand;
      return;
    }
    if (!ownerIsReported || answer.value.sessionId === session.managedSystemSessionId) return;
    taken = true;
    throw takenError(session.peer.name);
  }

  scheduleKeepAlive();
  return Object.assign(stream, {
    sendBreak: () =>
      new Promise<void>((resolve, reject) => {
        if (stream.destroyed) {
          reject(new AthanorError('aborted', `The serial console of BMC ${session.peer.name} is closed`));
          return;
        }
        breaks.push({ resolve, reject });
        machine.writeBreak();
        pump();
      }),
  });
}

function takenError(name: string): AthanorError {
  return new AthanorError(
    'conflict',
    `BMC ${name} ended the serial console: another session took it, or switched it off`,
    {
      remedy: 'Open it again when the other is done, or take it over: that ends the other session.',
    },
  );
}

function decodeOrIgnore(payload: Uint8Array): SolFromBmc | undefined {
  try {
    return decodeSolFromBmc(payload);
  } catch (error) {
    if (error instanceof IpmiDecodeError) return undefined;
    throw error;
  }
}
