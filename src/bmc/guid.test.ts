import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatGuid, guidCandidates, isUsableGuid, parseGuid, sameGuid } from './index.ts';

const rfc4122 = '00112233-4455-6677-8899-aabbccddeeff';
const smbios = '33221100-5544-7766-8899-aabbccddeeff';
const reversed = 'ffeeddcc-bbaa-9988-7766-554433221100';

describe('GUIDs', () => {
  it('are the same in RFC 4122, SMBIOS and reversed order, any against any', () => {
    const spellings = [rfc4122, smbios, reversed];
    for (const left of spellings) for (const right of spellings) expect(sameGuid(left, right)).toBe(true);
  });

  it('are read in any usual spelling, and as bytes', () => {
    expect(sameGuid(`{${rfc4122.toUpperCase()}}`, `urn:uuid:${rfc4122}`)).toBe(true);
    expect(sameGuid(Buffer.from(rfc4122.replaceAll('-', ''), 'hex'), smbios)).toBe(true);
    expect(parseGuid('Not Settable')).toBeUndefined();
    expect(parseGuid(Buffer.alloc(15))).toBeUndefined();
  });

  it('ties what ipmitool prints (reversed) to what ipmi_sim sends', () => {
    expect(sameGuid('efcdab89-6745-23a1-efcd-ab89674523a1', 'a123456789abcdefa123456789abcdef')).toBe(true);
  });

  it('differ when a single bit differs', () => {
    expect(sameGuid(rfc4122, '00112233-4455-6677-8899-aabbccddeefe')).toBe(false);
    expect(sameGuid(rfc4122, 'nonsense')).toBe(false);
  });

  it.each([
    '00000000-0000-0000-0000-000000000000',
    'ffffffff-ffff-ffff-ffff-ffffffffffff',
    '03000200-0400-0500-0006-000700080009',
    '00020003-0004-0005-0006-000700080009',
    '09000800-0700-0600-0005-000400020003',
    '4c4c4544-0020-2010-8020-a0c04f202020',
  ])('that identify nothing (%s) match nothing, not even themselves', (junk) => {
    expect(isUsableGuid(junk)).toBe(false);
    expect(guidCandidates(junk)).toEqual([]);
    expect(sameGuid(junk, junk)).toBe(false);
  });

  it('match alike in both directions, and exactly the candidates', () => {
    const guid = fc.uint8Array({ minLength: 16, maxLength: 16 });
    fc.assert(
      fc.property(guid, guid, (left, right) => {
        expect(sameGuid(left, right)).toBe(sameGuid(right, left));
        if (!isUsableGuid(left)) return;
        expect(guidCandidates(left)).toContain(formatGuid(left));
        for (const candidate of guidCandidates(left)) {
          expect(sameGuid(left, candidate)).toBe(true);
          expect(sameGuid(candidate, left)).toBe(true);
        }
      }),
    );
  });
});
