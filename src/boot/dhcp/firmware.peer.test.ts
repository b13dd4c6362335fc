/** Real boot firmware boots from this server: iPXE as the ROM of QEMU's network card, and EDK2's own PXE and HTTP boot. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { systemBootClock } from '../boot-ports.ts';
import { openUdpSocket } from '../sockets.ts';
import { createDhcpServer, type DhcpServer } from './index.ts';
import {
  type RecordingBackend,
  recordingBackend,
  recordingLogger,
  recordingStore,
  servedNetwork,
} from './recording.fixture.ts';
import { makeSegment, type Program, run, type Segment, startProgram } from './segment.fixture.ts';

const mac = '52:54:00:00:00:0a';
const uuid = '4c4c4544-0042-3510-8054-b4c04f564433';
/** As iPXE sends it: the first three groups with their bytes reversed, as SMBIOS stores them. */
const uuidOnTheWire = '44454c4c-4200-1035-8054-b4c04f564433';
/** iPXE waits about 15 s for IPv6 router discovery when it hears no Router Advertisement; it needs milliseconds when it does. */
const withoutTheWait = 10_000;
/** EDK2 takes its time from power-on to the first DISCOVER. */
const firmwarePatience = 50_000;
let directory: string;
let segment: Segment;
let server: DhcpServer | undefined;
let machine: Program | undefined;
let backend: RecordingBackend;

async function serve(bootFile: string): Promise<void> {
  backend = recordingBackend({ bootFile });
  server = createDhcpServer({
    network: servedNetwork({
      interface: segment.bridge,
      routerAdvertisement: true,
      reservations: [{ mac, address: '10.77.0.10', hostname: 'node-10' }],
    }),
    leases: recordingStore(),
    backend,
    clock: systemBootClock,
    random: randomBytes,
    logger: recordingLogger(),
    timing: { probeWait: 200 },
  });
  await server.start();
  await backend.state('serving');
}

/** The file named by the first TFTP read request that comes in. */
async function firstReadRequest(): Promise<{ file: Promise<string>; close(): void }> {
  const socket = await openUdpSocket({ address: '10.77.0.1', port: 69, interface: segment.bridge });
  const file = new Promise<string>((resolve) => {
    socket.on('message', (bytes) => {
      // Opcode 1, then the name up to a NUL (RFC 1350, section 5).
      if (bytes[1] === 1) resolve(bytes.subarray(2, bytes.indexOf(0, 2)).toString());
    });
  });
  return { file, close: () => socket.close() };
}

function within<T>(milliseconds: number, awaited: Promise<T>, what: string): Promise<T> {
  const deadline = new Promise<never>((_resolve, reject) => {
    setTimeout(() => reject(new Error(`${what}: not within ${milliseconds} ms`)), milliseconds).unref();
  });
  return Promise.race([awaited, deadline]);
}

function powerOn(more: string): void {
  const common = `-machine pc,accel=tcg -m 256 -display none -serial none -monitor none -uuid ${uuid}
    -netdev tap,id=n0,ifname=tap0,script=no,downscript=no`;
  machine = startProgram('qemu-system-x86_64', `${common} ${more}`.split(/\s+/));
}

/** UEFI firmware with variables of its own; without iPXE in the card's ROM, EDK2's network stack boots. */
function powerOnUefi(more = ''): void {
  const variables = join(directory, 'variables.fd');
  copyFileSync('/usr/share/OVMF/OVMF_VARS_4M.fd', variables);
  powerOn(
    `-drive if=pflash,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd
    -drive if=pflash,format=raw,file=${variables}
    -device virtio-net-pci,netdev=n0,mac=${mac},bootindex=1,romfile= ${more}`.trim(),
  );
}

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'athanor-firmware-'));
  segment = makeSegment('br0', '10.77.0.1', { ipv6: true });
  run('ip', 'tuntap', 'add', 'tap0', 'mode', 'tap');
  run('ip', 'link', 'set', 'tap0', 'master', 'br0', 'up');
});

afterEach(async () => {
  await machine?.stop();
  await server?.stop();
});

afterAll(async () => {
  run('ip', 'link', 'delete', 'tap0');
  await segment?.remove();
  rmSync(directory, { recursive: true, force: true });
});

describe('iPXE in a BIOS machine', () => {
  it('gets its address and asks for the boot file without waiting for IPv6', async () => {
    await serve('boot.ipxe');
    const tftp = await firstReadRequest();
    powerOn(`-boot n -device virtio-net-pci,netdev=n0,mac=${mac}`);
    const acknowledged = await backend.event((event) => event.type === 'ACK');
    expect(acknowledged.address).toBe('10.77.0.10');
    expect(acknowledged.client).toMatchObject({
      mac,
      kind: 'ipxe',
      architecture: 0,
      userClass: 'iPXE',
      uuid: uuidOnTheWire,
    });
    expect(await within(withoutTheWait, tftp.file, 'a request for the boot file')).toBe('boot.ipxe');
    tftp.close();
  });
});

describe('EDK2 in a UEFI machine', () => {
  it('boots by PXE: it takes the boot file and looks for no other boot server', async () => {
    await serve('ipxe.efi');
    const tftp = await firstReadRequest();
    powerOnUefi();
    const acknowledged = await backend.event((event) => event.type === 'ACK', 0, firmwarePatience);
    expect(acknowledged.client).toMatchObject({ mac, kind: 'firmware-pxe', architecture: 7 });
    expect(await within(withoutTheWait, tftp.file, 'a request for the boot file')).toBe('ipxe.efi');
    tftp.close();
  });

  it('boots by HTTP: it takes the URL because the answer says HTTPClient', async () => {
    await serve('http://10.77.0.1:8080/ipxe.efi');
    const web = createServer();
    const asked = once(web, 'request').then(([request]: { method: string; url: string }[]) => request?.url);
    web.listen(8080, '10.77.0.1');
    // Else it tries PXE and IPv6 first, for minutes.
    const only = (name: string): string => `-fw_cfg name=opt/org.tianocore/${name},string=n`;
    powerOnUefi(['IPv4PXESupport', 'IPv6PXESupport', 'IPv6Support'].map((name) => only(name)).join(' '));
    const acknowledged = await backend.event((event) => event.type === 'ACK', 0, firmwarePatience);
    expect(acknowledged.client).toMatchObject({ mac, kind: 'firmware-http', architecture: 16 });
    expect(await within(withoutTheWait, asked, 'a request for the boot file')).toBe('/ipxe.efi');
    web.closeAllConnections();
    web.close();
  });
});
