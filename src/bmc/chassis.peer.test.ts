/** Power, chassis, boot, the BMC itself and the watchdog: we set and ipmitool or FreeIPMI reads, and the other way round. */
import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { recordings } from '../../tools/recordings.ts';
import * as realClients from '../sim/testing/real-clients.ts';
import { openAt, useCommandBench } from './testing/command-bench.ts';
import * as ipmiSim from './testing/ipmi-sim.ts';
import { expectFailed } from './testing/results.ts';

const { freeipmi, ipmitool } = realClients;
const bench = useCommandBench(realClients);
const { value, printed, checkedOut } = bench;

describe('power and chassis', () => {
  it('gives every verb to the machine, with ipmitool as witness', async () => {
    expect(await value('power off')).toMatchObject({ state: 'off' });
    expect((await ipmitool(bench.sim, ['power', 'status'])).stdout).toContain('Chassis Power is off');
    expect(await value('power on')).toMatchObject({ state: 'on' });
    const cycle = new Promise<void>((on) => bench.sim.server.onPower.add((is) => is && on()));
    expect(await value('power cycle')).toMatchObject({ state: 'on' });
    await cycle;
    await value('power reset');
    expect(bench.sim.areas.chassis.resets()).toBe(1);
    await value('power nmi');
    expect(bench.sim.areas.chassis.diagnosticInterrupts()).toBe(1);
    expect(await value('power soft')).toMatchObject({ state: 'off' });
    const refused = expectFailed(await bench.bmc.power.set('nmi'));
    expect(refused.error.message).toContain('not supported in present state');
    await value('power on');
    expect((await ipmitool(bench.sim, ['power', 'status'])).stdout).toContain('Chassis Power is on');
  });

  it('reads the status that ipmitool and FreeIPMI read, and sets the policy that they see', async () => {
    expect(await value('chassis policy set', { policy: 'always-on' })).toMatchObject({ policy: 'always-on' });
    const status = (await value('chassis status')) as Record<string, unknown>;
    const tool = await printed('ipmitool', 'chassis', 'status');
    expect(tool).toMatchObject({
      'System Power': status['power'],
      'Power Restore Policy': status['restorePolicy'],
      'Power Overload': String(status['powerOverload']),
      'Main Power Fault': String(status['powerFault']),
      'Drive Fault': String(status['driveFault']),
      'Cooling/Fan Fault': String(status['coolingFault']),
    });
    const free = await printed('ipmi-chassis', '--get-chassis-capabilities');
    expect(free['Diagnostic Interrupt'] === 'provided').toBe(
      (status['fittings'] as Record<string, boolean>)['diagnosticInterrupt'],
    );
    expect(free['Power interlock'] === 'provided').toBe(
      (status['fittings'] as Record<string, boolean>)['powerInterlock'],
    );
    await ipmitool(bench.sim, ['chassis', 'policy', 'always-off']);
    expect(await value('chassis policy get')).toEqual({
      policy: 'always-off',
      supported: ['always-off', 'previous', 'always-on'],
    });
  });

  it('reads cause and hours as ipmitool does', async () => {
    const { cause } = (await value('chassis restart-cause')) as { cause: string };
    expect(cause).toBe('chassis control command');
    expect(await printed('ipmitool', 'chassis', 'restart_cause')).toEqual({
      'System restart cause': 'chassis power control command',
    });
    const { hours } = (await value('chassis power-on-hours')) as { hours: number };
    const poh = (await printed('ipmitool', 'chassis', 'poh'))['POH Counter'];
    expect(poh).toBe(`${Math.floor(hours / 24)} days, ${hours % 24} hours`);
  });

  it('lights the lamp as FreeIPMI sees it, and disables buttons', async () => {
    const lamp = async () => (await printed('ipmi-chassis', '--get-chassis-status'))['Chassis Identify state'];
    expect(await value('identify', { state: 'on' })).toEqual({ state: 'on' });
    expect(await lamp()).toMatch(/indefinite/i);
    expect(await value('identify', { state: 'blink', seconds: 30 })).toEqual({ state: 'blinking' });
    expect(await lamp()).toMatch(/timed|temporary/i);
    expect(await value('identify', { state: 'off' })).toEqual({ state: 'off' });
    expect(await lamp()).toMatch(/off/i);
    await value('chassis buttons', { power: true });
    expect((await printed('ipmitool', 'chassis', 'status'))['Front-Panel Lockout']).toBe('active');
    await value('chassis buttons');
    expect(await value('chassis cycle-interval', { seconds: 1 })).toEqual({ seconds: 1 });
  });
});

describe('boot', () => {
  it('sets flags that FreeIPMI reads bit by bit', async () => {
    const wishes = { clearCmos: true, lockKeyboard: true, verbose: true, consoleRedirection: true };
    const set = await value('boot cdrom', { persistent: true, uefi: true, ...wishes });
    expect(set).toMatchObject({ readBackAgrees: true, readBack: { device: 'cdrom', once: false, firmware: 'uefi' } });
    expect(await checkedOut('chassis', 'Chassis_Boot_Flags')).toMatchObject({
      Boot_Flags_Persistent: 'Yes',
      BIOS_Boot_Type: 'EFI',
      CMOS_Clear: 'Yes',
      Lock_Keyboard: 'Yes',
      Screen_Blank: 'No',
      Boot_Device: 'CD-DVD',
      Firmware_Bios_Verbosity: 'VERBOSE',
      Console_Redirection: 'ENABLE',
    });
  });

  const words = [
    ['pxe', 'Force PXE'],
    ['disk', 'Force Boot from default Hard-Drive'],
    ['safe', 'Force Boot from default Hard-Drive, request Safe-Mode'],
    ['diagnostic', 'Force Boot from Diagnostic Partition'],
    ['cdrom', 'Force Boot from CD/DVD'],
    ['bios', 'Force Boot into BIOS Setup'],
    ['floppy', 'Force Boot from Floppy/primary removable media'],
  ] as const;
  it.each(words)('%s once is what ipmitool reads as %s', async (device, text) => {
    expect(await value(`boot ${device}`, { once: true })).toMatchObject({ readBackAgrees: true });
    const { stdout } = await ipmitool(bench.sim, ['chassis', 'bootparam', 'get', '5']);
    expect(stdout).toContain('Options apply to only next boot');
    expect(stdout).toContain(`Boot Device Selector : ${text}\n`);
  });

  it('sets every other device, reads what ipmitool sets, and lists the options', async () => {
    for (const device of ['remote-floppy', 'remote-cdrom', 'remote-media', 'remote-disk', 'none']) {
      expect(await value(`boot ${device}`)).toMatchObject({ readBackAgrees: true });
    }
    await ipmitool(bench.sim, ['chassis', 'bootdev', 'bios', 'options=persistent']);
    expect(await value('boot get')).toEqual({ active: true, device: 'bios', once: false, firmware: 'bios' });
    const options = (await value('boot options')) as { parameter: number; raw: string }[];
    expect(options.map(({ parameter }) => parameter)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    const { stdout } = await ipmitool(bench.sim, ['chassis', 'bootparam', 'get', '5']);
    expect(stdout).toContain(`Boot parameter data: ${options[5]?.raw}`);
  });
});

describe('the BMC itself', () => {
  it('is who ipmitool and FreeIPMI say it is', async () => {
    const info = (await value('info')) as Record<string, unknown>;
    expect(await printed('ipmitool', 'mc', 'info')).toMatchObject({
      'Device ID': String(info['deviceId']),
      'Firmware Revision': info['firmwareVersion'],
      'Manufacturer ID': String(info['manufacturerId']),
      'Device Available': 'yes',
    });
    const { candidates } = (await value('guid')) as { candidates: string[] };
    expect(candidates).toContain((await freeipmi(bench.sim, 'bmc-info', ['--get-system-guid'])).stdout.trim());
    expect(await value('self-test')).toMatchObject({ result: 'passed' });
    expect(await printed('ipmitool', 'mc', 'selftest')).toEqual({ Selftest: 'passed' });
    expect(await value('acpi')).toEqual({ system: 'S0/G0 working', device: 'D0' });
  });
});

describe('watchdog', () => {
  it('is set, started and stopped as ipmitool reads it', async () => {
    await value('watchdog set', { timeoutSeconds: 90.5, action: 'power-cycle', warning: 'nmi', warningSeconds: 7 });
    expect(await printed('ipmitool', 'mc', 'watchdog', 'get')).toMatchObject({
      'Watchdog Timer Use': 'SMS/OS (0x04)',
      'Watchdog Timer Is': 'Stopped',
      'Watchdog Timer Action': 'Power Cycle (0x23)',
      'Pre-timeout interval': '7 seconds',
      'Initial Countdown': '90.5 sec',
    });
    expect(await value('watchdog start')).toMatchObject({ running: true, timeoutSeconds: 90.5 });
    expect((await printed('ipmitool', 'mc', 'watchdog', 'get'))['Watchdog Timer Is']).toBe('Started/Running');
    await ipmitool(bench.sim, ['mc', 'watchdog', 'off']);
    expect(await value('watchdog get')).toMatchObject({ running: false });
    expect(await value('watchdog stop')).toMatchObject({ running: false });
  });
});

describe('reset of the BMC', () => {
  it.each(['warm', 'cold'])(
    '%s is seen as its going away and answering again',
    async (kind) => {
      const before = bench.sim.sessions();
      expect(before).toBeGreaterThan(0);
      const { answeredAgainAfterMs } = (await value(`reset ${kind}`)) as { answeredAgainAfterMs: number };
      expect(answeredAgainAfterMs).toBeGreaterThan(1_000);
    },
    60_000,
  );
});

const folder = recordings('ipmi');
describe.runIf(folder)('a recorded server in ipmi_sim', () => {
  it('says of chassis and watchdog what ipmitool prints', async () => {
    const [emulation = ''] = readdirSync(folder ?? '').filter((name) => name.endsWith('.emu'));
    const real = await ipmiSim.startIpmiSim({ emulation: resolve(folder ?? '', emulation) });
    const recorded = openAt(real.port, ipmiSim.administrator);
    try {
      const status = (await value('chassis status', {}, recorded)) as Record<string, unknown>;
      const text = await real.ipmitool('chassis', 'status');
      expect(text).toMatch(new RegExp(`System Power +: ${String(status['power'])}\n`));
      expect(text).toMatch(new RegExp(`Power Restore Policy +: ${String(status['restorePolicy'])}\n`));
      expect(text).toMatch(new RegExp(`Drive Fault +: ${String(status['driveFault'])}\n`));
      const watchdog = (await value('watchdog get', {}, recorded)) as Record<string, unknown>;
      const timer = await real.ipmitool('mc', 'watchdog', 'get');
      expect(timer).toMatch(watchdog['running'] === true ? /Started/ : /Stopped/);
      const info = (await value('info', {}, recorded)) as Record<string, unknown>;
      expect(await real.ipmitool('mc', 'info')).toMatch(
        new RegExp(`Manufacturer ID +: ${String(info['manufacturerId'])}\n`),
      );
      const parameter = (await value('boot get', {}, recorded)) as Record<string, unknown>;
      expect(parameter['active']).toBe(false);
      expect(await real.ipmitool('chassis', 'bootparam', 'get', '5')).toContain('Boot Flag Invalid');
    } finally {
      await recorded.close();
      await real.stop();
    }
  });
});
