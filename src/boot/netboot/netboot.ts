import { join } from 'node:path';
import { encodeCpio } from '../../protocols/cpio/index.ts';
import type { BootClock, BootLogger } from '../boot-ports.ts';
import type { BootHttpRequest, BootHttpResponse } from '../http/index.ts';
import { isLoader, loaderFor, localDiskScript, ramdiskScript, waitScript } from '../ipxe/index.ts';
import type { NetbootClient } from '../netboot-client.ts';
import { tftpFile } from '../tftp/index.ts';
import type { TftpContent, TftpReport } from '../tftp/index.ts';
import type { BootAnswer, BootBackend, BootEvent } from './backend.ts';

export interface NetbootOptions {
  backend: BootBackend;
  /** Where the iPXE binaries lie; Debian's package `ipxe` has them in /usr/lib/ipxe. */
  loadersDirectory: string;
  clock: Pick<BootClock, 'now'>;
  logger: BootLogger;
}

/** A network as its booting machines see it. */
export interface NetbootNetwork {
  name: string;
  /** This server's address on it. */
  serverAddress: string;
  httpPort: number;
}

/** The fields of a DHCP answer that make a client boot; undefined leaves them out. */
export interface NetbootOffer {
  /** Option 67 and the header's `file`. */
  bootFile: string;
  /** Header's `siaddr` and option 66. */
  nextServer: string;
}

/** The three faces of one network's boot data. */
export interface NetworkBoot {
  readonly bootOptions: (client: NetbootClient) => NetbootOffer | undefined;
  readonly tftpRead: (path: string, clientAddress: string) => Promise<TftpContent | undefined>;
  readonly tftpEnded: (report: TftpReport) => void;
  readonly httpRespond: (request: BootHttpRequest) => Promise<BootHttpResponse>;
}

export interface Netboot {
  onNetwork(network: NetbootNetwork): NetworkBoot;
}

/** Clients remembered between their DHCP packet and their HTTP request; the oldest is forgotten first. */
const mostClients = 16_384;

const defaultWaitSeconds = 10;

const text = (status: number, body: string, headers: Record<string, string> = {}): BootHttpResponse => ({
  status,
  headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store', ...headers },
  body,
});

/** `aa-bb-cc-dd-ee-ff` of a URL as `aa:bb:cc:dd:ee:ff`; either case, as firmware and people write both. */
function macOfPath(part: string): string | undefined {
  return /^[0-9a-f]{2}(-[0-9a-f]{2}){5}$/i.test(part) ? part.toLowerCase().replaceAll('-', ':') : undefined;
}

/** Ties the backend's answers to what DHCP, TFTP and HTTP say. All state is in memory and may be lost at any time. */
export function createNetboot(options: NetbootOptions): Netboot {
  const { backend, loadersDirectory, clock, logger } = options;
  const clients = new Map<string, NetbootClient>();

  const remember = (client: NetbootClient): void => {
    const key = `${client.network} ${client.mac}`;
    clients.delete(key);
    clients.set(key, client);
    const oldest = clients.keys().next().value;
    if (clients.size > mostClients && oldest !== undefined) clients.delete(oldest);
  };
  /** What DHCP saw of this machine's iPXE; after a restart of this process, what the URL tells. */
  const recalled = (network: string, mac: string): NetbootClient => {
    const client = clients.get(`${network} ${mac}`);
    return { ...client, mac, network, kind: 'ipxe' };
  };

  const onNetwork = (network: NetbootNetwork): NetworkBoot => {
    const { name, serverAddress, httpPort } = network;
    const serverUrl = `http://${serverAddress}${httpPort === 80 ? '' : `:${httpPort}`}`;
    const urlOf = (mac: string, file: string) => `${serverUrl}/boot/ipxe/${mac.replaceAll(':', '-')}/${file}`;
    const seen = (event: Omit<BootEvent, 'time' | 'network'>) => {
      backend.seen({ ...event, time: clock.now(), network: name });
    };
    const loaderSeen = (address: string, loader: string, bytes: number): void => {
      const mac = backend.macOf(name, address);
      seen({ kind: 'loader', address, detail: loader, bytes, ...(mac === undefined ? {} : { mac }) });
    };

    const bootOptions = (client: NetbootClient): NetbootOffer | undefined => {
      if (client.kind === 'none') return undefined;
      remember(client);
      if (backend.answer(client).kind === 'silent') return undefined;
      if (client.kind === 'ipxe') return { bootFile: urlOf(client.mac, 'script.ipxe'), nextServer: serverAddress };
      const choice = loaderFor(client.architecture);
      if ('reason' in choice) {
        logger.warn({ mac: client.mac, network: name }, `Machine cannot be booted: ${choice.reason}`);
        return undefined;
      }
      const bootFile = client.kind === 'firmware-http' ? `${serverUrl}/boot/loader/${choice.loader}` : choice.loader;
      return { bootFile, nextServer: serverAddress };
    };

    const script = (mac: string, answer: BootAnswer): string | undefined => {
      switch (answer.kind) {
        case 'ramdisk':
          return ramdiskScript({
            kernelUrl: urlOf(mac, 'kernel'),
            initrdUrl: urlOf(mac, 'initrd'),
            ticketUrl: urlOf(mac, 'ticket'),
            commandLine: answer.commandLine,
          });
        case 'local-disk':
          return localDiskScript();
        case 'wait':
          return waitScript(urlOf(mac, 'script.ipxe'), answer.seconds ?? defaultWaitSeconds);
        case 'silent':
          return undefined;
      }
    };

    const ticket = async (request: BootHttpRequest, mac: string): Promise<BootHttpResponse> => {
      const address = request.remoteAddress;
      // A HEAD would make an attempt that nobody reads.
      if (request.method !== 'GET') return text(405, 'Method not allowed\n', { allow: 'GET' });
      const holder = backend.macOf(name, address);
      if (holder !== mac) {
        logger.warn({ mac, network: name, address, holder }, 'Ticket refused: the address is not leased to this MAC');
        return text(403, 'This address is not leased to that machine\n');
      }
      const content = await backend.ticket({ mac, network: name, address, serverUrl });
      if (content === undefined) return text(404, 'No ticket for this machine now\n');
      const body = encodeCpio([
        { path: 'athanor', mode: 0o700 },
        { path: 'athanor/ticket', mode: 0o400, data: content },
      ]);
      seen({ kind: 'ticket', mac, address, bytes: body.length });
      return {
        status: 200,
        headers: { 'content-type': 'application/octet-stream', 'cache-control': 'no-store' },
        body,
      };
    };

    const machineFile = async (request: BootHttpRequest, mac: string, file: string): Promise<BootHttpResponse> => {
      const address = request.remoteAddress;
      if (file === 'ticket') return ticket(request, mac);
      if (request.method === 'POST') return text(405, 'Method not allowed\n', { allow: 'GET, HEAD' });
      const answer = backend.answer(recalled(name, mac));
      if (file === 'script.ipxe') {
        const body = script(mac, answer);
        if (body === undefined) return text(404, 'Nothing to boot\n');
        if (request.method === 'GET') seen({ kind: 'script', mac, address, detail: answer.kind });
        return text(200, body);
      }
      if (answer.kind !== 'ramdisk' || (file !== 'kernel' && file !== 'initrd')) return text(404, 'Not found\n');
      return {
        file: file === 'kernel' ? answer.kernelFile : answer.initrdFile,
        contentType: 'application/octet-stream',
        onSent: (bytes) => seen({ kind: file, mac, address, bytes }),
      };
    };

    const httpRespond = async (request: BootHttpRequest): Promise<BootHttpResponse> => {
      const [, top, section, part = '', file = '', ...more] = request.path.split('/');
      if (top === 'boot') {
        if (section === 'loader' && isLoader(part) && file === '' && request.method !== 'POST') {
          const onSent = (bytes: number) => loaderSeen(request.remoteAddress, part, bytes);
          return { file: join(loadersDirectory, part), onSent };
        }
        const mac = macOfPath(part);
        if (section !== 'ipxe' || mac === undefined || more.length > 0) return text(404, 'Not found\n');
        return machineFile(request, mac, file);
      }
      const mac = backend.macOf(name, request.remoteAddress);
      const answer = await backend.request({ ...request, network: name, ...(mac === undefined ? {} : { mac }) });
      return answer ?? text(404, 'Not found\n');
    };

    return {
      bootOptions,
      httpRespond,
      tftpRead: (path) => (isLoader(path) ? tftpFile(join(loadersDirectory, path)) : Promise.resolve(undefined)),
      tftpEnded: (report) => {
        if (report.outcome === 'done') loaderSeen(report.clientAddress, report.path, report.bytes);
      },
    };
  };
  return { onNetwork };
}
