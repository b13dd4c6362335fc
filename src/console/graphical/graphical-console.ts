import { clientHandshake, encoding, type ProtocolVersion } from '../../protocols/rfb/index.ts';
import type { ConnectStream } from './connect-by-net.ts';
import { attempt, openConnection } from './connection.ts';
import type { ConsoleSession, ConsoleSettings, ConsoleTimings, GraphicalConsole } from './console.ts';
import { createSession } from './session.ts';

export const defaultTimings: ConsoleTimings = {
  connectMs: 1500,
  handshakeMs: 2000,
  frameMs: 2000,
  holdMs: 20,
  pauseMs: 30,
  echoMs: 250,
};

export interface ConsoleDependencies {
  connect: ConnectStream;
  /** The newest RFB version to speak; 3.8 when left out. */
  newestVersion?: ProtocolVersion;
  /** RFB encodings in order of preference; ZRLE, CopyRect, raw when left out. */
  encodings?: readonly number[];
}

const preferredEncodings = [encoding.zrle, encoding.copyRect, encoding.raw];

/** The graphical console of one machine, by RFB (RFC 6143). Nothing is connected until it is used. */
export function createGraphicalConsole(settings: ConsoleSettings, dependencies: ConsoleDependencies): GraphicalConsole {
  const { name, address, password } = settings;
  const timings = { ...defaultTimings, ...settings.timings };
  const { connect, newestVersion = '3.8', encodings = preferredEncodings } = dependencies;

  const open = async (signal: AbortSignal | undefined): Promise<ConsoleSession> => {
    const caller = signal && { signal };
    const connection = await attempt(
      { name, doing: 'connecting', deadlineMs: timings.connectMs, ...caller },
      (within) => openConnection(connect, address, within),
    );
    try {
      const handshake = clientHandshake({ newest: newestVersion, ...(password !== undefined && { password }) });
      const init = await attempt(
        { name, doing: 'the handshake', deadlineMs: timings.handshakeMs, ...caller },
        (within) => connection.run(handshake, within),
      );
      return createSession(connection, init, { name, timings, encodings });
    } catch (error) {
      connection.close();
      throw error;
    }
  };

  const withSession: GraphicalConsole['withSession'] = async (work, signal) => {
    const session = await open(signal);
    try {
      return await work(session);
    } finally {
      session.close();
    }
  };
  return { name, frame: (signal) => withSession((session) => session.frame(signal), signal), withSession };
}
