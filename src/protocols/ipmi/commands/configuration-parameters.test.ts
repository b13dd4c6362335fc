import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FieldKind, IpmiCommand, Parameter } from '../index.ts';
import {
  formatIpv6,
  getLanConfigurationParameters,
  getSerialConfiguration,
  getSolConfigurationParameters,
  IpmiDecodeError,
  lanParameters,
  parseIpv4,
  parseIpv6,
  parseMac,
  serialParameters,
  setLanConfigurationParameters,
  setSerialConfiguration,
  setSolConfigurationParameters,
  solParameters,
} from '../index.ts';

const octet = fc.integer({ min: 0, max: 0xff });

function anyOf(kind: FieldKind): fc.Arbitrary<unknown> {
  switch (kind.type) {
    case 'number':
      return fc.integer({ min: 0, max: kind.maximum }).map((raw) => (raw + kind.offset) * kind.step);
    case 'flag':
      return fc.boolean();
    case 'choice':
      return fc.constantFrom(...kind.names);
    case 'ipv4':
      return fc.tuple(octet, octet, octet, octet).map((bytes) => bytes.join('.'));
    case 'ipv6':
      return fc.uint8Array({ minLength: 16, maxLength: 16 }).map(formatIpv6);
    case 'mac':
      return fc
        .uint8Array({ minLength: 6, maxLength: 6 })
        .map((bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(':'));
    case 'bytes':
      return fc.uint8Array({ minLength: kind.length, maxLength: kind.length }).map((bytes) => Buffer.from(bytes));
    case 'text':
      return fc
        .array(fc.integer({ min: 1, max: 0xff }), { maxLength: kind.length })
        .map((codes) => String.fromCharCode(...codes));
    case 'list':
      return fc.array(anyOf(kind.of), { minLength: kind.length, maxLength: kind.length });
  }
}

const tables = { LAN: lanParameters, SOL: solParameters, serial: serialParameters };
const every = Object.entries(tables).flatMap(([area, table]) =>
  Object.entries(table).map(([key, parameter]): [string, Parameter<object>] => [
    `${area} ${parameter.selector} ${key}`,
    // Each takes its own value, which `anyOf` makes after its own table.
    parameter as unknown as Parameter<object>,
  ]),
);

describe('every configuration parameter', () => {
  it.each(every)('%s: decodes what it encodes, and encodes what it decodes', (_name, parameter) => {
    const names = Object.keys(parameter.kinds);
    const values = fc
      .tuple(...Object.values(parameter.kinds).map(anyOf))
      .map((made): object => Object.fromEntries(names.map((name, index) => [name, made[index]])));
    fc.assert(
      fc.property(values, (value) => {
        const bytes = parameter.encode(value);
        expect(parameter.decode(bytes)).toEqual(value);
        expect(parameter.encode(parameter.decode(bytes)).equals(bytes)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it.each(every)('%s: any bytes are a value that comes back, or an IpmiDecodeError', (_name, parameter) => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        try {
          const value = parameter.decode(bytes);
          expect(parameter.decode(parameter.encode(value))).toEqual(value);
        } catch (error) {
          expect(error).toBeInstanceOf(IpmiDecodeError);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('is there once: no two of a table share a selector but the two forms of an alert destination', () => {
    for (const table of Object.values(tables)) {
      const selectors = Object.values(table).map(({ selector }) => selector);
      const twice = selectors.filter((selector, index) => selectors.indexOf(selector) !== index);
      expect(twice).toEqual(table === lanParameters ? [19] : []);
    }
  });

  it('covers the LAN table whole', () => {
    const selectors = new Set(Object.values(lanParameters).map(({ selector }): number => selector));
    const wanted = [...Array(27).keys(), ...Array.from({ length: 31 }, (_, index) => 50 + index)];
    expect(wanted.filter((selector) => !selectors.has(selector))).toEqual([]);
  });
});

describe('bytes as the tables of the specification give them', () => {
  it('LAN', () => {
    const { vlanId, ipAddressSource, gratuitousArpInterval, badPasswordThreshold, cipherSuitePrivileges } =
      lanParameters;
    expect(vlanId.decode(Buffer.from('0a81', 'hex'))).toEqual({ id: 266, enabled: true });
    expect(vlanId.encode({ id: 4094, enabled: false }).toString('hex')).toBe('fe0f');
    expect(ipAddressSource.decode(Buffer.of(2))).toEqual({ source: 'dhcp' });
    expect(ipAddressSource.decode(Buffer.of(9))).toEqual({ source: 9 });
    expect(gratuitousArpInterval.decode(Buffer.of(3))).toEqual({ intervalMs: 2000 });
    expect(badPasswordThreshold.decode(Buffer.from('01030600 1e00'.replace(' ', ''), 'hex'))).toEqual({
      auditEvent: true,
      threshold: 3,
      resetIntervalSeconds: 60,
      lockoutIntervalSeconds: 300,
    });
    const { levels } = cipherSuitePrivileges.decode(Buffer.from('004304000000000000', 'hex'));
    expect(levels.slice(0, 4)).toEqual(['operator', 'administrator', 'administrator', 'unused']);
    expect(lanParameters.arpControl.encode({ responses: true, gratuitous: false })).toEqual(Buffer.of(2));
    expect(lanParameters.communityString.decode(Buffer.from('public'.padEnd(18, '\0')))).toEqual({
      community: 'public',
    });
    expect(
      lanParameters.destinationType.encode({
        destination: 2,
        acknowledged: true,
        type: 'platform-event-trap',
        timeoutSeconds: 5,
        retries: 3,
      }),
    ).toEqual(Buffer.of(2, 0x80, 4, 3));
  });

  it('IPv6', () => {
    const bytes = lanParameters.ipv6StaticAddress.encode({
      set: 1,
      enabled: true,
      source: 'static',
      address: '2001:db8::17',
      prefixLength: 64,
      status: 'active',
    });
    expect(bytes.toString('hex')).toBe('01802001 0db8 0000 0000 0000 0000 0000 0017 40 00'.replaceAll(' ', ''));
    expect(lanParameters.ipv6FlowLabel.encode({ flowLabel: 0xabcde }).toString('hex')).toBe('0abcde');
  });

  it('serial over LAN and serial', () => {
    const { authentication, accumulate, retry, nonVolatileBitRate, payloadPort } = solParameters;
    expect(authentication.decode(Buffer.of(0x82))).toEqual({
      forceEncryption: true,
      forceAuthentication: false,
      privilege: 'user',
    });
    expect(accumulate.decode(Buffer.of(12, 96))).toEqual({ intervalMs: 60, sendThreshold: 96 });
    expect(retry.decode(Buffer.of(7, 50))).toEqual({ count: 7, intervalMs: 500 });
    expect(nonVolatileBitRate.encode({ rate: '115200' })).toEqual(Buffer.of(0x0a));
    expect(payloadPort.decode(Buffer.of(0x6f, 0x02))).toEqual({ port: 623 });
    expect(serialParameters.connectionMode.decode(Buffer.of(0x85))).toEqual({
      connection: 'direct',
      terminalMode: true,
      pppMode: false,
      basicMode: true,
    });
    expect(
      serialParameters.messaging.encode({ flowControl: 'hardware', hangUpByDtr: false, bitRate: '19200' }),
    ).toEqual(Buffer.of(0x40, 0x07));
  });

  it('addresses that are none are refused', () => {
    expect(() => parseIpv4('10.0.0.256')).toThrow(RangeError);
    expect(() => parseIpv6('fe80::1%eth0')).toThrow(RangeError);
    expect(() => parseIpv6('10.0.0.1')).toThrow(RangeError);
    expect(() => parseMac('00:11:22:33:44')).toThrow(RangeError);
    expect(formatIpv6(parseIpv6('::ffff:10.0.0.1'))).toBe('::ffff:a00:1');
  });
});

describe('set and get of parameters', () => {
  const nibble = fc.integer({ min: 0, max: 15 });
  const data = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes));
  const sets = [setLanConfigurationParameters, setSerialConfiguration, setSolConfigurationParameters];
  const gets = [getLanConfigurationParameters, getSerialConfiguration, getSolConfigurationParameters];

  it('has the commands of the specification', () => {
    expect([...sets, ...gets].map(({ command }) => command)).toEqual([0x01, 0x10, 0x21, 0x02, 0x11, 0x22]);
    const asked = { channel: 1, revisionOnly: false, parameter: 3, set: 0, block: 0 };
    expect(getLanConfigurationParameters.encodeRequest(asked)).toEqual(Buffer.of(1, 3, 0, 0));
  });

  it('decodes what it encodes, both ways', () => {
    const request = fc.record({ channel: nibble, parameter: octet, data });
    for (const command of sets) roundTrip(command, request);
    const asking = fc.record({
      channel: nibble,
      revisionOnly: fc.boolean(),
      parameter: octet,
      set: octet,
      block: octet,
    });
    for (const command of gets) {
      roundTrip(command, asking);
      fc.assert(
        fc.property(fc.record({ revision: octet, data }), (response) => {
          expect(command.decodeResponse(command.encodeResponse(response))).toEqual(response);
        }),
      );
    }
  });

  function roundTrip<Request, Response>(command: IpmiCommand<Request, Response>, requests: fc.Arbitrary<Request>) {
    fc.assert(
      fc.property(requests, (request) => {
        expect(command.decodeRequest(command.encodeRequest(request))).toEqual(request);
      }),
    );
    expect(() => command.decodeRequest(Buffer.alloc(0))).toThrow(IpmiDecodeError);
  }
});
