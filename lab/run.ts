/**
 * A rack for people: `lab/enter node lab/run.ts --machines bios,uefi [-- COMMAND…]`.
 * Prints what there is and stays until Ctrl-C, or runs the command in the control namespace and ends with it.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { type LabMachineSpec, type Rack, ipmitool, scratchDirectory, startRack } from './index.ts';

const kinds: Record<string, Pick<LabMachineSpec, 'firmware' | 'nicRom'>> = {
  bios: { firmware: 'bios' },
  uefi: { firmware: 'uefi' },
  'uefi-norom': { firmware: 'uefi', nicRom: false },
};

const usage = `usage: lab/enter node lab/run.ts [--machines ${Object.keys(kinds).join('|')},…] [--directory DIR] [--on] [--json] [-- COMMAND…]`;

function machinesOf(list: string): LabMachineSpec[] {
  return list.split(',').map((kind, index) => {
    const found = kinds[kind];
    if (found === undefined)
      throw new Error(`--machines: ${kind} is none of ${Object.keys(kinds).join(', ')}\n${usage}`);
    return { name: `${kind}-${index + 1}`, ...found };
  });
}

function describe(rack: Rack): string {
  const lines = [
    `rack in ${rack.directory}`,
    `  control namespace: ip netns exec ${rack.controlNamespace} COMMAND…`,
    `  ${rack.provisioningInterface} ${rack.provisioningAddress} provisioning, ${rack.managementInterface} ${rack.managementAddress} BMCs, ${rack.unservedInterface} unserved`,
  ];
  for (const machine of rack.machines) {
    lines.push(
      `${machine.name} (${machine.firmware})  mac ${machine.mac}  uuid ${machine.uuid}`,
      `  bmc      ipmitool -I lanplus -C 3 -H ${machine.bmcAddress} -U ${machine.bmcUser} -f ${machine.bmcPasswordFile} power on`,
      `  serial   ${machine.serialLogFile}`,
      `  chassis  ${machine.chassisLogFile}`,
      `  vnc      ${machine.vncSocket}   password in ${machine.consolePasswordFile ?? '-'}   (while it has power)`,
      `  qmp      ${machine.qmpSocket}   (while it has power)`,
      `  disk     ${machine.diskFile}`,
    );
  }
  return lines.join('\n');
}

/** What scripts want to know; no password, only the file it is in. */
function summary(rack: Rack): object {
  return {
    directory: rack.directory,
    machines: rack.machines.map((machine) => ({
      name: machine.name,
      firmware: machine.firmware,
      mac: machine.mac,
      uuid: machine.uuid,
      bmcAddress: machine.bmcAddress,
      bmcPort: machine.bmcPort,
      bmcUser: machine.bmcUser,
      bmcPasswordFile: machine.bmcPasswordFile,
      serialLogFile: machine.serialLogFile,
      chassisLogFile: machine.chassisLogFile,
      diskFile: machine.diskFile,
      vncSocket: machine.vncSocket,
      consolePasswordFile: machine.consolePasswordFile,
      qmpSocket: machine.qmpSocket,
    })),
  };
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      machines: { type: 'string', default: 'bios,uefi' },
      directory: { type: 'string' },
      on: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(usage);
    return 0;
  }
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => stop.abort(new Error(name)));
  const rack = await startRack({
    directory: values.directory ?? scratchDirectory(),
    machines: machinesOf(values.machines),
    signal: stop.signal,
  });
  try {
    console.log(values.json ? JSON.stringify(summary(rack)) : describe(rack));
    if (values.on) for (const machine of rack.machines) await ipmitool(rack, machine, 'power', 'on');
    const [file, ...args] = positionals;
    if (file !== undefined) {
      const command = rack.inControl([file, ...args]);
      const child = spawn(command.file, command.args, { stdio: 'inherit' });
      const [code] = await once(child, 'exit');
      return typeof code === 'number' ? code : 1;
    }
    if (!values.json) console.log('ready; Ctrl-C takes it all away');
    // Open sockets keep the process alive until a signal comes.
    if (!stop.signal.aborted) await once(stop.signal, 'abort');
    return 0;
  } finally {
    await rack.close();
  }
}

process.exitCode = await main().catch((problem: unknown) => {
  console.error(problem instanceof Error ? problem.message : problem);
  return 1;
});
