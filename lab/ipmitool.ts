/** Debian's ipmitool against a BMC of the rack, from the control namespace: a client that is not ours. */
import { run } from './command.ts';
import type { LabMachine } from './machine.ts';
import type { Rack } from './rack.ts';

/** The command line; the password travels in a file. */
export function ipmitoolCommand(rack: Rack, machine: LabMachine, args: string[]): { file: string; args: string[] } {
  const session = ['-I', 'lanplus', '-C', '3', '-U', machine.bmcUser, '-f', machine.bmcPasswordFile];
  const address = ['-H', machine.bmcAddress, '-p', String(machine.bmcPort)];
  return rack.inControl(['ipmitool', ...session, ...address, ...args]);
}

/** Runs ipmitool to its end; throws when it fails. */
export async function ipmitool(rack: Rack, machine: LabMachine, ...args: string[]): Promise<string> {
  const command = ipmitoolCommand(rack, machine, args);
  return run(command.file, command.args);
}
