import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeTftpPacket, encodeNetascii, encodeTftpPacket, negotiateTransfer } from './index.ts';
import type { TftpPacket } from './index.ts';
import { recordings } from '../../../tools/recordings.ts';

const text = fc.string({ unit: 'grapheme', maxLength: 40 }).filter((value) => !value.includes('\0'));
const word = fc.integer({ min: 0, max: 0xffff });
const options = fc.array(
  fc.tuple(
    text.map((name) => name.toLowerCase()).filter((name) => name === name.toLowerCase()),
    text,
  ),
  { maxLength: 4 },
);
const packets: fc.Arbitrary<TftpPacket> = fc.oneof(
  fc.record({
    type: fc.constantFrom('read-request' as const, 'write-request' as const),
    fileName: text,
    mode: fc.constantFrom('octet' as const, 'netascii' as const),
    options,
  }),
  fc.record({ type: fc.constant('data' as const), block: word, data: fc.uint8Array({ maxLength: 1468 }) }),
  fc.record({ type: fc.constant('acknowledgement' as const), block: word }),
  fc.record({ type: fc.constant('error' as const), code: word, message: text }),
  fc.record({ type: fc.constant('option-acknowledgement' as const), options }),
);

describe('TFTP packets', () => {
  test('what is encoded decodes to the same packet', () => {
    fc.assert(
      fc.property(packets, (packet) => {
        const decoded = decodeTftpPacket(encodeTftpPacket(packet));
        const plain = decoded?.type === 'data' ? { ...decoded, data: Uint8Array.from(decoded.data) } : decoded;
        expect(plain).toEqual(packet);
      }),
    );
  });

  test('arbitrary bytes never throw', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 7 }), fc.uint8Array({ maxLength: 2000 }), (opcode, rest) => {
        decodeTftpPacket(Uint8Array.of(0, opcode, ...rest));
        decodeTftpPacket(rest);
      }),
    );
  });

  test("RFC 2349's example request", () => {
    const bytes = Buffer.from('\0\x01foobar\0octet\0tsize\x000\0BLKSIZE\x001468\0', 'latin1');
    expect(decodeTftpPacket(bytes)).toEqual({
      type: 'read-request',
      fileName: 'foobar',
      mode: 'octet',
      options: [
        ['tsize', '0'],
        ['blksize', '1468'],
      ],
    });
  });

  test('a mode in capitals and a forgotten last NUL are understood, mail and no mode are not', () => {
    expect(decodeTftpPacket(Buffer.from('\0\x01a\0OCTET'))).toMatchObject({ mode: 'octet' });
    expect(decodeTftpPacket(Buffer.from('\0\x01a\0mail\0'))).toBeUndefined();
    expect(decodeTftpPacket(Buffer.from('\0\x01a\0'))).toBeUndefined();
    expect(decodeTftpPacket(Buffer.from([0, 3, 1]))).toBeUndefined();
  });

  const recorded = recordings('dhcp');
  test.runIf(recorded)('every TFTP packet a real OVMF sent and got decodes and encodes back to its bytes', () => {
    const capture = readFileSync(join(recorded ?? '', 'ovmf_x64_virtio.pcap'));
    const types = new Set<string>();
    for (const payload of udpPayloads(capture)) {
      const packet = decodeTftpPacket(payload);
      expect(packet).toBeDefined();
      if (packet === undefined) continue;
      types.add(packet.type);
      expect(encodeTftpPacket(packet).equals(payload)).toBe(true);
    }
    expect(types).toContain('read-request');
    expect(types).toContain('option-acknowledgement');
    expect(types).toContain('data');
  });
});

/** UDP payloads of a little-endian Ethernet capture, without DHCP (ports 67 and 68). */
function* udpPayloads(capture: Buffer): Generator<Buffer> {
  for (let at = 24; at + 16 <= capture.length; ) {
    const length = capture.readUInt32LE(at + 8);
    const frame = capture.subarray(at + 16, at + 16 + length);
    at += 16 + length;
    if (frame.readUInt16BE(12) !== 0x0800 || frame[23] !== 17) continue;
    const udp = 14 + ((frame[14] ?? 0) & 0x0f) * 4;
    const ports = [frame.readUInt16BE(udp), frame.readUInt16BE(udp + 2)];
    if (ports.includes(67) || ports.includes(68)) continue;
    yield frame.subarray(udp + 8, udp + frame.readUInt16BE(udp + 4));
  }
}

describe('negotiation', () => {
  const limits = { maximumBlockSize: 1468, maximumWindowSize: 16 };

  test('acknowledges only what was asked, clamped', () => {
    const asked = [
      ['tsize', '0'],
      ['blksize', '65464'],
      ['windowsize', '64'],
      ['timeout', '3'],
      ['multicast', ''],
    ] as const;
    expect(negotiateTransfer({ mode: 'octet', options: asked }, 77, limits)).toEqual({
      blockSize: 1468,
      windowSize: 16,
      timeoutSeconds: 3,
      acknowledged: [
        ['tsize', '77'],
        ['blksize', '1468'],
        ['windowsize', '16'],
        ['timeout', '3'],
      ],
    });
    expect(negotiateTransfer({ mode: 'octet', options: [] }, 77, limits)).toEqual({
      blockSize: 512,
      windowSize: 1,
      acknowledged: [],
    });
  });

  test.each([
    ['blksize', '7'],
    ['blksize', '65465'],
    ['blksize', '1e3'],
    ['windowsize', '0'],
    ['timeout', '256'],
    ['timeout', '-1'],
    ['tsize', 'x'],
  ])('leaves out %s=%s', (name, value) => {
    expect(negotiateTransfer({ mode: 'octet', options: [[name, value]] }, 1, limits).acknowledged).toEqual([]);
  });

  test('does not promise a size in netascii', () => {
    expect(negotiateTransfer({ mode: 'netascii', options: [['tsize', '0']] }, 1, limits).acknowledged).toEqual([]);
  });
});

test('netascii doubles line feeds and carriage returns', () => {
  expect(encodeNetascii(Buffer.from('a\nb\rc\r\n')).toString('latin1')).toBe('a\r\nb\r\0c\r\0\r\n');
});
