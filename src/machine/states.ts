/**
 * The lifecycle of a machine as one literal table: state → who may do what, where it leads, what it waits for and how
 * it ends. States that nothing reaches yet are in it, so that the table is the design and not a picture of the code.
 */

export const machineStates = [
  'discovered',
  'inspecting',
  'free',
  'allocated',
  'deploying',
  'active',
  'recovering',
  'failed',
  'releasing',
  'wiping',
  'quarantined',
  'retired',
] as const;

export type MachineState = (typeof machineStates)[number];

/** What a person can ask of a machine. `abort` ends the operation that runs on it. */
export type MachineVerb =
  | 'inspect'
  | 'allocate'
  | 'deploy'
  | 'adopt'
  | 'recover'
  | 'release'
  | 'wipe'
  | 'quarantine'
  | 'retire'
  | 'register'
  | 'abort';

/** How a waiting state is kept from waiting for ever. */
export interface Waiting {
  /** What it waits for, in words a person reads. */
  waitsFor: string;
  /** Milliseconds after which the machine moves to `onFailure`. */
  deadlineMs: number;
  /** Where it goes when its work fails or its deadline ends. */
  onFailure: MachineState;
  /** Where it goes when a person aborts its work. */
  onAbort: MachineState;
}

export interface StateRow {
  /** One line for people. */
  meaning: string;
  /** Verbs a person may use in this state. */
  verbs: readonly MachineVerb[];
  /** States it may lead to. */
  next: readonly MachineState[];
  /** Present in every state that waits for something to end by itself. */
  waiting?: Waiting;
  /** What a machine that boots from the network in this state is told. */
  netboot: 'ramdisk' | 'local-disk' | 'silent';
}

const MINUTE = 60_000;

export const stateTable: Readonly<Record<MachineState, StateRow>> = {
  discovered: {
    meaning: 'seen on the network, nothing known but a MAC',
    verbs: ['inspect', 'retire'],
    next: ['inspecting', 'retired'],
    netboot: 'ramdisk',
  },
  inspecting: {
    meaning: 'booting the ramdisk to report its hardware',
    verbs: ['abort'],
    next: ['free', 'allocated', 'failed'],
    waiting: {
      waitsFor: 'the inventory from the ramdisk',
      deadlineMs: 30 * MINUTE,
      onFailure: 'failed',
      onAbort: 'failed',
    },
    netboot: 'ramdisk',
  },
  free: {
    meaning: 'known, powered off, waiting for work',
    verbs: ['allocate', 'deploy', 'inspect', 'wipe', 'retire'],
    next: ['allocated', 'inspecting', 'wiping', 'retired'],
    netboot: 'ramdisk',
  },
  allocated: {
    meaning: 'taken by an owner, nothing installed yet',
    verbs: ['deploy', 'release'],
    next: ['deploying', 'free'],
    netboot: 'ramdisk',
  },
  deploying: {
    meaning: 'an operating system is being put on its disk',
    verbs: ['abort'],
    next: ['active', 'failed'],
    waiting: {
      waitsFor: 'the image on its disk to boot',
      deadlineMs: 4 * 60 * MINUTE,
      onFailure: 'failed',
      onAbort: 'failed',
    },
    netboot: 'ramdisk',
  },
  active: {
    meaning: 'runs what was deployed or adopted',
    verbs: ['deploy', 'recover', 'release'],
    next: ['deploying', 'recovering', 'releasing', 'failed'],
    netboot: 'local-disk',
  },
  recovering: {
    meaning: 'a playbook tries to bring it back',
    verbs: ['abort'],
    next: ['active', 'failed'],
    waiting: {
      waitsFor: 'the playbook to see the machine well',
      deadlineMs: 60 * MINUTE,
      onFailure: 'failed',
      onAbort: 'failed',
    },
    netboot: 'local-disk',
  },
  failed: {
    meaning: 'its last operation failed; the failure names the step and the way out',
    verbs: ['deploy', 'recover', 'inspect', 'release', 'quarantine'],
    next: ['deploying', 'recovering', 'inspecting', 'releasing', 'quarantined'],
    netboot: 'ramdisk',
  },
  releasing: {
    meaning: 'its owner gives it back',
    verbs: ['abort'],
    next: ['wiping', 'failed'],
    waiting: {
      waitsFor: 'its deployment to be taken away',
      deadlineMs: 10 * MINUTE,
      onFailure: 'failed',
      onAbort: 'failed',
    },
    netboot: 'local-disk',
  },
  wiping: {
    meaning: 'its disks are being erased',
    verbs: ['abort'],
    next: ['free', 'quarantined', 'failed'],
    waiting: {
      waitsFor: 'the ramdisk to erase every disk',
      deadlineMs: 24 * 60 * MINUTE,
      onFailure: 'failed',
      onAbort: 'failed',
    },
    netboot: 'ramdisk',
  },
  quarantined: {
    meaning: 'replaced or unexpected: none of its old addresses, no install',
    verbs: ['wipe', 'inspect', 'retire'],
    next: ['wiping', 'inspecting', 'retired'],
    netboot: 'silent',
  },
  retired: {
    meaning: 'taken out of service',
    verbs: ['register'],
    next: ['discovered'],
    netboot: 'silent',
  },
};

/** May a machine go from one state to the other? */
export function leadsTo(from: MachineState, to: MachineState): boolean {
  return stateTable[from].next.includes(to);
}

/** The verbs that this version can do. The others are in the table because the table is the design. */
const builtVerbs: readonly MachineVerb[] = ['inspect', 'deploy', 'abort'];

/** What a person can really ask of a machine in this state, today. */
export function offeredVerbs(state: MachineState): MachineVerb[] {
  return stateTable[state].verbs.filter((verb) => builtVerbs.includes(verb));
}

/** How a refusal tells what is possible instead. */
export function offerInWords(state: MachineState): string {
  const verbs = offeredVerbs(state);
  return verbs.length === 0
    ? `Nothing can be asked of a machine that is ${state}, in this version.`
    : `A machine that is ${state} can: ${verbs.join(', ')}.`;
}

/** Is the verb allowed in this state? */
export function allows(state: MachineState, verb: MachineVerb): boolean {
  return stateTable[state].verbs.includes(verb);
}

/** The text as a machine state, or undefined. */
export function parseMachineState(text: string): MachineState | undefined {
  return machineStates.find((state) => state === text);
}
