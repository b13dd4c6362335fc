/** dnsmasq as DHCP, TFTP and router-advertisement server in the control namespace: a netboot service that is not ours. */
import { once } from 'node:events';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { watch } from 'node:fs';
import { killAndWait, run, spawnInNamespace } from './command.ts';
import { controlNamespace, provisioning } from './namespaces.ts';

export interface NetbootPeer {
  readonly tftpRoot: string;
  log: () => Promise<string>;
  close: () => Promise<void>;
}

/** Answers every client of the provisioning network with `script` for iPXE, and iPXE itself for firmware without it. */
export async function startNetbootPeer(directory: string, script: string): Promise<NetbootPeer> {
  const tftpRoot = path.join(directory, 'tftp');
  const logFile = path.join(directory, 'dnsmasq.log');
  const configuration = path.join(directory, 'dnsmasq.conf');
  await mkdir(tftpRoot, { recursive: true });
  await writeFile(path.join(tftpRoot, 'boot.ipxe'), script);
  await copyFile('/usr/lib/ipxe/snponly.efi', path.join(tftpRoot, 'snponly.efi'));
  await copyFile('/usr/lib/ipxe/undionly.kpxe', path.join(tftpRoot, 'undionly.kpxe'));
  await writeFile(
    configuration,
    [
      'keep-in-foreground',
      'user=root',
      'port=0',
      `interface=${provisioning.interface}`,
      'bind-interfaces',
      'no-resolv',
      'no-hosts',
      'no-ping',
      'dhcp-authoritative',
      'dhcp-range=10.77.0.100,10.77.0.200,1h',
      `dhcp-leasefile=${path.join(directory, 'dnsmasq.leases')}`,
      'dhcp-match=set:ipxe,175',
      'dhcp-match=set:efi,option:client-arch,7',
      'dhcp-match=set:efi,option:client-arch,9',
      'dhcp-boot=tag:ipxe,boot.ipxe',
      'dhcp-boot=tag:!ipxe,tag:efi,snponly.efi',
      'dhcp-boot=tag:!ipxe,tag:!efi,undionly.kpxe',
      // iPXE: do not wait for proxy DHCP offers.
      'dhcp-option=tag:ipxe,encap:175,176,1b',
      // A router advertisement spares iPXE 15 s of waiting for one.
      'enable-ra',
      'dhcp-range=fd77::,ra-only',
      `ra-param=${provisioning.interface},10,1200`,
      'enable-tftp',
      `tftp-root=${tftpRoot}`,
      'log-dhcp',
      `log-facility=${logFile}`,
      `pid-file=${path.join(directory, 'dnsmasq.pid')}`,
      '',
    ].join('\n'),
  );
  await run('ip', ['-n', controlNamespace, 'addr', 'replace', 'fd77::1/64', 'dev', provisioning.interface, 'nodad']);
  await writeFile(logFile, '');
  const logged = new AbortController();
  const watcher = watch(logFile, () => logged.abort());
  const child = await spawnInNamespace(
    controlNamespace,
    ['dnsmasq', '-C', configuration],
    path.join(directory, 'dnsmasq.out'),
  );
  try {
    await Promise.race([once(logged.signal, 'abort'), once(child, 'exit')]);
    if (child.exitCode !== null)
      throw new Error(`dnsmasq ended: ${await readFile(path.join(directory, 'dnsmasq.out'), 'utf8')}`);
  } finally {
    watcher.close();
  }
  return { tftpRoot, log: () => readFile(logFile, 'utf8'), close: () => killAndWait(child) };
}
