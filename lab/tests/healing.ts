/** What the tests of healing begin with: deployed servers whose agents are heard, and rules of the tests' own. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { stringify } from 'yaml';
import type { LabMachine } from '../index.ts';
import type { Athanor, LifeEvent } from '../life/athanor.ts';
import { type EventWatch, watchEvents } from '../life/event-watch.ts';
import { applyRules, waitUntilHeard } from '../life/heal.ts';
import { sysrqPanic } from '../life/breakage.ts';
import { playLife } from '../life/life.ts';
import { setStage, type TestStage } from './stage.ts';

export const biosMachine = { name: 'bios', firmware: 'bios', guidOrder: 'rfc4122' } as const;
export const uefiMachine = { name: 'uefi', firmware: 'uefi', nicRom: false, guidOrder: 'smbios' } as const;

/** Ten tries, because the tests break the same machine again and again. */
const attempts = '10 in 1h';

export const testRules = {
  panic: {
    name: 'kernel-panic',
    when: { screen: 'Kernel panic - not syncing' },
    playbook: 'power-cycle',
    attempts,
  },
  grub: { name: 'grub-prompt', when: { screen: '^grub> ?$' }, playbook: 'boot-by-hand', attempts },
};

export const testPlaybooks = [
  { name: 'power-cycle', steps: [{ power: 'cycle' }, { 'wait-for-heartbeat': '2m' }] },
  {
    name: 'boot-by-hand',
    steps: [
      { keys: { type: 'configfile /grub.bak', press: 'Enter', see: 'ATHANOR-LAB-OS up', within: '30s' } },
      { 'wait-for-heartbeat': '2m' },
    ],
  },
];

/** Puts these rules, and no others, in force. */
export async function useRules(stage: HealStage, ...names: (keyof typeof testRules)[]): Promise<void> {
  const directory = path.join(stage.directory, 'rules');
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory);
  const rules = names.map((name) => testRules[name]);
  await writeFile(path.join(directory, 'rules.yaml'), stringify({ rules, playbooks: testPlaybooks }));
  await applyRules(stage.athanor, directory);
}

export interface HealStage extends TestStage {
  watch: EventWatch;
  machine(name: string): LabMachine;
  machineId(name: string): string;
}

/** Machines that are active and heard. */
export async function setHealStage(...parameters: Parameters<typeof setStage>): Promise<HealStage> {
  const stage = await setStage(...parameters);
  try {
    const { athanor, rack, image } = stage;
    await athanor.start();
    await athanor.login();
    const watch = watchEvents(athanor);
    const onStage = (): void => undefined;
    const ids = new Map<string, string>();
    await Promise.all(
      rack.machines.map(async (machine) => {
        const loaderByTftp = machine.name === uefiMachine.name;
        await playLife({ athanor, watch, machine, image, loaderByTftp, onStage });
        ids.set(machine.name, await waitUntilHeard({ athanor, watch, machine, breakage: sysrqPanic, onStage }));
      }),
    );
    return {
      ...stage,
      watch,
      machine: (name) => rack.machine(name),
      machineId: (name) => ids.get(name) ?? '',
      close: async () => {
        watch.stop();
        await stage.close();
      },
    };
  } catch (problem) {
    await stage.close();
    throw problem;
  }
}

/** The next event of a machine's incident since then (milliseconds since 1970). */
export async function incidentEvent(
  { watch, machineId }: HealStage,
  machine: string,
  kind: string,
  since: number,
  fits: (event: LifeEvent) => boolean = () => true,
): Promise<LifeEvent> {
  return await watch.waitFor(
    (event) =>
      event.kind === kind &&
      event.data['machine'] === machineId(machine) &&
      Date.parse(event.time) >= since &&
      fits(event),
    { timeoutMs: 120_000, what: `${kind} of ${machine}` },
  );
}

/** The machine is active again since then. */
export async function activeSince({ watch, machineId }: HealStage, machine: string, since: number): Promise<LifeEvent> {
  return await watch.waitFor(
    (event) =>
      event.kind === 'machine.state' &&
      event.subjectId === machineId(machine) &&
      event.data['to'] === 'active' &&
      Date.parse(event.time) >= since,
    { timeoutMs: 180_000, what: `${machine} active` },
  );
}

/** Stops the server by its own hand at a checkpoint that it has yet to reach. */
export async function restartKilledAt(athanor: Athanor, point: string): Promise<void> {
  await athanor.stop();
  await athanor.start({ killAt: point });
}
