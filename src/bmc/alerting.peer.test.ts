/** Event filtering and alerts: we set and ipmitool or FreeIPMI reads, and the other way round. */
import { describe, expect, it } from 'vitest';
import { ipmitool } from '../sim/testing/real-clients.ts';
import { useCommandBench } from './testing/command-bench.ts';

const bench = useCommandBench();
const { value, checkedOut, raw } = bench;

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
    const { stdout } = await ipmitool(bench.sim, ['pef', 'info']);
    expect(stdout).toContain(`| ${info.filterCount} | ${info.policyCount} |`);
    expect(await value('pef enable')).toMatchObject({ enabled: true });
    expect(await raw('0x04', '0x13', '0x01', '0', '0')).toBe('11 01');
    expect(await value('pef postpone', { seconds: 60 })).toMatchObject({ remainingSeconds: expect.any(Number) });
    expect(await value('pef postpone', { seconds: 0 })).toEqual({ remainingSeconds: 0 });
    const destinations = (await value('alert destinations')) as { address: string }[];
    expect(destinations.length).toBeGreaterThan(0);
  });
});
