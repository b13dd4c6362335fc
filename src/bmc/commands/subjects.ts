/** Where the commands of each subject are: loaded when they are asked for, as most runs of the tool need one subject. */
import type { BmcCommand } from './command.ts';

interface Subject {
  /** The first words of its commands' names, each in one subject only. */
  words: readonly string[];
  load(): Promise<readonly BmcCommand[]>;
}

/** In the order in which people are shown them. A new command is added to its subject's file, a new subject here, and nowhere else. */
export const subjects: readonly Subject[] = [
  { words: ['power'], load: async () => (await import('./power.ts')).powerCommands },
  { words: ['sensors', 'sensor', 'sdr'], load: async () => (await import('./sensors.ts')).sensorsCommands },
  { words: ['sel', 'events'], load: async () => (await import('./sel.ts')).selCommands },
  { words: ['fru'], load: async () => (await import('./fru.ts')).fruCommands },
  { words: ['boot'], load: async () => (await import('./boot.ts')).bootCommands },
  { words: ['console'], load: async () => (await import('./console.ts')).consoleCommands },
  {
    words: ['info', 'guid', 'self-test', 'acpi', 'reset'],
    load: async () => (await import('./device.ts')).deviceCommands,
  },
  {
    words: ['ping', 'auth', 'raw', 'quirks', 'session'],
    load: async () => (await import('./connection.ts')).connectionCommands,
  },
  { words: ['alert', 'pef'], load: async () => (await import('./alerting.ts')).alertingCommands },
  { words: ['chassis', 'identify'], load: async () => (await import('./chassis.ts')).chassisCommands },
  { words: ['dcmi'], load: async () => (await import('./dcmi.ts')).dcmiCommands },
  { words: ['fans'], load: async () => (await import('./fans.ts')).fanCommands },
  { words: ['watchdog'], load: async () => (await import('./watchdog.ts')).watchdogCommands },
  { words: ['channel'], load: async () => (await import('./channel.ts')).channelCommands },
  { words: ['lan'], load: async () => (await import('./lan.ts')).lanCommands },
  { words: ['serial', 'sol'], load: async () => (await import('./serial.ts')).serialCommands },
  { words: ['user'], load: async () => (await import('./user.ts')).userCommands },
];

/** Every command there is for a BMC. */
export async function loadBmcCommands(): Promise<readonly BmcCommand[]> {
  return (await Promise.all(subjects.map(({ load }) => load()))).flat();
}

/** The commands of the subject that this word begins, or every one where it begins none. */
export async function loadBmcCommandsBegunBy(word: string | undefined): Promise<readonly BmcCommand[]> {
  const subject = subjects.find(({ words }) => word !== undefined && words.includes(word));
  return subject === undefined ? await loadBmcCommands() : await subject.load();
}
