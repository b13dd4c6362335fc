import { describe, expect, it } from 'vitest';
import { decodeEncapsulated, option, textBytes, textOption } from '../../protocols/dhcp/index.ts';
import { clientMac, message, startBench } from './bench.fixture.ts';

describe('netboot clients', () => {
  const boot = { bootFile: 'snponly.efi', nextServer: '10.77.0.9' };
  const pxe: [number, Uint8Array][] = [
    [option.vendorClass, textBytes('PXEClient:Arch:00007:UNDI:003000')],
    [option.clientArchitecture, Uint8Array.of(0, 7)],
    [option.clientMachineIdentifier, Uint8Array.from([0, ...Array.from({ length: 16 }, (_, index) => index + 1)])],
    [option.parameterRequestList, Uint8Array.of(1, 3, 66, 67)],
  ];

  it('get their boot file, and PXE firmware is told to look no further', async () => {
    const bench = await startBench({}, { boot });
    const [offer] = await bench.receive(message('discover', { options: pxe }));
    if (offer === undefined) throw new Error('no OFFER');
    expect(offer.packet).toMatchObject({ siaddr: '10.77.0.9', bootFile: 'snponly.efi' });
    expect(textOption(offer.packet, option.vendorClass)).toBe('PXEClient');
    expect(textOption(offer.packet, option.bootFileName)).toBe('snponly.efi');
    expect(textOption(offer.packet, option.tftpServerName)).toBe('10.77.0.9');
    const vendor = decodeEncapsulated(offer.packet.options.get(option.vendorSpecific) ?? new Uint8Array());
    expect(vendor.get(6)).toEqual(Uint8Array.of(8));
    expect(offer.packet.options.get(option.clientMachineIdentifier)?.length).toBe(17);
    expect(bench.backend.events[0]?.client).toEqual({
      mac: clientMac,
      network: 'provisioning',
      kind: 'firmware-pxe',
      architecture: 7,
      uuid: '01020304-0506-0708-090a-0b0c0d0e0f10',
      vendorClass: 'PXEClient:Arch:00007:UNDI:003000',
    });
  });

  it('get HTTPClient back, and a URL too long for the header in option 67 alone', async () => {
    const bootFile = `http://10.77.0.1/${'x'.repeat(200)}`;
    const bench = await startBench({}, { boot: { bootFile } });
    const options: [number, Uint8Array][] = [[option.vendorClass, textBytes('HTTPClient:Arch:00016:UNDI:003000')]];
    const [offer] = await bench.receive(message('discover', { options }));
    if (offer === undefined) throw new Error('no OFFER');
    expect(textOption(offer.packet, option.vendorClass)).toBe('HTTPClient');
    expect(textOption(offer.packet, option.bootFileName)).toBe(bootFile);
    expect(offer.packet.bootFile).toBe('');
    expect(offer.packet.options.has(option.vendorSpecific)).toBe(false);
  });

  it('are told not to wait for ProxyDHCP when they are iPXE', async () => {
    const bench = await startBench({}, { boot });
    const options: [number, Uint8Array][] = [...pxe, [option.userClass, textBytes('iPXE')]];
    const [offer] = await bench.receive(message('discover', { options }));
    if (offer === undefined) throw new Error('no OFFER');
    const encapsulated = decodeEncapsulated(offer.packet.options.get(option.ipxe) ?? new Uint8Array());
    expect(encapsulated.get(176)).toEqual(Uint8Array.of(1));
    expect(offer.packet.options.has(option.vendorClass)).toBe(false);
    expect(bench.backend.events[0]?.client).toMatchObject({ kind: 'ipxe', userClass: 'iPXE' });
  });

  it('are not told what to boot when they are operating systems, or when nothing is to boot', async () => {
    const system = await startBench({}, { boot });
    expect((await system.receive(message('discover')))[0]?.packet).toMatchObject({ bootFile: '', siaddr: '0.0.0.0' });
    const nothing = await startBench();
    const [offer] = await nothing.receive(message('discover', { options: pxe }));
    expect(offer?.packet.bootFile).toBe('');
    expect(offer?.packet.options.has(option.vendorClass)).toBe(false);
  });

  it('make Router Advertisements go out, few and no faster than a bound', async () => {
    const bench = await startBench();
    await bench.receive(message('discover'));
    await bench.clock.advance(10_000);
    expect(bench.advertisements).toEqual([]);
    for (let client = 0; client < 50; client += 1) {
      await bench.receive(message('discover', { mac: `52:54:00:00:01:${client + 10}`, options: pxe }));
      await bench.clock.advance(10);
    }
    await bench.clock.advance(60_000);
    const gaps = bench.advertisements.slice(1).map((moment, index) => moment - (bench.advertisements[index] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(250);
    expect(bench.advertisements.length).toBeGreaterThanOrEqual(5);
    expect(bench.advertisements.length).toBeLessThan(12);
  });
});

describe('relayed messages', () => {
  it('are answered to a relay of this subnet with option 82 last, and ignored from elsewhere', async () => {
    const bench = await startBench();
    const agent: [number, Uint8Array] = [option.relayAgentInformation, Uint8Array.of(1, 2, 7, 7)];
    const from = (giaddr: string) => message('discover', { options: [agent], fields: { giaddr, hops: 1 } });
    const [offer] = await bench.receive(from('10.77.0.254'));
    expect(offer).toMatchObject({ type: 'OFFER', to: '10.77.0.254:67' });
    expect([...(offer?.packet.options ?? [])].at(-1)).toEqual(agent);
    expect(await bench.receive(from('10.99.0.254'))).toEqual([]);
  });
});
