/** Event filtering and alerts: we set and ipmitool or FreeIPMI reads, and the other way round. */
import { describe, expect, it } from 'vitest';
import * as realClients from '../sim/testing/real-clients.ts';
import { useCommandBench } from './testing/command-bench.ts';
import { expectFailed } from './testing/results.ts';

const { ipmitool } = realClients;
const bench = useCommandBench(realClients);
const { value, printed, checkedOut, commit, raw } = bench;

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
  });

  it('tells all of a filter, as FreeIPMI does', async () => {
    await commit('pef', { 'Event_Filter_2:Sensor_Number': '0x20', 'Event_Filter_2:Event_Data1_AND_Mask': '0x0f' });
    const filter = await value('pef filter get', { number: 2 });
    expect(filter).toMatchObject({
      number: 2,
      sensorTypeName: 'Voltage',
      sensorNumber: 0x20,
      // Offsets 2 and 9 of thresholds.
      events: ['Lower Critical - going low', 'Upper Critical - going high'],
      offsetMask: 0x0204,
      eventData: [{ andMask: 0x0f, compare1: 0, compare2: 0 }, expect.anything(), expect.anything()],
    });
    expect(await checkedOut('pef', 'Event_Filter_2')).toMatchObject({
      Sensor_Type: 'Voltage',
      Sensor_Number: '0x20',
      Event_Data1_Offset_Mask: '0x204',
      Event_Data1_AND_Mask: '0x0F',
      Event_Data1_Compare1: '0x00',
      Group_Control_Selector: '0',
    });
  });
});

describe('policies', () => {
  it('are set as FreeIPMI reads them, and read as FreeIPMI sets them', async () => {
    const wanted = {
      policySet: 2,
      enabled: true,
      rule: 'if-previous-failed-next-channel',
      channel: 1,
      destination: 3,
      stringSelector: 4,
      stringByEvent: true,
    };
    expect(await value('pef policy set', { number: 3, ...wanted })).toEqual({ number: 3, ...wanted });
    expect(await checkedOut('pef', 'Alert_Policy_3')).toEqual({
      Policy_Type: 'Proceed_To_Next_Entry_Different_Channel',
      Policy_Enabled: 'Yes',
      Policy_Number: '2',
      Destination_Selector: '3',
      Channel_Number: '1',
      Alert_String_Set_Selector: '4',
      Event_Specific_Alert_String: 'Yes',
    });
    await commit('pef', { 'Alert_Policy_3:Policy_Type': 'Do_Not_Proceed_Any_More_Entries' });
    // What is not named stays.
    expect(await value('pef policy set', { number: 3, destination: 1 })).toEqual({
      ...wanted,
      number: 3,
      rule: 'if-previous-failed-stop',
      destination: 1,
    });
    const listed = (await value('pef policies')) as { number: number }[];
    expect(listed.find(({ number }) => number === 3)).toMatchObject({ destination: 1, stringByEvent: true });
  });
});

describe('alert destinations', () => {
  it('are set as ipmitool and FreeIPMI read them, and read as they set them', async () => {
    const wanted = { address: '10.9.8.7', macAddress: '52:54:00:aa:bb:01', acknowledged: true, timeoutSeconds: 11 };
    const set = await value('alert set-destination', { number: 2, ...wanted, retries: 5 });
    expect(set).toEqual({ channel: 1, number: 2, type: 'platform-event-trap', ...wanted, retries: 5 });
    // They print the byte, which counts from zero.
    expect(await printed('ipmitool', 'lan', 'alert', 'print', '1', '2')).toEqual({
      'Alert Destination': '2',
      'Alert Acknowledge': 'Acknowledged',
      'Destination Type': 'PET Trap',
      'Acknowledge Timeout': '10',
      'Number of Retries': '5',
      'Alert Gateway': 'Default',
      'Alert IP Address': '10.9.8.7',
      'Alert MAC Address': '52:54:00:aa:bb:01',
    });
    expect(await checkedOut('pef', 'Lan_Alert_Destination_2')).toEqual({
      Alert_Destination_Type: 'PET_Trap',
      Alert_Acknowledge: 'Yes',
      Alert_Acknowledge_Timeout: '10',
      Alert_Retries: '5',
      Alert_Gateway: 'Default',
      Alert_IP_Address: '10.9.8.7',
      Alert_MAC_Address: '52:54:00:AA:BB:01',
    });
    await ipmitool(bench.sim, ['lan', 'alert', 'set', '1', '3', 'ipaddr', '10.1.2.3']);
    await commit('pef', { 'Lan_Alert_Destination_3:Alert_Retries': '6' });
    const listed = (await value('alert destinations')) as { number: number }[];
    expect(listed.find(({ number }) => number === 3)).toMatchObject({ address: '10.1.2.3', retries: 6 });
    expect(listed.find(({ number }) => number === 2)).toEqual(set);
  });

  it('take no nonsense, and a change that does not hold has failed', async () => {
    const { alerting } = bench.bmc;
    for (const wanted of [
      { address: 'here' },
      { macAddress: '52:54' },
      { address: '::1', macAddress: '52:54:00:aa:bb:01' },
    ]) {
      expect(expectFailed(await alerting.setDestination(1, wanted)).error.code).toBe('invalid-input');
    }
    expect(expectFailed(await alerting.setDestination(9, { retries: 1 })).error.message).toContain('has 4 alert');
    bench.sim.areas.access.lan.ignored.add(18);
    expect(expectFailed(await alerting.setDestination(1, { retries: 1 })).error.message).toContain('reads otherwise');
    bench.sim.areas.access.lan.ignored.clear();
  });
});

describe('alert strings', () => {
  it('are set as FreeIPMI reads them, and read as FreeIPMI sets them', async () => {
    const text = 'call the night watch, rack seven';
    const set = { number: 1, eventFilter: 3, stringSet: 4, text };
    expect(await value('alert set-string', set)).toEqual(set);
    expect(await checkedOut('pef', 'Alert_String_1')).toEqual({
      Event_Filter_Number: '3',
      Alert_String_Set: '4',
      Alert_String: text,
    });
    await commit('pef', { 'Alert_String_2:Alert_String': 'again', 'Alert_String_2:Alert_String_Set': '5' });
    expect(await value('alert strings')).toEqual([set, { number: 2, eventFilter: 0, stringSet: 5, text: 'again' }]);
    const full = 'x'.repeat(64);
    expect(await value('alert set-string', { number: 1, text: full })).toEqual({ ...set, text: full });
    expect((await checkedOut('pef', 'Alert_String_1'))['Alert_String']).toBe(full);
    expect(await value('alert set-string', { number: 1, text: 'short' })).toEqual({ ...set, text: 'short' });
    const refused = expectFailed(await bench.bmc.alerting.setString(1, { text: 'x'.repeat(65) }));
    expect(refused.error.message).toContain('no room for 65');
    expect(await value('alert set-string', { number: 1, stringSet: 0 })).toEqual({
      ...set,
      text: 'short',
      stringSet: 0,
    });
  });
});
