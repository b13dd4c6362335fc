import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  clientArchitectures,
  clientMachineUuid,
  decodeDhcp,
  decodeEncapsulated,
  DhcpDecodeError,
  DhcpEncodeError,
  type DhcpPacket,
  encodeDhcp,
  encodeEncapsulated,
  encodeUserClasses,
  ipv4ToNumber,
  messageType,
  messageTypeOf,
  numberBytes,
  numberToIpv4,
  option,
  textBytes,
  userClasses,
} from './index.ts';

function packet(options: [number, Uint8Array][] = [], changes: Partial<DhcpPacket> = {}): DhcpPacket {
  return {
    op: 2,
    hardwareType: 1,
    hops: 0,
    transactionId: 0xdeadbeef,
    seconds: 7,
    broadcast: true,
    ciaddr: '0.0.0.0',
    yiaddr: '10.77.0.10',
    siaddr: '10.77.0.1',
    giaddr: '0.0.0.0',
    hardwareAddress: Uint8Array.of(0x52, 0x54, 0, 0, 0, 1),
    serverName: '',
    bootFile: '',
    options: new Map([[option.messageType, Uint8Array.of(messageType.offer)], ...options]),
    ...changes,
  };
}

/** The codes in the options field in the order they stand there, without reading them with the code under test. */
function codesInOrder(bytes: Uint8Array): number[] {
  const codes: number[] = [];
  for (let at = 240; bytes[at] !== 255; at += 2 + (bytes[at + 1] ?? 0)) codes.push(bytes[at] ?? -1);
  return codes;
}

describe('DHCP packet', () => {
  it('puts every fixed field at its offset of RFC 2131 and pads to 300 bytes', () => {
    const bytes = encodeDhcp(packet([], { bootFile: 'undionly.kpxe', giaddr: '10.77.0.254', hops: 1 }));
    expect(bytes.length).toBe(300);
    const hex = Buffer.from(bytes).toString('hex');
    expect(hex.slice(0, 56)).toBe(
      '02010601' + 'deadbeef' + '0007' + '8000' + '00000000' + '0a4d000a' + '0a4d0001' + '0a4d00fe',
    );
    expect(hex.slice(56, 88)).toBe('525400000001' + '00'.repeat(10));
    expect(Buffer.from(bytes.subarray(108, 122)).toString('latin1')).toBe('undionly.kpxe\0');
    expect(hex.slice(472, 486)).toBe('63825363' + '350102');
  });

  it('decodes what it encodes', () => {
    const optionList = fc.uniqueArray(
      fc.tuple(
        fc.integer({ min: 1, max: 254 }).filter((code) => code !== option.overload && code !== option.messageType),
        fc.uint8Array({ minLength: 0, maxLength: 300 }),
      ),
      { selector: ([code]) => code, maxLength: 4 },
    );
    fc.assert(
      fc.property(optionList, fc.integer({ min: 0, max: 0xffffffff }), (options, transactionId) => {
        const original = packet(options, { transactionId });
        const decoded = decodeDhcp(encodeDhcp(original, 1500));
        expect(new Map([...decoded.options].sort(([a], [b]) => a - b))).toEqual(
          new Map([...original.options].sort(([a], [b]) => a - b)),
        );
        expect({ ...decoded, options: undefined }).toEqual({ ...original, options: undefined });
      }),
    );
  });

  it('keeps option 53 first and option 82 last', () => {
    const bytes = encodeDhcp(
      packet([
        [option.relayAgentInformation, Uint8Array.of(1, 1, 9)],
        [option.leaseTime, numberBytes(3600, 4)],
      ]),
    );
    expect(codesInOrder(bytes)).toEqual([53, 51, 82]);
  });

  it('splits a long option into several and joins them again (RFC 3396)', () => {
    const url = `http://10.77.0.1/${'x'.repeat(400)}`;
    const bytes = encodeDhcp(packet([[option.bootFileName, textBytes(url)]]), 1500);
    expect(codesInOrder(bytes)).toEqual([53, 67, 67]);
    expect(Buffer.from(decodeDhcp(bytes).options.get(option.bootFileName) ?? []).toString()).toBe(url);
  });

  it('moves what does not fit into file and sname, and refuses what fits nowhere', () => {
    const large: [number, Uint8Array][] = [
      [option.vendorSpecific, new Uint8Array(250).fill(1)],
      [option.domainName, new Uint8Array(100).fill(2)],
      [option.hostName, new Uint8Array(40).fill(3)],
    ];
    const bytes = encodeDhcp(packet(large));
    expect(bytes.length).toBeLessThanOrEqual(576 - 28);
    const decoded = decodeDhcp(bytes);
    for (const [code, value] of large) expect(decoded.options.get(code)).toEqual(value);
    expect(decoded.bootFile).toBe('');
    expect(() => encodeDhcp(packet(large, { bootFile: 'x' }))).toThrow(DhcpEncodeError);
    expect(() => encodeDhcp(packet([[224, new Uint8Array(600)]]))).toThrow(DhcpEncodeError);
    expect(() => encodeDhcp(packet([], { bootFile: 'x'.repeat(128) }))).toThrow(DhcpEncodeError);
  });

  it('drops an option that the end of the packet cuts off and keeps those before it', () => {
    const bytes = encodeDhcp(packet());
    bytes.set([12, 200, 65], 243);
    const decoded = decodeDhcp(bytes);
    expect(messageTypeOf(decoded)).toBe(messageType.offer);
    expect(decoded.options.has(12)).toBe(false);
  });

  it('throws nothing but its own error, whatever the bytes', () => {
    const valid = encodeDhcp(packet([[option.overload, Uint8Array.of(3)]]));
    const damaged = fc
      .tuple(fc.array(fc.tuple(fc.nat(299), fc.nat(255)), { maxLength: 40 }), fc.nat(300))
      .map(([changes, length]) => {
        const bytes = valid.slice(0, length);
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
        return bytes;
      });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 700 }), damaged), (bytes) => {
        try {
          const decoded = decodeDhcp(bytes);
          userClasses(decoded);
          clientArchitectures(decoded);
          clientMachineUuid(decoded);
          for (const value of decoded.options.values()) decodeEncapsulated(value);
        } catch (error) {
          expect(error).toBeInstanceOf(DhcpDecodeError);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('option values', () => {
  it('reads user classes in both encodings', () => {
    const read = (bytes: Uint8Array): string[] => userClasses(packet([[option.userClass, bytes]]));
    expect(read(textBytes('iPXE'))).toEqual(['iPXE']);
    expect(read(encodeUserClasses(['iPXE', 'athanor']))).toEqual(['iPXE', 'athanor']);
    expect(read(new Uint8Array())).toEqual([]);
  });

  it('reads a UUID in wire order and every architecture', () => {
    const uuid = Uint8Array.from([0, ...Array.from({ length: 16 }, (_, index) => index * 16)]);
    const read = packet([
      [option.clientMachineIdentifier, uuid],
      [option.clientArchitecture, Uint8Array.of(0, 7, 0, 16, 9)],
    ]);
    expect(clientMachineUuid(read)).toBe('00102030-4050-6070-8090-a0b0c0d0e0f0');
    expect(clientArchitectures(read)).toEqual([7, 16]);
  });

  it('ends encapsulated options with 255', () => {
    const bytes = encodeEncapsulated(new Map([[6, Uint8Array.of(8)]]));
    expect([...bytes]).toEqual([6, 1, 8, 255]);
    expect(decodeEncapsulated(bytes)).toEqual(new Map([[6, Uint8Array.of(8)]]));
  });

  it('turns addresses into numbers and back, and nothing else', () => {
    fc.assert(fc.property(fc.ipV4(), (text) => numberToIpv4(ipv4ToNumber(text) ?? -1) === text));
    for (const text of ['10.0.0', '10.0.0.256', '10.0.0.01', '1.2.3.4.5', '', 'a.b.c.d', '1.2.3.-4', '1e1.2.3.4']) {
      expect(ipv4ToNumber(text)).toBeUndefined();
    }
  });
});
