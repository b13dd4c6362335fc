/** The two ways to deploy that are compared. Each run of one begins with its services up and the machine off. */
import { cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parse, stringify } from 'yaml';
import { killAndWait, spawnInNamespace } from '../lab/command.ts';
import { ipmitool, type LabMachine, type Rack } from '../lab/index.ts';
import { type Athanor, createAthanor } from '../lab/life/athanor.ts';
import { bmcName, writeConfiguration } from '../lab/life/configuration.ts';
import { watchEvents } from '../lab/life/event-watch.ts';
import { startNetbootPeer } from '../lab/netboot-peer.ts';
import { athanorMarks, cpuSecondsOf, type Milestone, peerMarks } from './milestones.ts';
import { buildPeerRamdisk } from './peer-ramdisk.ts';

export interface Contestant {
  readonly name: 'athanor' | 'peer';
  readonly marks: Record<Milestone, RegExp>;
  /** Brings the services up, as they stand before every run. */
  start(): Promise<void>;
  /** The operator's command: resolves when the deployment is under way. */
  deploy(machine: LabMachine): Promise<void>;
  /** After the installed system is up. */
  finished(machine: LabMachine): Promise<void>;
  /** Processor seconds of the services since `start`. */
  cpuSeconds(): number;
  stop(): Promise<void>;
}

export interface Ground {
  rack: Rack;
  directory: string;
  image: { name: string; file: string; sha256: string };
  ramdiskDirectory: string;
  /** The kernel that both boot: `amd64` or `cloud-amd64`. */
  kernel: string;
  packageCache: string;
}

async function asked(athanor: Athanor, args: string[]): Promise<void> {
  const { code, output, errors } = await athanor.command(args);
  if (code !== 0) throw new Error(`athanor ${args.join(' ')} ended with ${code}: ${errors}${output}`);
}

/**
 * Athanor, which has met every machine before: each is inspected once, outside the measurement, and the data directory of
 * that moment is put back before every run, so that the machine is `free` again.
 */
export async function prepareAthanor(ground: Ground): Promise<Contestant> {
  const { rack, image, ramdiskDirectory, kernel } = ground;
  const directory = path.join(ground.directory, 'athanor');
  const kept = path.join(ground.directory, 'athanor-kept');
  await mkdir(directory, { mode: 0o700 });
  const apiSocket = path.join(directory, 'api.sock');
  const configurationFile = await writeConfiguration(rack, { directory, image, ramdiskDirectory, apiSocket });
  const configuration: unknown = parse(await readFile(configurationFile, 'utf8'));
  const chosen = { ...Object(configuration), ramdisk: { directory: ramdiskDirectory, kernel } };
  await writeFile(configurationFile, stringify(chosen));
  const athanor = createAthanor({ rack, configurationFile, directory, apiSocket });
  await athanor.start();
  await athanor.login();
  const watch = watchEvents(athanor);
  try {
    for (const { name, mac } of rack.machines) {
      await asked(athanor, ['bmc', 'boot', 'pxe', bmcName(name)]);
      await asked(athanor, ['bmc', 'power', 'on', bmcName(name)]);
      const found = await watch.waitFor(({ kind, data }) => kind === 'machine.discovered' && data['mac'] === mac, {
        timeoutMs: 180_000,
        what: `discovery of ${name}`,
      });
      await watch.waitFor(
        ({ kind, subjectId, data }) =>
          kind === 'machine.state' && subjectId === found.subjectId && data['to'] === 'free',
        { timeoutMs: 180_000, what: `inspection of ${name}` },
      );
      await asked(athanor, ['machine', 'name', found.subjectId, name]);
    }
  } finally {
    watch.stop();
    await athanor.stop();
  }
  await cp(athanor.dataDirectory, kept, { recursive: true });
  const cpuSeconds = (): number => cpuSecondsOf(`serve\0--config\0${configurationFile}`);
  return {
    name: 'athanor',
    marks: athanorMarks,
    start: async () => {
      await rm(athanor.dataDirectory, { recursive: true });
      await cp(kept, athanor.dataDirectory, { recursive: true });
      await athanor.start();
    },
    deploy: ({ name }) => asked(athanor, ['machine', 'deploy', name, '--image', image.name]),
    finished: async ({ name }) => {
      for (let look = 0; look < 50; look += 1) {
        const machine = JSON.stringify(await athanor.ask(['machine', 'describe', name]));
        if (machine.includes('"state":"active"')) return;
        await pause(200);
      }
      throw new Error(`${name} did not become active although its system is up`);
    },
    cpuSeconds,
    stop: athanor.stop,
  };
}

/** dnsmasq for DHCP, TFTP and router advertisements, busybox httpd for the files, ipmitool for the power. */
export async function preparePeer(ground: Ground): Promise<Contestant> {
  const { rack, image, ramdiskDirectory, kernel, packageCache } = ground;
  const directory = path.join(ground.directory, 'peer');
  const web = path.join(directory, 'web');
  const url = `http://${rack.provisioningAddress}`;
  await buildPeerRamdisk({
    directory: web,
    vmlinuz: path.join(ramdiskDirectory, `vmlinuz-${kernel}`),
    flavour: kernel,
    imageUrl: `${url}/image.raw`,
    packageCache,
  });
  await symlink(image.file, path.join(web, 'image.raw'));
  const script = [
    '#!ipxe',
    `kernel ${url}/vmlinuz initrd=initrd.img console=tty0 console=ttyS0,115200 quiet panic=30`,
    `initrd ${url}/initrd.img`,
    'boot',
    '',
  ].join('\n');
  let running: { close(): Promise<void> } | undefined;
  return {
    name: 'peer',
    marks: peerMarks,
    start: async () => {
      const dnsmasq = await startNetbootPeer(directory, script);
      const address = `${rack.provisioningAddress}:80`;
      const httpd = await spawnInNamespace(
        rack.controlNamespace,
        ['busybox', 'httpd', '-f', '-p', address, '-h', web],
        path.join(directory, 'httpd.log'),
      );
      running = {
        close: async () => {
          await killAndWait(httpd);
          await dnsmasq.close();
        },
      };
    },
    deploy: async (machine) => {
      await ipmitool(rack, machine, 'chassis', 'bootdev', 'pxe');
      await ipmitool(rack, machine, 'power', 'on');
    },
    finished: () => Promise.resolve(),
    cpuSeconds: () => cpuSecondsOf(`dnsmasq\0-C\0${directory}`) + cpuSecondsOf('busybox\0httpd\0-f'),
    stop: async () => {
      await running?.close();
      running = undefined;
    },
  };
}
