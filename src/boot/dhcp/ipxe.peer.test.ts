/** iPXE, the ROM of QEMU's network card, boots from this server. */
import { randomBytes } from 'node:crypto';
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
let segment: Segment;
let server: DhcpServer | undefined;
let machine: Program | undefined;
let backend: RecordingBackend;

async function serve(): Promise<void> {
  backend = recordingBackend({ bootFile: 'boot.ipxe' });
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

beforeAll(() => {
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
});

describe('iPXE in a BIOS machine', () => {
  it('gets its address and asks for the boot file without waiting for IPv6', async () => {
    await serve();
    const tftp = await firstReadRequest();
    machine = startProgram(
      'qemu-system-x86_64',
      `-machine pc,accel=tcg -m 128 -display none -serial none -monitor none -boot n -uuid ${uuid}
       -netdev tap,id=n0,ifname=tap0,script=no,downscript=no -device virtio-net-pci,netdev=n0,mac=${mac}`.split(/\s+/),
    );
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
