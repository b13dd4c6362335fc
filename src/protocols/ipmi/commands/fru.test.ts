import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FruArea, FruAreaName, FruImage, FruMultiRecord, FruText } from '../index.ts';
import {
  changeFruField,
  customFruFields,
  decodeFruArea,
  decodeFruHeader,
  decodeFruImage,
  decodeFruText,
  decodeMultiRecords,
  encodeFruArea,
  encodeFruImage,
  encodeFruText,
  encodeMultiRecords,
  fruField,
  fruFieldNames,
  getFruInventoryAreaInfo,
  IpmiDecodeError,
  languageOf,
  manufacturedAt,
  readFruData,
  writeFruData,
  zeroChecksum,
} from '../index.ts';
import {
  anyByte,
  anyNibble,
  anyUint16,
  anyUint24,
  describesCodec,
  mutated,
  onlyDecodeErrors,
  someBytes,
} from '../testing-codecs.fixture.ts';

describe('FRU commands', () => {
  const device = { device: anyByte };
  describesCodec(
    'Get FRU Inventory Area Info',
    fc.record({ sizeBytes: anyUint16, byWords: fc.boolean() }),
    getFruInventoryAreaInfo.encodeResponse,
    getFruInventoryAreaInfo.decodeResponse,
  );
  describesCodec(
    'Read FRU Data request',
    fc.record({ ...device, offset: anyUint16, count: anyByte }),
    readFruData.encodeRequest,
    readFruData.decodeRequest,
  );
  describesCodec(
    'Read FRU Data response',
    fc.record({ count: anyByte, data: someBytes(64) }),
    readFruData.encodeResponse,
    readFruData.decodeResponse,
  );
  describesCodec(
    'Write FRU Data request',
    fc.record({ ...device, offset: anyUint16, data: someBytes(64) }),
    writeFruData.encodeRequest,
    writeFruData.decodeRequest,
  );
  describesCodec(
    'Write FRU Data response',
    fc.record({ count: anyByte }),
    writeFruData.encodeResponse,
    writeFruData.decodeResponse,
  );
});

const text = (encoding: FruText['encoding'], characters: fc.Arbitrary<string>) =>
  characters.map((value): FruText => ({ encoding, text: value }));
const binary = text(
  'binary',
  someBytes(63).map((bytes) => bytes.toString('hex')),
);
const bcd = text('bcd-plus', fc.stringMatching(/^([0-9 .-]{2}){0,30}$/));
// Whole groups of four characters: the rest would be padded with spaces.
const sixBit = text('six-bit', fc.stringMatching(/^([ -_]{4}){0,20}$/));
const latin = text('latin-1', fc.stringMatching(/^([ -~]{2,60})?$/));
const unicode = text('ucs-2', fc.stringMatching(/^([ -~\u4e00-\u9fa5\u0430-\u044f]{1,30})?$/));

describe('text fields', () => {
  const encodings: [string, fc.Arbitrary<FruText>, number][] = [
    ['binary', binary, 0],
    ['BCD plus', bcd, 0],
    ['6-bit ASCII', sixBit, 0],
    ['Latin-1', latin, 25],
    ['UCS-2', unicode, 12],
  ];
  it.each(encodings)('%s reads as it was written', (_, values, language) => {
    fc.assert(
      fc.property(values, (value) => {
        const bytes = encodeFruText(value);
        expect(decodeFruText(bytes[0] ?? 0, bytes.subarray(1), language)).toEqual(value);
      }),
    );
  });

  it('reads the example of the specification: IPMI in 6-bit ASCII', () => {
    expect(decodeFruText(0x83, Buffer.from('29dc a6'.replace(' ', ''), 'hex'), 0)).toEqual({
      encoding: 'six-bit',
      text: 'IPMI',
    });
    expect(decodeFruText(0x43, Buffer.from('12ab c4'.replace(' ', ''), 'hex'), 0).text).toBe('12 -.4');
  });

  it('never writes one byte of text, which would read as the end of the fields', () => {
    expect(encodeFruText({ encoding: 'latin-1', text: 'A' }).toString('hex')).toBe('c24120');
  });

  it('refuses text that the encoding cannot hold', () => {
    expect(() => encodeFruText({ encoding: 'latin-1', text: '中' })).toThrow(RangeError);
    expect(() => encodeFruText({ encoding: 'six-bit', text: 'a' })).toThrow(RangeError);
    expect(() => encodeFruText({ encoding: 'latin-1', text: 'x'.repeat(64) })).toThrow(RangeError);
  });
});

function areas(name: FruAreaName): fc.Arbitrary<FruArea> {
  const languages = name === 'chassis' ? fc.constant(0) : fc.constantFrom(0, 25, 12);
  return languages.chain((language) => {
    const field = (index: number) =>
      fc.oneof(binary, bcd, sixBit, languageOf(name, language, index) === 12 ? unicode : latin);
    const named = fc.tuple(...fruFieldNames[name].map((_, index) => field(index)));
    const custom = fc.array(field(99), { maxLength: 4 });
    return fc.record({
      name: fc.constant(name),
      language: fc.constant(language),
      chassisType: name === 'chassis' ? anyByte : fc.constant(0),
      manufacturedMinutes: name === 'board' ? anyUint24 : fc.constant(0),
      fields: fc.tuple(named, custom).map(([first, others]) => [...first, ...others]),
    });
  });
}

const signed = fc.integer({ min: -32768, max: 32767 });
const directCurrent = {
  outputNumber: anyNibble,
  standby: fc.boolean(),
  nominal: signed,
  low: signed,
  high: signed,
  rippleMillivolts: anyUint16,
  minimumMilliamperes: anyUint16,
  maximumMilliamperes: anyUint16,
};
const pair = fc.tuple(anyUint16, anyUint16);
const compatibility = {
  manufacturerId: anyUint24,
  entityId: anyByte,
  compatibilityBase: anyByte,
  codeStart: anyByte,
  codeMask: someBytes(20),
};
const multiRecords: fc.Arbitrary<FruMultiRecord> = fc.oneof(
  fc.record({
    recordType: fc.constant(0),
    content: fc.constant('power-supply'),
    overallCapacityWatts: fc.integer({ min: 0, max: 0xfff }),
    peakVoltAmperes: anyUint16,
    inrushAmperes: anyByte,
    inrushIntervalMs: anyByte,
    inputRange1: pair,
    inputRange2: pair,
    inputFrequencyHz: fc.tuple(anyByte, anyByte),
    dropoutToleranceMs: anyByte,
    flags: anyByte,
    peakWatts: fc.integer({ min: 0, max: 0xfff }),
    holdUpSeconds: anyNibble,
    combinedVoltages: fc.tuple(anyNibble, anyNibble),
    combinedWatts: anyUint16,
    tachometerLimit: anyByte,
  }),
  fc.record({ recordType: fc.constant(1), content: fc.constant('dc-output'), ...directCurrent }),
  fc.record({ recordType: fc.constant(2), content: fc.constant('dc-load'), ...directCurrent }),
  fc.record({
    recordType: fc.constant(3),
    content: fc.constant('management-access'),
    subType: anyByte,
    data: someBytes(100),
  }),
  fc.record({ recordType: fc.constant(4), content: fc.constant('base-compatibility'), ...compatibility }),
  fc.record({ recordType: fc.constant(5), content: fc.constant('extended-compatibility'), ...compatibility }),
  fc.record({
    recordType: fc.integer({ min: 0xc0, max: 0xff }),
    content: fc.constant('oem'),
    manufacturerId: anyUint24,
    data: someBytes(100),
  }),
  fc.record({ recordType: fc.integer({ min: 6, max: 0xbf }), content: fc.constant('unknown'), data: someBytes(100) }),
);

const images: fc.Arbitrary<FruImage> = fc.record(
  {
    chassis: areas('chassis'),
    board: areas('board'),
    product: areas('product'),
    internalUse: someBytes(8).map((bytes) => Buffer.concat([bytes, Buffer.alloc(16 - bytes.length)])),
    multiRecords: fc.array(multiRecords, { maxLength: 4 }),
  },
  { requiredKeys: ['multiRecords'] },
);

function contentOf(image: FruImage): FruImage {
  const { chassis, board, product, internalUse } = image;
  return {
    ...(internalUse !== undefined && { internalUse }),
    ...(chassis !== undefined && { chassis }),
    ...(board !== undefined && { board }),
    ...(product !== undefined && { product }),
    multiRecords: image.multiRecords,
  };
}

describe('areas', () => {
  it.each(['chassis', 'board', 'product'] as const)('%s reads as it was written', (name) => {
    fc.assert(
      fc.property(areas(name), (area) => {
        const decoded = decodeFruArea(name, encodeFruArea(area));
        expect(decoded).toMatchObject({ area, findings: [] });
      }),
    );
  });

  it('records read as they were written', () => {
    fc.assert(
      fc.property(fc.array(multiRecords, { minLength: 1, maxLength: 6 }), (records) => {
        expect(decodeMultiRecords(encodeMultiRecords(records))).toMatchObject({ records, findings: [] });
      }),
    );
  });

  it('whole images read as they were written', () => {
    fc.assert(
      fc.property(images, (image) => {
        const decoded = decodeFruImage(encodeFruImage(image));
        expect(decoded.findings).toEqual([]);
        expect(contentOf(decoded)).toEqual(contentOf(image));
      }),
    );
  });

  it('take any bytes', () => {
    const truth = images.map((image) => encodeFruImage(image));
    fc.assert(
      fc.property(mutated(truth), (bytes) => {
        // The header's checksum mended, or nothing behind it would ever be reached.
        const mended = Buffer.from(bytes);
        if (mended.length >= 8) {
          mended[0] = 1;
          mended[7] = zeroChecksum(mended.subarray(0, 7));
        }
        onlyDecodeErrors(() => decodeFruImage(mended));
        for (const name of ['chassis', 'board', 'product'] as const) decodeFruArea(name, bytes);
        decodeMultiRecords(bytes);
      }),
      { numRuns: 5000 },
    );
  });
});

const latinText = (value: string): FruText => ({ encoding: 'latin-1', text: value });
const board: FruArea = {
  name: 'board',
  language: 25,
  chassisType: 0,
  manufacturedMinutes: 10,
  fields: [
    latinText('Acme'),
    latinText('Board'),
    latinText('SN123'),
    latinText('PN456'),
    latinText(''),
    latinText('extra'),
  ],
};

describe('reading', () => {
  it('tells when a board was made, in minutes since 1996', () => {
    expect(manufacturedAt(board)).toBe(Date.UTC(1996, 0, 1, 0, 10));
    expect(manufacturedAt({ ...board, manufacturedMinutes: 0 })).toBeUndefined();
    expect(manufacturedAt({ ...board, manufacturedMinutes: 0xffffff })).toBeUndefined();
  });

  it('tells fields by name, and the custom ones after them', () => {
    expect(fruField(board, 'serialNumber')?.text).toBe('SN123');
    expect(fruField(board, 'fileId')).toBeUndefined();
    expect(customFruFields(board).map((field) => field.text)).toEqual(['extra']);
  });

  it('goes on behind a wrong checksum, and says so', () => {
    const bytes = encodeFruArea(board);
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 0xff;
    const decoded = decodeFruArea('board', bytes);
    expect(decoded).toMatchObject({ area: board });
    expect(decoded.findings.join()).toMatch(/checksum/);
  });

  it('goes on without an end marker, and with a length that is not true', () => {
    const bytes = encodeFruArea({ ...board, fields: board.fields.slice(0, 5) });
    bytes[1] = 200;
    const decoded = decodeFruArea('board', bytes);
    if (!('area' in decoded)) throw new Error('not read');
    expect(fruField(decoded.area, 'serialNumber')?.text).toBe('SN123');
    expect(decoded.findings.join()).toMatch(/length of 1600 bytes/);
  });

  it('refuses what has no header', () => {
    expect(() => decodeFruHeader(Buffer.alloc(64, 0xff))).toThrow(IpmiDecodeError);
    expect(() => decodeFruHeader(Buffer.from('0100000000000000', 'hex'))).toThrow(/checksum/);
  });
});

describe('changing a field', () => {
  const image = encodeFruImage({ board, multiRecords: [] }, 128);
  const apply = (change: Parameters<typeof changeFruField>[1], bytes = image): FruImage => {
    const patch = changeFruField(bytes, change);
    const changed = Buffer.from(bytes);
    patch.bytes.copy(changed, patch.offset);
    return decodeFruImage(changed);
  };

  it('writes its area anew and touches nothing else', () => {
    const changed = apply({ area: 'board', field: 'serialNumber', text: 'SN9' });
    expect(changed.board?.fields.map((field) => field.text)).toEqual(['Acme', 'Board', 'SN9', 'PN456', '', 'extra']);
    expect(changed).toMatchObject({ findings: [] });
    expect(apply({ area: 'board', field: 'custom1', text: 'other' }).board?.fields[5]?.text).toBe('other');
  });

  it('keeps the width of a field that is padded', () => {
    const fields = board.fields.with(2, latinText('SN123     '));
    const changed = apply(
      { area: 'board', field: 'serialNumber', text: 'SN9' },
      encodeFruImage({ board: { ...board, fields }, multiRecords: [] }),
    );
    expect(changed.board?.fields[2]?.text).toBe('SN9       ');
  });

  it.each([
    [{ area: 'board', field: 'serialNumber', text: 'x'.repeat(60) }, /would need/],
    [{ area: 'board', field: 'serialNumber', text: 'x'.repeat(70) }, /at most 63/],
    [{ area: 'board', field: 'assetTag', text: 'x' }, /has no field assetTag/],
    [{ area: 'board', field: 'custom2', text: 'x' }, /has no field custom2/],
    [{ area: 'product', field: 'assetTag', text: 'x' }, /no product area/],
    [{ area: 'board', field: 'serialNumber', text: '中' }, /Latin-1/],
  ] as const)('refuses %o', (change, why) => expect(() => changeFruField(image, change)).toThrow(why));

  it('leaves a damaged area, and one with bytes that nobody knows, as they are', () => {
    const damaged = Buffer.from(image);
    damaged[20] = (damaged[20] ?? 0) ^ 1;
    expect(() => changeFruField(damaged, { area: 'board', field: 'serialNumber', text: 'x' })).toThrow(/damaged/);
    const { header } = decodeFruImage(image);
    const length = (image[header.board + 1] ?? 0) * 8;
    const strange = Buffer.from(image);
    strange[header.board + length - 2] = 7;
    strange[header.board + length - 1] = zeroChecksum(strange.subarray(header.board, header.board + length - 1));
    expect(() => changeFruField(strange, { area: 'board', field: 'serialNumber', text: 'x' })).toThrow(
      /behind its fields/,
    );
  });
});
