/** The power of one server: a QEMU process that is started, reset and killed as its BMC asks. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, rm, writeFile } from 'node:fs/promises';
import { type Server, type Socket, createServer } from 'node:net';
import { hasEnded, killAndWait, spawnInNamespace } from './command.ts';
import { closeServer, listen } from './listen.ts';
import { rackNamespace, setCable } from './namespaces.ts';
import { type BootOverride, type QemuMachine, bootIndexes, ovmfVariables, qemuCommand } from './qemu-command.ts';
import { type Qmp, openQmp } from './qmp.ts';

export interface QemuServer {
  isPoweredOn: () => boolean;
  /** Each is done when the effect is sure to come; a power-on does not wait for the firmware. */
  powerOn: (override?: BootOverride) => Promise<void>;
  powerOff: () => Promise<void>;
  reset: (override?: BootOverride) => Promise<void>;
  /** Presses the power button (ACPI): the operating system decides. */
  pressPowerButton: () => Promise<void>;
  waitForPowerOff: (options: { timeoutMs: number; signal?: AbortSignal }) => Promise<void>;
  qmp: (command: string, parameters?: Record<string, unknown>) => Promise<unknown>;
  setCable: (plugged: boolean) => Promise<void>;
  close: () => Promise<void>;
}

export async function createQemuServer(options: {
  machine: QemuMachine;
  index: number;
  logFile: string;
  /** Resolves when SeaBIOS next says its name on the serial console. */
  biosBanner: (signal: AbortSignal) => Promise<unknown>;
  report: (problem: unknown) => void;
}): Promise<QemuServer> {
  const { machine } = options;
  let running: { child: ChildProcess; control: Promise<Qmp> } | undefined;
  let cable = true;
  /** Aborts the wait that would put the default order back: a newer reset or a power-off comes first. */
  let pendingClear: AbortController | undefined;
  if (machine.firmware === 'uefi') await copyFile(ovmfVariables, machine.variablesFile);
  else await writeFile(machine.serialPortFile, Buffer.of(0xf8, 0x03));

  const controlServer: Server = createServer();
  await listen(controlServer, { path: machine.controlSocket });

  const control = (): Promise<Qmp> => {
    if (running === undefined || hasEnded(running.child))
      return Promise.reject(new Error(`${machine.name} has no power`));
    return running.control;
  };
  /**
   * QEMU writes the boot order for the firmware at each reset and never in between. So the default order goes back in as
   * soon as a boot with an override has begun: that boot keeps its override, the next one, even a reboot by the guest
   * itself, has the default.
   */
  const setBootIndex = async (qmp: Qmp, override: BootOverride, bootindex: number): Promise<void> => {
    const device = override === 'disk' ? 'disk0' : 'nic0';
    await qmp.execute('qom-set', { path: `/machine/peripheral/${device}`, property: 'bootindex', value: bootindex });
  };
  const setOverride = (qmp: Qmp, override: BootOverride): Promise<void> =>
    setBootIndex(qmp, override, bootIndexes(machine.bootOrder, override)[override]);
  const clearOverride = (qmp: Qmp, override: BootOverride): Promise<void> =>
    setBootIndex(qmp, override, bootIndexes(machine.bootOrder)[override]);

  /**
   * When has the boot after a reset read its order? On UEFI at the reset itself. SeaBIOS resets the machine twice more by
   * itself before it starts over; it has read the order when its banner is on the serial console.
   */
  const bootBegun = async (qmp: Qmp, signal: AbortSignal): Promise<void> => {
    if (machine.firmware === 'uefi') await qmp.event('RESET', AbortSignal.any([signal, AbortSignal.timeout(30_000)]));
    else await options.biosBanner(signal);
  };

  const connect = async (child: ChildProcess, override: BootOverride | undefined): Promise<Qmp> => {
    const arrival = new AbortController();
    const ended = (): void => arrival.abort(new Error(`QEMU of ${machine.name} ended at once: see ${options.logFile}`));
    child.once('exit', ended);
    try {
      const deadline = AbortSignal.any([arrival.signal, AbortSignal.timeout(60_000)]);
      const [socket]: Socket[] = await once(controlServer, 'connection', { signal: deadline });
      if (socket === undefined) throw new Error('no connection');
      const qmp = await openQmp(socket);
      if (override !== undefined) await clearOverride(qmp, override);
      if (!cable) await qmp.execute('set_link', { name: 'nic0', up: false });
      return qmp;
    } finally {
      child.off('exit', ended);
    }
  };

  const powerOn = async (override?: BootOverride): Promise<void> => {
    if (running !== undefined) return;
    const child = await spawnInNamespace(rackNamespace, qemuCommand(machine, override), options.logFile);
    const qmp = connect(child, override);
    qmp.catch((problem: unknown) => {
      if (running?.child === child) options.report(problem);
    });
    running = { child, control: qmp };
    child.once('exit', () => {
      if (running?.child === child) running = undefined;
    });
  };
  const powerOff = async (): Promise<void> => {
    pendingClear?.abort();
    const was = running;
    running = undefined;
    if (was === undefined) return;
    await killAndWait(was.child);
    await Promise.all([machine.vncSocket, machine.qmpSocket].map((file) => rm(file, { force: true })));
  };

  return {
    isPoweredOn: () => running !== undefined && !hasEnded(running.child),
    powerOn,
    powerOff,
    reset: async (override) => {
      pendingClear?.abort();
      pendingClear = undefined;
      const qmp = await control();
      if (override === undefined) return void (await qmp.execute('system_reset'));
      await setOverride(qmp, override);
      const clear = new AbortController();
      pendingClear = clear;
      const begun = bootBegun(qmp, clear.signal);
      const cleared = begun.then(() => (clear.signal.aborted ? undefined : clearOverride(qmp, override)));
      cleared.catch((problem: unknown) => {
        if (!clear.signal.aborted && !qmp.closed) options.report(problem);
      });
      await qmp.execute('system_reset');
    },
    pressPowerButton: async () => {
      const qmp = await control();
      await qmp.execute('system_powerdown');
    },
    waitForPowerOff: async ({ timeoutMs, signal }) => {
      const child = running?.child;
      if (child === undefined || hasEnded(child)) return;
      const deadline = AbortSignal.timeout(timeoutMs);
      await once(child, 'exit', { signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]) });
    },
    qmp: async (command, parameters) => {
      const qmp = await control();
      return qmp.execute(command, parameters);
    },
    setCable: async (plugged) => {
      cable = plugged;
      await setCable(options.index, plugged);
      if (running === undefined) return;
      const qmp = await control();
      await qmp.execute('set_link', { name: 'nic0', up: plugged });
    },
    close: async () => {
      await powerOff();
      await closeServer(controlServer);
    },
  };
}
