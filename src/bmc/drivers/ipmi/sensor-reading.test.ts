import { describe, expect, it } from 'vitest';
import { AthanorError } from '../../../errors/index.ts';
import type { IpmiCommand, IpmiTarget, SensorRecord } from '../../../protocols/ipmi/index.ts';
import { getSensorReading, getSensorThresholds, idString } from '../../../protocols/ipmi/index.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';
import type { CommandAnswer } from './client.ts';
import { sensorsOf } from './sensor-population.ts';
import { createSensorReader } from './sensor-reading.ts';

function temperature(owner: number, change: { capabilities?: number } = {}): SensorRecord {
  const zero = {
    m: 1,
    b: 0,
    bExponent: 0,
    resultExponent: 0,
    tolerance: 0,
    accuracy: 0,
    accuracyExponent: 0,
    direction: 0,
  };
  return {
    kind: 'full',
    owner: { address: owner, channel: 0, lun: 0 },
    sensorNumber: 1,
    entityId: 7,
    entityInstance: 1,
    initialization: 0,
    capabilities: change.capabilities ?? 0x08,
    sensorType: 1,
    readingType: 1,
    assertionMask: 0,
    deassertionMask: 0,
    // Upper critical can be read.
    readingMask: 0x0010,
    analogFormat: 0,
    units: { percentage: false, rate: 0, modifierUse: 0, base: 1, modifier: 0 },
    linearization: 0,
    factors: zero,
    analogFlags: 0,
    nominal: 0,
    normalMaximum: 0,
    normalMinimum: 0,
    sensorMaximum: 255,
    sensorMinimum: 0,
    thresholds: [0, 70, 0, 0, 0, 0],
    positiveHysteresis: 0,
    negativeHysteresis: 0,
    oem: 0,
    id: idString('Temp'),
  };
}

type Answerer = (name: string, target: IpmiTarget | undefined) => Buffer | number;

function readerOf(answer: Answerer) {
  const clock = createFakeClock();
  const asked: string[] = [];
  function ask<Request, Response>(
    command: IpmiCommand<Request, Response>,
    _request: Request,
    _signal?: AbortSignal,
    target?: IpmiTarget,
  ): Promise<CommandAnswer<Response>> {
    asked.push(command.name);
    try {
      const answered = answer(command.name, target);
      if (typeof answered === 'number') return Promise.resolve({ refused: { completionCode: answered, text: 'no' } });
      return Promise.resolve({ value: command.decodeResponse(answered) });
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(String(error)));
    }
  }
  return { reader: createSensorReader({ client: { ask }, clock, quirks: { has: () => false } }), asked, clock };
}

function sensor(record: SensorRecord) {
  const [only] = sensorsOf([{ recordId: 1, version: '1.5', body: record }]);
  if (only === undefined) throw new Error('no sensor');
  return only;
}

describe('one reading', () => {
  it('is judged by its value where the BMC leaves the states out', async () => {
    const { reader } = readerOf((name) =>
      name === getSensorReading.name ? Buffer.of(75, 0xc0) : Buffer.of(0x10, 0, 0, 0, 0, 70, 0),
    );
    expect(await reader.read(sensor(temperature(0x20)))).toMatchObject({
      value: 75,
      health: 'critical',
      states: ['at or above upper-critical'],
      thresholds: { 'upper-critical': 70 },
    });
  });

  it('takes fixed thresholds from the record, and asks for none', async () => {
    const { reader, asked } = readerOf(() => Buffer.of(20, 0xc0, 0));
    const read = await reader.read(sensor(temperature(0x20, { capabilities: 0x0c })));
    expect(read).toMatchObject({ value: 20, health: 'ok', thresholds: { 'upper-critical': 70 } });
    expect(asked).toEqual([getSensorReading.name]);
  });

  it('is there without thresholds where these are refused', async () => {
    const { reader } = readerOf((name) => (name === getSensorThresholds.name ? 0xcd : Buffer.of(20, 0xc0, 0)));
    expect(await reader.read(sensor(temperature(0x20)))).toMatchObject({ value: 20, health: 'ok', thresholds: {} });
  });

  it('of a controller that does not answer costs one wait, not one for each sensor', async () => {
    const { reader, asked, clock } = readerOf((_name, target) => {
      if (target?.through === undefined) return Buffer.of(20, 0xc0, 0);
      throw new AthanorError('deadline-exceeded', 'no answer');
    });
    const behind = sensor(temperature(0x2c));
    const silent = { value: undefined, unavailable: 'controller 0x2c on channel 0 does not answer' };
    expect(await reader.read(behind)).toMatchObject(silent);
    expect(await reader.read(behind)).toMatchObject(silent);
    expect(asked).toHaveLength(1);
    await clock.advance(61_000);
    await reader.read(behind);
    expect(asked).toHaveLength(2);
  });

  it('fails where the BMC itself does not answer', async () => {
    const { reader } = readerOf(() => {
      throw new AthanorError('bmc-unreachable', 'no answer');
    });
    await expect(reader.read(sensor(temperature(0x20)))).rejects.toMatchObject({ code: 'bmc-unreachable' });
  });
});
