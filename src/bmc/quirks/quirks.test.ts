import { describe, expect, it } from 'vitest';
import { createQuirks, quirkNames, quirks, refusedQuirks } from './index.ts';

const dell = { manufacturerId: 674, productId: 0x100, firmwareMajor: 2, firmwareMinor: 0x30 };
const other = { ...dell, manufacturerId: 1 };

describe('quirks', () => {
  it('hold when they are named, with what they include', () => {
    const named = createQuirks('b1', ['intel20']);
    expect(quirkNames.filter((name) => named.has(name))).toEqual(['opensesspriv', 'intel20']);
    expect(named.applied().map(({ because }) => because)).toEqual(['named in the settings', 'named in the settings']);
  });

  it('hold by themselves once Get Device ID matches, unless they are switched off', () => {
    const quirky = createQuirks('b1');
    expect(quirky.has('guidformat')).toBe(false);
    expect(quirky.learned).toBe(false);
    quirky.learn(dell);
    expect(quirky.has('guidformat')).toBe(true);
    expect(quirky.applied()).toMatchObject([{ name: 'guidformat', because: 'matched' }]);
    quirky.learn(other);
    expect(quirky.has('guidformat')).toBe(false);
    const off = createQuirks('b1', ['no-guidformat']);
    off.learn(dell);
    expect(off.has('guidformat')).toBe(false);
  });

  it('that are not known are refused, with the name that was meant', () => {
    const refused = (name: string) => {
      try {
        return createQuirks('b1', [name]).applied();
      } catch (error) {
        return error;
      }
    };
    expect(refused('opensespriv')).toMatchObject({
      code: 'invalid-configuration',
      field: 'quirks',
      value: 'opensespriv',
    });
    expect(String(refused('no-opensespriv'))).toContain('Did you mean "opensesspriv"?');
    expect(String(refused('forcepermsg'))).toContain('IPMI 1.5');
    expect(String(refused('__proto__'))).toContain('is not known');
  });

  it('cover every workaround that FreeIPMI has for what is spoken here, and tell their source', () => {
    // The names of FreeIPMI 1.6.9's -W list.
    const freeipmi =
      'authcap nochecksumcheck idzero unexpectedauth forcepermsg endianseq noauthcodecheck intel20 supermicro20 sun20 opensesspriv integritycheckvalue assumemaxsdrrecordcount assumeio spinpoll solpayloadsize solport solstatus solchannelsupport serialalertsdeferred solpacketseq assumesystemevent discretereading ignorescanningdisabled assumebmcowner ignoreauthcode slowcommit veryslowcommit solchannelassumelanchannel malformedack guidformat ipmiping';
    const missing = freeipmi
      .split(' ')
      .filter((name) => !Object.hasOwn(quirks, name) && !Object.hasOwn(refusedQuirks, name));
    expect(missing).toEqual([]);
    for (const { source, summary } of Object.values(quirks)) expect(source.length * summary.length).toBeGreaterThan(0);
  });
});
