import { describe, expect, it } from 'vitest';
import { entityName, eventSeverity, eventText, sensorTypeName, unitText } from './event-text.ts';

const noModifier = { percentage: false, rate: 0, modifierUse: 0, modifier: 0 };

describe('sensor types, units and entities', () => {
  it('are named as in the tables of the specification', () => {
    expect([0x01, 0x08, 0x0f, 0x1f, 0x23, 0x2c].map(sensorTypeName)).toEqual([
      'Temperature',
      'Power Supply',
      'System Firmware Progress',
      'Base OS Boot / Installation Status',
      'Watchdog 2',
      'FRU State',
    ]);
    expect([1, 4, 6, 18, 19, 38, 70, 92].map((base) => unitText({ ...noModifier, base }))).toEqual([
      'degrees C',
      'Volts',
      'Watts',
      'RPM',
      'Hz',
      'fluid ounce',
      'byte',
      'grams',
    ]);
    expect([3, 7, 10, 23, 29, 32, 40, 46, 55, 0x41].map(entityName)).toEqual([
      'processor',
      'system board',
      'power supply',
      'system chassis',
      'fan / cooling device',
      'memory device',
      'battery',
      'management controller firmware',
      'air inlet',
      'processor',
    ]);
  });

  it('tell the number of what the specification does not name', () => {
    expect([0x00, 0x2d, 0xc0].map(sensorTypeName)).toEqual(['reserved (0x00)', 'reserved (0x2d)', 'OEM (0xc0)']);
    expect(entityName(0xa0)).toBe('chassis-specific entity (0xa0)');
    expect(unitText({ ...noModifier, base: 59 })).toBe('unit 59');
  });

  it('put rate, modifier and percentage together', () => {
    expect(unitText({ ...noModifier, base: 0 })).toBe('');
    expect(unitText({ ...noModifier, base: 0, percentage: true })).toBe('percent');
    expect(unitText({ ...noModifier, base: 85, rate: 3 })).toBe('packets per second');
    expect(unitText({ ...noModifier, base: 6, modifierUse: 2, modifier: 24 })).toBe('Watts * hour');
    expect(unitText({ ...noModifier, base: 34, modifierUse: 1, modifier: 22 })).toBe('m / second');
  });
});

describe('states and events', () => {
  it('come from the generic table, or from the one of the sensor type', () => {
    expect(eventText(0x01, 0x01, 9)).toBe('Upper Critical - going high');
    expect(eventText(0x0b, 0x08, 1)).toBe('Redundancy Lost');
    expect(eventText(0x6f, 0x08, 3)).toBe('Power Supply input lost (AC/DC)');
    expect(eventText(0x6f, 0x0c, 1)).toBe('Uncorrectable ECC / other uncorrectable memory error');
    expect(eventText(0x6f, 0x23, 8)).toBe('Timer interrupt');
    expect(eventText(0x6f, 0x22, 14)).toBe('Unknown');
  });

  it('are undefined where the specification has none', () => {
    expect(eventText(0x6f, 0x23, 4)).toBeUndefined();
    expect(eventText(0x6f, 0xc0, 0)).toBeUndefined();
    expect(eventText(0x70, 0x08, 0)).toBeUndefined();
    expect(eventText(0x0b, 0x08, 200)).toBeUndefined();
  });

  it('know how bad they are', () => {
    expect(eventSeverity(0x07, 0x01, 1)).toBe('warning');
    expect(eventSeverity(0x01, 0x01, 9)).toBe('critical');
    expect(eventSeverity(0x6f, 0x08, 0)).toBe('information');
    expect(eventSeverity(0x70, 0x08, 0)).toBeUndefined();
  });
});
