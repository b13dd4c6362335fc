/** For a test file: a fresh bench in a directory of its own for each test, with one machine behind one BMC. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import type { BmcHost } from '../../site/index.ts';
import { type MachineBench, type MachineBenchOptions, type NewMachine, openMachineBench } from './machine-bench.ts';
import { createMemoryBmcs, type MemoryBmc } from './memory-bmc.ts';
import { goodWork, type Hardware, plugIn, type PluggedMachine, type Work } from './scripted-machine.ts';

export interface Rack {
  bench: MachineBench;
  bmc: MemoryBmc;
  machineId: string;
  plugged: PluggedMachine;
}

export interface RackOptions extends Partial<Omit<MachineBenchOptions, 'bmcs' | 'directory'>> {
  work?: Work;
  machine?: NewMachine;
  /** Other BMCs than the one in memory. */
  host?: BmcHost;
  /** Operations are accepted and stay where they are. */
  idle?: boolean;
  /** Leave the machine without a BMC. */
  withoutBmc?: boolean;
}

export const hardware: Hardware = {
  mac: '52:54:00:00:00:01',
  address: '10.0.0.11',
  uuid: 'a1234567-89ab-cdef-a123-456789abcdef',
};

export const imageContent = Buffer.alloc(100_000, 'image');

/** Call at the top of a test file. */
export function useRacks(): (options?: RackOptions) => Promise<Rack> {
  const opened: { bench: MachineBench; directory: string }[] = [];
  afterEach(async () => {
    for (const { bench, directory } of opened.splice(0)) {
      await bench.close();
      await rm(directory, { recursive: true, force: true });
    }
  });
  return async ({ work = goodWork, machine = {}, withoutBmc = false, host, idle = false, ...options } = {}) => {
    const directory = await mkdtemp(join(tmpdir(), 'athanor-machine-'));
    const bmcs = await createMemoryBmcs();
    const bmc = bmcs.add('bmc-1', { guid: hardware.uuid.replaceAll('-', '') });
    const bench = await openMachineBench({ directory, bmcs: host ?? bmcs.host, ...options });
    opened.push({ bench, directory });
    const plugged = plugIn(bench, bmc, hardware, work);
    await bench.addImage('lab-os', imageContent);
    const { mac, uuid } = hardware;
    const known = { mac, uuid, name: 'r1', ...(withoutBmc ? {} : { bmc: 'bmc-1' }), ...machine };
    const machineId = await bench.addMachine(known);
    if (!idle) await bench.operations.startWorker();
    return { bench, bmc, machineId, plugged };
  };
}
