import { beforeEach, describe, expect, test } from 'vitest';
import type { BootHttpRequest } from '../http/index.ts';
import type { NetbootClient } from '../netboot-client.ts';
import { createNetboot } from './index.ts';
import type { BootAnswer, BootEvent, NetworkBoot } from './index.ts';

const mac = '52:54:00:00:00:01';
const client = { mac, network: 'rack', kind: 'ipxe', architecture: 7 } as const;
let answer: BootAnswer;
let asked: NetbootClient[];
let seen: BootEvent[];
let warnings: string[];
let tickets: string[];
let passedOn: { path: string; mac?: string; network: string }[];
let boot: NetworkBoot;

beforeEach(() => {
  answer = { kind: 'ramdisk', kernelFile: '/r/vmlinuz', initrdFile: '/r/initrd', commandLine: 'quiet' };
  asked = [];
  seen = [];
  warnings = [];
  tickets = [];
  passedOn = [];
  const log = () => {};
  boot = createNetboot({
    loadersDirectory: '/usr/lib/ipxe',
    clock: { now: () => 1_000 },
    logger: { debug: log, info: log, warn: (_, message) => void warnings.push(message), error: log },
    backend: {
      answer: (machine) => {
        asked.push(machine);
        return answer;
      },
      ticket: (request) => {
        tickets.push(request.mac);
        return Promise.resolve(tickets.length > 1 ? undefined : `for ${request.serverUrl}`);
      },
      request: (request) => {
        passedOn.push(request);
        return Promise.resolve(request.path === '/ramdisk/v1' ? { status: 200, body: 'yes' } : undefined);
      },
      macOf: (network, address) => (network === 'rack' && address === '10.0.0.50' ? mac : undefined),
      seen: (event) => seen.push(event),
    },
  }).onNetwork({ name: 'rack', serverAddress: '10.0.0.1', httpPort: 8080 });
});

const get = async (path: string, more: Partial<BootHttpRequest> = {}) => {
  const query = new URLSearchParams();
  return boot.httpRespond({ method: 'GET', path, query, headers: {}, remoteAddress: '10.0.0.50', ...more });
};
const machine = '/boot/ipxe/52-54-00-00-00-01';
const bodyOf = async (path: string) => {
  const response = await get(path);
  return 'body' in response ? Buffer.from(response.body).toString('latin1') : response.file;
};

describe('DHCP', () => {
  test('firmware gets its loader, HTTP firmware a URL of it, iPXE its script', () => {
    const firmware = { ...client, kind: 'firmware-pxe' } as const;
    expect(boot.bootOptions(firmware)).toEqual({ bootFile: 'snponly.efi', nextServer: '10.0.0.1' });
    expect(boot.bootOptions({ ...firmware, architecture: 0 })?.bootFile).toBe('undionly.kpxe');
    const http = boot.bootOptions({ ...client, kind: 'firmware-http', architecture: 16 });
    expect(http?.bootFile).toBe('http://10.0.0.1:8080/boot/loader/snponly.efi');
    expect(boot.bootOptions(client)?.bootFile).toBe(`http://10.0.0.1:8080${machine}/script.ipxe`);
  });

  test('an operating system, a silent answer and an architecture without a loader get no boot file', () => {
    expect(boot.bootOptions({ ...client, kind: 'none' })).toBeUndefined();
    expect(boot.bootOptions({ ...client, kind: 'firmware-pxe', architecture: 11 })).toBeUndefined();
    expect(warnings).toEqual([expect.stringContaining('architecture 11')]);
    answer = { kind: 'silent' };
    expect(boot.bootOptions(client)).toBeUndefined();
  });
});

describe('TFTP', () => {
  test('serves the loaders and nothing beside them', async () => {
    expect(await boot.tftpRead('snponly.efi', '10.0.0.50')).toMatchObject({ size: expect.any(Number) });
    expect(await boot.tftpRead('ipxe.iso', '10.0.0.50')).toBeUndefined();
    expect(await boot.tftpRead('x/snponly.efi', '10.0.0.50')).toBeUndefined();
  });

  test('a finished loader is seen, with the MAC of its lease; a size probe is not', () => {
    const report = { path: 'snponly.efi', clientAddress: '10.0.0.50', bytes: 5 } as const;
    boot.tftpEnded({ ...report, outcome: 'refused' });
    boot.tftpEnded({ ...report, outcome: 'done' });
    expect(seen).toEqual([
      { kind: 'loader', time: 1_000, network: 'rack', address: '10.0.0.50', mac, detail: 'snponly.efi', bytes: 5 },
    ]);
  });
});

describe('HTTP', () => {
  test('the script names this machine and asks with what DHCP saw of it', async () => {
    boot.bootOptions(client);
    const script = await bodyOf(`${machine}/script.ipxe`);
    expect(script).toContain(`kernel --name kernel http://10.0.0.1:8080${machine}/kernel initrd=ticket`);
    expect(asked.at(-1)).toEqual(client);
    expect(seen).toMatchObject([{ kind: 'script', mac, detail: 'ramdisk' }]);
  });

  test('script, kernel and initrd follow the answer of the moment', async () => {
    expect(await bodyOf(`${machine}/kernel`)).toBe('/r/vmlinuz');
    expect(await bodyOf(`${machine}/initrd`)).toBe('/r/initrd');
    answer = { kind: 'local-disk' };
    expect(await bodyOf(`${machine}/script.ipxe`)).toContain('sanboot');
    expect(await get(`${machine}/kernel`)).toMatchObject({ status: 404 });
    answer = { kind: 'wait', seconds: 3 };
    expect(await bodyOf(`${machine}/script.ipxe`)).toContain('sleep 3');
    answer = { kind: 'silent' };
    expect(await get(`${machine}/script.ipxe`)).toMatchObject({ status: 404 });
  });

  test('the ticket goes to the machine that holds the lease, once for each GET, never to be stored', async () => {
    expect(await get(`${machine}/ticket`, { method: 'HEAD' })).toMatchObject({ status: 405 });
    expect(await get(`${machine}/ticket`, { remoteAddress: '10.0.0.51' })).toMatchObject({ status: 403 });
    expect(await get('/boot/ipxe/52-54-00-00-00-02/ticket')).toMatchObject({ status: 403 });
    expect(tickets).toEqual([]);
    const response = await get(`${machine}/ticket`);
    expect(response).toMatchObject({ status: 200, headers: { 'cache-control': 'no-store' } });
    const body = 'body' in response ? Buffer.from(response.body) : Buffer.alloc(0);
    expect(body.length % 4).toBe(0);
    expect(body.toString('latin1')).toContain('for http://10.0.0.1:8080');
    expect(await get(`${machine}/ticket`)).toMatchObject({ status: 404 });
    expect(seen.map((event) => event.kind)).toEqual(['ticket']);
  });

  test('a loader over HTTP is a file of the directory, or not found', async () => {
    expect(await bodyOf('/boot/loader/snponly.efi')).toBe('/usr/lib/ipxe/snponly.efi');
    expect(await get('/boot/loader/ipxe.iso')).toMatchObject({ status: 404 });
    expect(await get('/boot/ipxe/nonsense/script.ipxe')).toMatchObject({ status: 404 });
    expect(await get(`${machine}/kernel/more`)).toMatchObject({ status: 404 });
  });

  test('everything else is passed on with the MAC of the lease; nothing under /boot is', async () => {
    expect(await bodyOf('/ramdisk/v1')).toBe('yes');
    expect(await get('/other', { remoteAddress: '10.0.0.9' })).toMatchObject({ status: 404 });
    expect(passedOn.map(({ path, mac: who, network }) => [path, who, network])).toEqual([
      ['/ramdisk/v1', mac, 'rack'],
      ['/other', undefined, 'rack'],
    ]);
    await get('/boot/other');
    expect(passedOn.length).toBe(2);
  });
});
