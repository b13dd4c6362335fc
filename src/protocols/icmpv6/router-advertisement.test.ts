import { describe, expect, it } from 'vitest';
import { encodeRouterAdvertisement } from './index.ts';

describe('Router Advertisement', () => {
  it('says that this is no default router and offers no prefix', () => {
    const bytes = encodeRouterAdvertisement({ routerLifetime: 0 });
    expect(Buffer.from(bytes).toString('hex')).toBe('86000000' + '00000000' + '00000000' + '00000000');
  });

  it('carries lifetime, flags and the link-layer address where RFC 4861 puts them', () => {
    const bytes = encodeRouterAdvertisement({
      routerLifetime: 1800,
      managed: true,
      otherConfiguration: true,
      sourceLinkLayerAddress: Uint8Array.of(0x52, 0x54, 0, 1, 2, 3),
    });
    expect(Buffer.from(bytes).toString('hex')).toBe(
      '86000000' + '00c00708' + '00000000' + '00000000' + '0101525400010203',
    );
  });

  it('refuses what does not fit the fields', () => {
    expect(() => encodeRouterAdvertisement({ routerLifetime: 65536 })).toThrow(RangeError);
    expect(() => encodeRouterAdvertisement({ routerLifetime: 0, sourceLinkLayerAddress: Uint8Array.of(1) })).toThrow(
      RangeError,
    );
  });
});
