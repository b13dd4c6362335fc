/** Chassis, boot, watchdog, DCMI, event filtering and fans: we set and ipmitool or FreeIPMI reads, and the other way round. */
import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordings } from '../../tools/recordings.ts';
import type { SimulatedBmc } from '../sim/index.ts';
import { administrator, freeipmi, ipmitool, startTestBmc } from '../sim/testing/real-clients.ts';
import { findBmcCommand } from './commands/table.ts';
import type { Bmc } from './index.ts';
import { openBmc } from './index.ts';
import * as ipmiSim from './testing/ipmi-sim.ts';
import { realDependencies } from './testing/real-dependencies.ts';
import { expectDone, expectFailed } from './testing/results.ts';

let sim: SimulatedBmc;
let bmc: Bmc;

function open(port: number, login: { username: string; password: string }): Bmc {
  const credential = { name: 'sim', ...login, fingerprint: 'one' };
  return openBmc({ name: 'b1', driver: 'ipmi', address: '127.0.0.1', port, credential }, realDependencies());
}

beforeAll(async () => {
  sim = await startTestBmc({ powerOn: true });
  bmc = open(sim.port, administrator);
});
afterAll(async () => {
  await bmc.close();
  await sim.stop();
});

/** The command of the table, its value checked by the table's own schema. */
async function value(name: string, parameters: Record<string, unknown> = {}, on = bmc): Promise<unknown> {
  const command = findBmcCommand(name);
  if (command === undefined) throw new Error(`no command ${name}`);
  const done = expectDone(await command.run(on, parameters)).value;
  expect(command.present(done).line).not.toBe('');
  return command.value.parse(done);
}

/** `name : value` lines of a client. */
async function printed(program: string, ...words: string[]): Promise<Record<string, string>> {
  const { code, stdout, stderr } =
    program === 'ipmitool' ? await ipmitool(sim, words) : await freeipmi(sim, program, words);
  if (code !== 0) throw new Error(`${program} ${words.join(' ')}: ${stderr}`);
  const lines = stdout.split('\n').map((line) => /^\s*([^:]+?)\s*:\s*(.*?)\s*$/.exec(line));
  return Object.fromEntries(lines.flatMap((match) => (match ? [[match[1] ?? '', match[2] ?? '']] : [])));
}

/** `Key   Value` lines of a section of ipmi-config. */
async function checkedOut(category: string, section: string): Promise<Record<string, string>> {
  const words = ['--checkout', `--category=${category}`, `--section=${section}`];
  const { stdout } = await freeipmi(sim, 'ipmi-config', words);
  const lines = stdout.split('\n').map((line) => /^\s+(\w+)\s+(\S.*)$/.exec(line));
  return Object.fromEntries(lines.flatMap((match) => (match ? [[match[1] ?? '', match[2] ?? '']] : [])));
}

async function raw(...words: string[]): Promise<string> {
  return (await ipmitool(sim, ['raw', ...words])).stdout.trim();
}

describe('power and chassis', () => {
  it('gives every verb to the machine, with ipmitool as witness', async () => {
    expect(await value('power off')).toMatchObject({ state: 'off' });
    expect((await ipmitool(sim, ['power', 'status'])).stdout).toContain('Chassis Power is off');
    expect(await value('power on')).toMatchObject({ state: 'on' });
    const cycle = new Promise<void>((on) => sim.server.onPower.add((is) => is && on()));
    expect(await value('power cycle')).toMatchObject({ state: 'on' });
    await cycle;
    await value('power reset');
    expect(sim.areas.chassis.resets()).toBe(1);
    await value('power nmi');
    expect(sim.areas.chassis.diagnosticInterrupts()).toBe(1);
    expect(await value('power soft')).toMatchObject({ state: 'off' });
    const refused = expectFailed(await bmc.power.set('nmi'));
    expect(refused.error.message).toContain('not supported in present state');
    await value('power on');
    expect((await ipmitool(sim, ['power', 'status'])).stdout).toContain('Chassis Power is on');
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
    await ipmitool(sim, ['chassis', 'policy', 'always-off']);
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
    const { stdout } = await ipmitool(sim, ['chassis', 'bootparam', 'get', '5']);
    expect(stdout).toContain('Options apply to only next boot');
    expect(stdout).toContain(`Boot Device Selector : ${text}\n`);
  });

  it('sets every other device, reads what ipmitool sets, and lists the options', async () => {
    for (const device of ['remote-floppy', 'remote-cdrom', 'remote-media', 'remote-disk', 'none']) {
      expect(await value(`boot ${device}`)).toMatchObject({ readBackAgrees: true });
    }
    await ipmitool(sim, ['chassis', 'bootdev', 'bios', 'options=persistent']);
    expect(await value('boot get')).toEqual({ active: true, device: 'bios', once: false, firmware: 'bios' });
    const options = (await value('boot options')) as { parameter: number; raw: string }[];
    expect(options.map(({ parameter }) => parameter)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    const { stdout } = await ipmitool(sim, ['chassis', 'bootparam', 'get', '5']);
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
    expect(candidates).toContain((await freeipmi(sim, 'bmc-info', ['--get-system-guid'])).stdout.trim());
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
    await ipmitool(sim, ['mc', 'watchdog', 'off']);
    expect(await value('watchdog get')).toMatchObject({ running: false });
    expect(await value('watchdog stop')).toMatchObject({ running: false });
  });
});

describe('DCMI', () => {
  it('reads power, asset tag, name and temperatures as the clients do', async () => {
    const power = (await value('dcmi power')) as Record<string, number>;
    expect(await printed('ipmi-dcmi', '--get-system-power-statistics')).toMatchObject({
      'Current Power': `${power['currentWatts']} Watts`,
      'Minimum Power over sampling duration': `${power['minimumWatts']} watts`,
      'Maximum Power over sampling duration': `${power['maximumWatts']} watts`,
      'Average Power over sampling duration': `${power['averageWatts']} watts`,
    });
    const tag = 'ROOM 3 RACK 07 UNIT 12 LEFT';
    expect(await value('dcmi asset-tag set', { assetTag: tag })).toEqual({ assetTag: tag });
    expect((await freeipmi(sim, 'ipmi-dcmi', ['--get-asset-tag'])).stdout.trim()).toBe(tag);
    await ipmitool(sim, ['dcmi', 'set_mc_id_string', 'node-7-bmc']);
    expect(await value('dcmi controller-name get')).toEqual({ controllerName: 'node-7-bmc' });
    expect(await value('dcmi controller-name set', { controllerName: 'node-8' })).toEqual({ controllerName: 'node-8' });
    const { temperatures } = (await value('dcmi thermal')) as { temperatures: { celsius: number }[] };
    const { stdout } = await ipmitool(sim, ['dcmi', 'get_temp_reading']);
    expect(temperatures.map(({ celsius }) => celsius)).toEqual(
      [...stdout.matchAll(/([+-]\d+) C/g)].map((match) => Number(match[1])),
    );
    const sensors = (await value('dcmi sensors')) as { recordIds: number[] }[];
    const listed = (await freeipmi(sim, 'ipmi-dcmi', ['--get-dcmi-sensor-info'])).stdout;
    expect(sensors.flatMap(({ recordIds }) => recordIds)).toEqual(
      [...listed.matchAll(/^(\d+)$/gm)].map((match) => Number(match[1])),
    );
    const { supported } = (await value('dcmi capabilities')) as { supported: string[] };
    const discovered = (await ipmitool(sim, ['dcmi', 'discover'])).stdout;
    expect(supported.includes('power management')).toBe(discovered.includes('Power management available'));
  });

  it('sets limits that the clients read', async () => {
    await value('dcmi power-limit set', { watts: 400, correctionMs: 6000, samplingSeconds: 5 });
    expect(await value('dcmi power-limit get')).toEqual({ active: false });
    expect(await value('dcmi power-limit activate')).toMatchObject({ active: true, watts: 400 });
    expect(await printed('ipmitool', 'dcmi', 'power', 'get_limit')).toMatchObject({
      'Current Limit State': 'Power Limit Active',
      'Power Limit': '400 Watts',
      'Correction time': '6000 milliseconds',
    });
    expect(await value('dcmi power-limit deactivate')).toEqual({ active: false });
    await value('dcmi thermal-limit set', { place: 'inlet', instance: 1, celsius: 41, powerOff: true });
    const { stdout } = await ipmitool(sim, ['dcmi', 'thermalpolicy', 'get', '64', '1']);
    expect(stdout).toMatch(/Temperature Limit +41 degrees/);
  });
});

describe('event filtering and alerts', () => {
  it('reads filters and policies as the clients do, and switches them', async () => {
    const [first] = (await value('pef filters')) as { actions: string[]; severity: string; offsetMask: number }[];
    expect(first).toMatchObject({ actions: ['alert', 'power-off'], severity: 'non-recoverable' });
    expect(await checkedOut('pef', 'Event_Filter_1')).toMatchObject({
      Enable_Filter: 'Yes',
      Event_Filter_Action_Alert: 'Yes',
      Event_Filter_Action_Power_Off: 'Yes',
      Event_Filter_Action_Reset: 'No',
      Event_Severity: 'Non_Recoverable',
      Event_Data1_Offset_Mask: `0x${first?.offsetMask.toString(16)}`,
    });
    await value('pef filter disable', { number: 1 });
    expect((await checkedOut('pef', 'Event_Filter_1'))['Enable_Filter']).toBe('No');
    await value('pef filter enable', { number: 1 });
    await value('pef policy enable', { number: 2 });
    expect((await checkedOut('pef', 'Alert_Policy_2'))['Policy_Enabled']).toBe('Yes');
    await value('pef policy disable', { number: 2 });
    const policies = (await value('pef policies')) as { destination: number; enabled: boolean }[];
    expect(policies.map(({ enabled }) => enabled)).toEqual([true, false, false, false]);
  });

  it('tells what ipmitool tells of it all', async () => {
    expect(await value('pef disable')).toMatchObject({ enabled: false });
    expect(await checkedOut('pef', 'Community_String')).toBeDefined();
    const info = (await value('pef info')) as { filterCount: number; policyCount: number };
    const { stdout } = await ipmitool(sim, ['pef', 'info']);
    expect(stdout).toContain(`| ${info.filterCount} | ${info.policyCount} |`);
    expect(await value('pef enable')).toMatchObject({ enabled: true });
    expect(await raw('0x04', '0x13', '0x01', '0', '0')).toBe('11 01');
    expect(await value('pef postpone', { seconds: 60 })).toMatchObject({ remainingSeconds: expect.any(Number) });
    expect(await value('pef postpone', { seconds: 0 })).toEqual({ remainingSeconds: 0 });
    const destinations = (await value('alert destinations')) as { address: string }[];
    expect(destinations.length).toBeGreaterThan(0);
  });
});

describe('fans', () => {
  it('are unsupported where no fan control is known, and run where it is', async () => {
    expect(await bmc.fans.get()).toMatchObject({ outcome: 'unsupported' });
    Object.assign(sim.areas.chassis.deviceId, { manufacturerId: 10876, productId: 0x0832 });
    expect(await value('fans get')).toMatchObject({ control: 'supermicro', mode: 'optimal' });
    expect(expectFailed(await bmc.fans.setDuty({ percent: 10 })).error.code).toBe('invalid-input');
    const speed = async () =>
      Number(
        /([\d.]+) RPM/.exec((await ipmitool(sim, ['sdr', 'get', 'Fan 1'])).stdout)?.[1] ??
          /Sensor Reading +: (\d+)/.exec((await ipmitool(sim, ['sensor', 'get', 'Fan 1'])).stdout)?.[1],
      );
    const before = await speed();
    const set = (await value('fans set-duty', { percent: 70 })) as {
      mode: string;
      tachometers: Record<string, unknown>[];
    };
    expect(set).toMatchObject({
      mode: 'full',
      tachometers: expect.arrayContaining([expect.objectContaining({ name: 'Pump 1', follows: false })]),
    });
    expect(await raw('0x30', '0x70', '0x66', '0x00', '0x01')).toBe('46');
    // The tachometer that we watched is the one that ipmitool reads.
    const after = await speed();
    expect(after).toBeGreaterThan(before * 1.5);
    expect(set.tachometers).toContainEqual({ name: 'Fan 1', beforeRpm: before, rpm: after, follows: true });
    sim.faults.fans = 'ignored';
    expect(expectFailed(await bmc.fans.setDuty({ percent: 90 }, { deadlineMs: 2_000 })).error.message).toContain(
      'no fan followed',
    );
    expect(await raw('0x30', '0x45', '0x00')).toBe('02');
    sim.faults.fans = 'honest';
    expect(await value('fans set-mode', { mode: 'automatic' })).toMatchObject({ mode: 'optimal' });
    expect(await raw('0x30', '0x45', '0x00')).toBe('02');
    const interrupted = new AbortController();
    const held = bmc.fans.hold({ percent: 55 }, { signal: interrupted.signal });
    await expect.poll(() => sim.areas.fans.duties()).toEqual([55, 55]);
    expect(await raw('0x30', '0x70', '0x66', '0x00', '0x00')).toBe('37');
    interrupted.abort();
    expect(expectDone(await held).value).toMatchObject({ mode: 'optimal' });
    expect(sim.areas.fans.mode()).toBe(2);
  });
});

describe('reset of the BMC', () => {
  it.each(['warm', 'cold'])(
    '%s is seen as its going away and answering again',
    async (kind) => {
      const before = sim.sessions();
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
    const recorded = open(real.port, ipmiSim.administrator);
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
