/**
 * The rack's cabling. Three network namespaces and what joins them:
 *
 *   rack     br0  provisioning switch: one tap per server, 10.77.0.254 as the router
 *            br1  management switch: one address per BMC, 10.77.1.N
 *   control  cp0  10.77.0.1/24 on br0      cm0 10.77.1.254/24 on br1      cx0 10.99.0.1/24 towards `outside`
 *   outside  ox0  10.99.0.2/24             a network that Athanor was not told to serve
 *
 * lab0/lab1 joins the enclosure's own namespace, where the lab process runs, to the BMCs: serial over LAN is carried there.
 */
import { existsSync } from 'node:fs';
import { run } from './command.ts';

export const controlNamespace = 'control';
export const rackNamespace = 'rack';
export const outsideNamespace = 'outside';

export const provisioning = { interface: 'cp0', address: '10.77.0.1', prefix: 24, router: '10.77.0.254' } as const;
export const management = { interface: 'cm0', address: '10.77.1.254', prefix: 24 } as const;
export const unserved = { interface: 'cx0', address: '10.99.0.1', prefix: 24, neighbour: '10.99.0.2' } as const;
/** The lab process as the BMCs see it (TEST-NET-1, joined to nothing else). */
export const labLink = { address: '192.0.2.1', rackAddress: '192.0.2.2', prefix: 30 } as const;

export function bmcAddressOf(index: number): string {
  return `10.77.1.${index + 1}`;
}

export function tapOf(index: number): string {
  return `tap${index}`;
}

const batch = (namespace: string, lines: string[]): Promise<string> =>
  run('ip', ['-n', namespace, '-batch', '-'], `${lines.join('\n')}\n`);

/** Writes kernel settings as a process inside the namespace sees them. */
const settings = (namespace: string, values: Record<string, string>): Promise<string> =>
  run('nsenter', [
    `--net=/run/netns/${namespace}`,
    'sh',
    '-ec',
    Object.entries(values)
      .map(([key, value]) => `[ ! -e /proc/sys/net/${key} ] || echo ${value} > /proc/sys/net/${key}`)
      .join('\n'),
  ]);

/** An enclosure has room for one rack. To be asked before anything is built, so that a refusal takes nothing down. */
export function assertNoRackYet(): void {
  if (existsSync(`/run/netns/${rackNamespace}`)) {
    throw new Error('A rack is already running in this enclosure: close it first, or use another lab/enter.');
  }
}

/** Makes the namespaces, switches and cables for `count` servers. */
export async function createNamespaces(count: number): Promise<void> {
  for (const name of [rackNamespace, controlNamespace, outsideNamespace]) await run('ip', ['netns', 'add', name]);
  // The switches speak no IPv6 of their own; the control host has its link-local address at once, without waiting for DAD.
  await settings(rackNamespace, { 'ipv6/conf/all/disable_ipv6': '1', 'ipv6/conf/default/disable_ipv6': '1' });
  await settings(controlNamespace, { 'ipv6/conf/all/accept_dad': '0', 'ipv6/conf/default/accept_dad': '0' });

  const servers = Array.from({ length: count }, (_, index) => index);
  const switchOptions = 'type bridge forward_delay 0 stp_state 0 mcast_snooping 0';
  await batch(rackNamespace, [
    'link set lo up',
    `link add br0 ${switchOptions}`,
    `link add br1 ${switchOptions}`,
    `addr add ${provisioning.router}/${provisioning.prefix} dev br0`,
    ...servers.map((index) => `addr add ${bmcAddressOf(index)}/${management.prefix} dev br1`),
    'link set br0 up',
    'link set br1 up',
    `link add cp-br type veth peer name ${provisioning.interface} netns ${controlNamespace}`,
    `link add cm-br type veth peer name ${management.interface} netns ${controlNamespace}`,
    'link set cp-br master br0 up',
    'link set cm-br master br1 up',
    ...servers.flatMap((index) => [`tuntap add ${tapOf(index)} mode tap`, `link set ${tapOf(index)} master br0 up`]),
  ]);
  await batch(outsideNamespace, [
    'link set lo up',
    `link add ox0 type veth peer name ${unserved.interface} netns ${controlNamespace}`,
    `addr add ${unserved.neighbour}/${unserved.prefix} dev ox0`,
    'link set ox0 up',
  ]);
  await batch(controlNamespace, [
    'link set lo up',
    ...[provisioning, management, unserved].flatMap((network) => [
      `addr add ${network.address}/${network.prefix} dev ${network.interface}`,
      `link set ${network.interface} up`,
    ]),
    `route add default via ${provisioning.router} dev ${provisioning.interface}`,
  ]);
  // DHCP clients read raw frames: they need real checksums, which a veth would otherwise leave to hardware that is not there.
  for (const network of [provisioning, unserved]) {
    await run('ip', ['netns', 'exec', controlNamespace, 'ethtool', '-K', network.interface, 'tx', 'off']);
  }
  await run('ip', ['link', 'add', 'lab0', 'type', 'veth', 'peer', 'name', 'lab1', 'netns', rackNamespace]);
  await batch(rackNamespace, [`addr add ${labLink.rackAddress}/${labLink.prefix} dev lab1`, 'link set lab1 up']);
  await run('ip', ['addr', 'add', `${labLink.address}/${labLink.prefix}`, 'dev', 'lab0']);
  await run('ip', ['link', 'set', 'lab0', 'up']);
  await run('ip', ['route', 'add', '10.77.1.0/24', 'via', labLink.rackAddress]);
}

/** Takes everything away again. Processes inside must have ended. */
export async function deleteNamespaces(): Promise<void> {
  // Explicitly: it would vanish with its peer's namespace, but only some time later. It may not exist yet.
  await run('ip', ['link', 'del', 'lab0']).catch(() => undefined);
  for (const name of [rackNamespace, controlNamespace, outsideNamespace]) {
    if (existsSync(`/run/netns/${name}`)) await run('ip', ['netns', 'del', name]);
  }
}

/** Plugs a server's cable into the provisioning switch, or pulls it. */
export async function setCable(index: number, plugged: boolean): Promise<void> {
  await batch(rackNamespace, [`link set ${tapOf(index)} ${plugged ? 'master br0' : 'nomaster'}`]);
}
