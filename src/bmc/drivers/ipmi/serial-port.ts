/** Serial over LAN and serial settings: their configuration parameters (IPMI v2.0 §25, §26). */
import { AthanorError } from '../../../errors/index.ts';
import type { Parameter } from '../../../protocols/ipmi/index.ts';
import {
  getSerialConfiguration,
  getSolConfigurationParameters,
  serialParameters,
  setSerialConfiguration,
  setSolConfigurationParameters,
  solParameters,
} from '../../../protocols/ipmi/index.ts';
import type {
  ConsoleChange,
  ConsoleSettings,
  SerialChange,
  SerialOptions,
  SerialPortCapability,
  SerialSettings,
} from '../../capabilities/serial-port.ts';
import type { Note } from '../../settle.ts';
import { settle } from '../../settle.ts';
import { firstChannel, ownChannel } from './channels.ts';
import type { IpmiContext } from './context.ts';
import type { ParameterPlace, ParameterWrite } from './parameter-access.ts';
import { readBack } from './send-change.ts';
import { checkWritten, readParameter, requireParameter, writeOf, writeParameters } from './parameter-access.ts';

export function ipmiSerialPort(context: IpmiContext): SerialPortCapability {
  const about = { driver: 'ipmi', capability: 'serialPort', clock: context.clock } as const;

  async function consolePlace(note: Note, options: SerialOptions): Promise<ParameterPlace> {
    const channel = options.channel ?? (await ownChannel(context, options.signal));
    const commands = { get: getSolConfigurationParameters, set: setSolConfigurationParameters };
    return { context, ...commands, channel, note, ...(options.signal !== undefined && { signal: options.signal }) };
  }
  async function serialPlace(note: Note, options: SerialOptions): Promise<ParameterPlace> {
    const channel = options.channel ?? (await firstChannel(context, 'serial', options.signal));
    if (channel === undefined) {
      throw new AthanorError('unsupported', `BMC ${context.peer.name} has no serial channel`);
    }
    const commands = { get: getSerialConfiguration, set: setSerialConfiguration };
    return { context, ...commands, channel, note, ...(options.signal !== undefined && { signal: options.signal }) };
  }

  return {
    getConsole: (options = {}) => settle(about, async (note) => await readConsole(await consolePlace(note, options))),
    setConsole: (change, options = {}) =>
      settle(about, (note) =>
        context.lane.change(async () => {
          const place = await consolePlace(note, options);
          await write(place, await consoleWrites(place, change), options);
          return await readConsole(place);
        }, options.signal),
      ),
    getSerial: (options = {}) => settle(about, async (note) => await readSerial(await serialPlace(note, options))),
    setSerial: (change, options = {}) =>
      settle(about, (note) =>
        context.lane.change(async () => {
          const place = await serialPlace(note, options);
          await write(place, await serialWrites(place, change), options);
          return await readSerial(place);
        }, options.signal),
      ),
  };
}

async function write(place: ParameterPlace, writes: readonly ParameterWrite[], options: SerialOptions): Promise<void> {
  if (writes.length === 0) throw new AthanorError('invalid-input', 'No setting to change was named');
  const broken = await writeParameters(place, writes, options.force ?? false);
  if (broken !== undefined) throw broken;
  await readBack(place.context, 'the new settings', () => checkWritten(place, writes));
}

async function readConsole(place: ParameterPlace): Promise<ConsoleSettings> {
  const untold: string[] = [];
  const read = <Value extends object>(parameter: Parameter<Value>) => readParameter(place, parameter, untold);
  const progress = await read(solParameters.setInProgress);
  const enable = await read(solParameters.enable);
  const authentication = await read(solParameters.authentication);
  const accumulate = await read(solParameters.accumulate);
  const retry = await read(solParameters.retry);
  const stored = await read(solParameters.nonVolatileBitRate);
  const active = await read(solParameters.volatileBitRate);
  const channel = await read(solParameters.payloadChannel);
  const port = await read(solParameters.payloadPort);
  tell(place, untold);
  return {
    channel: place.channel,
    setInProgress: progress === undefined ? undefined : String(progress.state),
    enabled: enable?.enabled,
    forceEncryption: authentication?.forceEncryption,
    forceAuthentication: authentication?.forceAuthentication,
    role: orReserved(authentication?.privilege),
    accumulateIntervalMs: accumulate?.intervalMs,
    sendThreshold: accumulate?.sendThreshold,
    retryCount: retry?.count,
    retryIntervalMs: retry?.intervalMs,
    storedBitRate: orReserved(stored?.rate),
    activeBitRate: orReserved(active?.rate),
    payloadChannel: channel?.channel,
    payloadPort: port?.port,
  };
}

async function consoleWrites(place: ParameterPlace, change: ConsoleChange): Promise<ParameterWrite[]> {
  const sol = solParameters;
  const writes: ParameterWrite[] = [];
  if (change.forceEncryption !== undefined || change.forceAuthentication !== undefined || change.role !== undefined) {
    const held = await requireParameter(place, sol.authentication);
    writes.push(
      writeOf(sol.authentication, {
        forceEncryption: change.forceEncryption ?? held.forceEncryption,
        forceAuthentication: change.forceAuthentication ?? held.forceAuthentication,
        privilege: change.role ?? held.privilege,
      }),
    );
  }
  if (change.accumulateIntervalMs !== undefined || change.sendThreshold !== undefined) {
    const held = await requireParameter(place, sol.accumulate);
    writes.push(
      writeOf(sol.accumulate, {
        intervalMs: change.accumulateIntervalMs ?? held.intervalMs,
        sendThreshold: change.sendThreshold ?? held.sendThreshold,
      }),
    );
  }
  if (change.retryCount !== undefined || change.retryIntervalMs !== undefined) {
    const held = await requireParameter(place, sol.retry);
    writes.push(
      writeOf(sol.retry, {
        count: change.retryCount ?? held.count,
        intervalMs: change.retryIntervalMs ?? held.intervalMs,
      }),
    );
  }
  if (change.storedBitRate !== undefined) writes.push(writeOf(sol.nonVolatileBitRate, { rate: change.storedBitRate }));
  if (change.activeBitRate !== undefined) writes.push(writeOf(sol.volatileBitRate, { rate: change.activeBitRate }));
  if (change.payloadPort !== undefined) writes.push(writeOf(sol.payloadPort, { port: change.payloadPort }));
  if (change.enabled !== undefined) writes.push(writeOf(sol.enable, { enabled: change.enabled }));
  return writes;
}

async function readSerial(place: ParameterPlace): Promise<SerialSettings> {
  const untold: string[] = [];
  const read = <Value extends object>(parameter: Parameter<Value>) => readParameter(place, parameter, untold);
  const progress = await read(serialParameters.setInProgress);
  const mode = await read(serialParameters.connectionMode);
  const timeout = await read(serialParameters.inactivityTimeout);
  const termination = await read(serialParameters.sessionTermination);
  const messaging = await read(serialParameters.messaging);
  const terminal = await read(serialParameters.terminalMode);
  tell(place, untold);
  return {
    channel: place.channel,
    setInProgress: progress === undefined ? undefined : String(progress.state),
    connection: typeof mode?.connection === 'string' ? mode.connection : undefined,
    basicMode: mode?.basicMode,
    pppMode: mode?.pppMode,
    terminalMode: mode?.terminalMode,
    inactivityTimeoutSeconds: timeout?.timeoutSeconds,
    endOnInactivity: termination?.onInactivity,
    endOnCarrierLoss: termination?.onCarrierLoss,
    flowControl: orReserved(messaging?.flowControl),
    hangUpByDtr: messaging?.hangUpByDtr,
    bitRate: orReserved(messaging?.bitRate),
    lineEditing: terminal?.lineEditing,
    deleteSends: orReserved(terminal?.deleteSends),
    echo: terminal?.echo,
    handshake: terminal?.handshake,
    outputNewline: orReserved(terminal?.outputNewline),
    inputNewline: orReserved(terminal?.inputNewline),
  };
}

async function serialWrites(place: ParameterPlace, change: SerialChange): Promise<ParameterWrite[]> {
  const serial = serialParameters;
  const writes: ParameterWrite[] = [];
  const { connection, basicMode, pppMode, terminalMode } = change;
  if ([connection, basicMode, pppMode, terminalMode].some((named) => named !== undefined)) {
    const held = await requireParameter(place, serial.connectionMode);
    writes.push(
      writeOf(serial.connectionMode, {
        connection: connection ?? held.connection,
        basicMode: basicMode ?? held.basicMode,
        pppMode: pppMode ?? held.pppMode,
        terminalMode: terminalMode ?? held.terminalMode,
      }),
    );
  }
  if (change.inactivityTimeoutSeconds !== undefined) {
    writes.push(writeOf(serial.inactivityTimeout, { timeoutSeconds: change.inactivityTimeoutSeconds }));
  }
  if (change.endOnInactivity !== undefined || change.endOnCarrierLoss !== undefined) {
    const held = await requireParameter(place, serial.sessionTermination);
    writes.push(
      writeOf(serial.sessionTermination, {
        onInactivity: change.endOnInactivity ?? held.onInactivity,
        onCarrierLoss: change.endOnCarrierLoss ?? held.onCarrierLoss,
      }),
    );
  }
  if (change.flowControl !== undefined || change.hangUpByDtr !== undefined || change.bitRate !== undefined) {
    const held = await requireParameter(place, serial.messaging);
    writes.push(
      writeOf(serial.messaging, {
        flowControl: change.flowControl ?? held.flowControl,
        hangUpByDtr: change.hangUpByDtr ?? held.hangUpByDtr,
        bitRate: change.bitRate ?? held.bitRate,
      }),
    );
  }
  const { lineEditing, deleteSends, echo, handshake, outputNewline, inputNewline } = change;
  const terminal = [lineEditing, deleteSends, echo, handshake, outputNewline, inputNewline];
  if (terminal.some((named) => named !== undefined)) {
    const held = await requireParameter(place, serial.terminalMode);
    writes.push(
      writeOf(serial.terminalMode, {
        lineEditing: lineEditing ?? held.lineEditing,
        deleteSends: deleteSends ?? held.deleteSends,
        echo: echo ?? held.echo,
        handshake: handshake ?? held.handshake,
        outputNewline: outputNewline ?? held.outputNewline,
        inputNewline: inputNewline ?? held.inputNewline,
      }),
    );
  }
  return writes;
}

function tell(place: ParameterPlace, untold: readonly string[]): void {
  place.note(
    place.get.name,
    `channel ${place.channel}${untold.length === 0 ? '' : `; not told: ${untold.join(', ')}`}`,
  );
}

function orReserved<Name extends string>(value: Name | number | undefined): Name | 'reserved' | undefined {
  return typeof value === 'number' ? 'reserved' : value;
}
