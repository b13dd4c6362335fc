/** Keys that are typed seeing, and never twice. */
import { describe, expect, it } from 'vitest';
import { AthanorError } from '../../errors/index.ts';
import type { PlaybookStep, ScreenCondition } from '../rules/rule.ts';
import { observationsOf } from '../observations/observation-store.ts';
import { loginScreen, type Patient } from './testing/heal-bench.ts';
import { createScriptedServer, echoingPrompt, type ScriptedServer } from './testing/scripted-server.ts';
import { useHealBenches } from './testing/use-heal-bench.ts';

const open = useHealBenches();

const grub: ScreenCondition = { all: ['^grub>'], none: [] };
const bootByHand: PlaybookStep[] = [
  {
    action: 'keys',
    type: 'configfile /grub.bak',
    press: ['Enter'],
    see: { all: ['login:'], none: [] },
    withinMs: 2_000,
  },
  { action: 'wait-for-heartbeat', withinMs: 2_000 },
];
const allKeys = ['type configfile /grub.bak', 'press Enter'];

async function grubServer(entered: (server: ScriptedServer, line: string) => void): Promise<ScriptedServer> {
  const server = await createScriptedServer({ lines: [] });
  echoingPrompt(server, 'grub> ', (line) => entered(server, line));
  return server;
}

function boots(server: ScriptedServer, line: string): void {
  if (line === 'configfile /grub.bak') server.onBoot();
}

describe('keys', () => {
  it('are typed where the rule saw its screen, and pressed once their echo is seen', async () => {
    const bench = await open();
    const server = await grubServer(boots);
    const patient = await bench.begin(server, bootByHand, { when: grub });
    const ended = await patient.ended();
    expect(ended.failure).toBeUndefined();
    expect(server.done).toEqual(allKeys);
    expect(await patient.incident()).toMatchObject({ state: 'resolved', outcome: 'healed' });
    const film = await observationsOf(bench.store, patient.incidentId);
    expect(film.map(({ reading }) => reading?.lines.at(-1))).toEqual(
      expect.arrayContaining(['grub>', 'grub> configfile /grub.bak', 'lab-os login:']),
    );
  });

  it('are not typed on another screen', async () => {
    const bench = await open();
    const server = await createScriptedServer({ lines: ['root@db1:~# '] });
    const patient = await bench.begin(server, bootByHand, { when: grub });
    expect((await patient.ended()).failure).toMatchObject({ step: 'keys-1', code: 'screen-changed' });
    expect(server.done).toEqual([]);
    expect((await patient.incident()).first_action_at).toBeNull();
  });

  it('are not typed when no console answers', async () => {
    const bench = await open();
    const server = await grubServer(boots);
    server.consoleDead = true;
    const patient = await bench.begin(server, bootByHand, { when: grub });
    expect((await patient.ended()).failure).toMatchObject({ step: 'keys-1', code: 'console-unreachable' });
    expect(server.done).toEqual([]);
  });

  it.each([
    ['in maintenance', (patient: Patient) => patient.setMaintenance(), 'state-forbids'],
    ['on another screen by now', ({ server }: Patient) => void (server.screen = loginScreen), 'screen-changed'],
  ])('are not typed into a machine that is %s', async (_what, change, code) => {
    const bench = await open();
    const server = await grubServer(boots);
    const patient = await bench.begin(server, bootByHand, {
      when: grub,
      prepare: (begun) => {
        server.beforeFrame = () => change(begun);
      },
    });
    expect((await patient.ended()).failure).toMatchObject({ step: 'keys-1', code });
    expect(server.done).toEqual([]);
  });

  it('are not pressed after a text whose echo is not seen', async () => {
    const bench = await open();
    const server = await grubServer(boots);
    server.onDone = () =>
      void (server.screen = { lines: ['grub> configfi1e /grub.bak'], cursor: { row: 0, column: 26 } });
    const patient = await bench.begin(server, bootByHand, { when: grub });
    const { failure } = await patient.ended();
    expect(failure).toMatchObject({ step: 'keys-1', code: 'not-seen' });
    expect(failure?.message).toContain('configfi1e');
    expect(server.done).toEqual(allKeys.slice(0, 1));
  });

  it.each([
    ['put in maintenance', async (patient: Patient) => await patient.setMaintenance(), 'failed'],
    ['heard again', async (patient: Patient) => patient.beat(), 'succeeded'],
  ])('are not pressed when the machine is %s after the text', async (_what, change, state) => {
    const bench = await open();
    const server = await grubServer(boots);
    const echo = server.onDone;
    const patient = await bench.begin(server, bootByHand, {
      when: grub,
      prepare: (begun) => {
        server.onDone = async (what) => {
          await echo(what);
          // Later than the line that the text was written down in.
          bench.skip(100);
          await change(begun);
        };
      },
    });
    expect((await patient.ended()).state).toBe(state);
    expect(server.done).toEqual(allKeys.slice(0, 1));
  });

  it('fail when what they were typed for does not come, with the last lines', async () => {
    const bench = await open();
    const server = await grubServer(
      (broken) => void (broken.screen = { lines: ["error: file '/grub.bak' not found."] }),
    );
    const [first] = bootByHand;
    const steps = [{ ...first, withinMs: 60 } as PlaybookStep];
    const patient = await bench.begin(server, steps, { when: grub });
    const { failure } = await patient.ended();
    expect(failure).toMatchObject({ step: 'keys-1', code: 'not-seen' });
    expect(failure?.message).toContain("file '/grub.bak' not found");
    expect(server.done).toEqual(allKeys);
  });

  it('are not proved by a screen that showed it all before', async () => {
    const bench = await open();
    const server = await createScriptedServer({ lines: ['Press Enter to continue. OK'] });
    const seenBefore: ScreenCondition = { all: ['OK'], none: [] };
    const steps: PlaybookStep[] = [{ action: 'keys', press: ['Enter'], see: seenBefore, withinMs: 60 }];
    const patient = await bench.begin(server, steps, { when: { all: ['Press Enter'], none: [] } });
    expect((await patient.ended()).failure).toMatchObject({ code: 'not-seen' });
    expect(server.done).toEqual(['press Enter']);
  });

  it('say that some may have been typed when the connection breaks among them', async () => {
    const bench = await open();
    const server = await grubServer(boots);
    server.onDone = () => {
      throw new AthanorError('console-unreachable', 'the connection broke');
    };
    const patient = await bench.begin(server, bootByHand, { when: grub });
    const { failure } = await patient.ended();
    expect(failure).toMatchObject({ step: 'keys-1', code: 'outcome-unknown' });
    expect(failure?.message).toContain('may have been typed');
    expect(server.done).toEqual(allKeys.slice(0, 1));
  });

  it('of a second group need what the first one was to bring', async () => {
    const bench = await open();
    const server = await createScriptedServer({ lines: ['one'] });
    const group = (key: 'F1' | 'F2', see: string): PlaybookStep => ({
      action: 'keys',
      press: [key],
      see: { all: [see], none: [] },
      withinMs: 1_000,
    });
    const patient = await bench.begin(server, [group('F1', 'two'), group('F2', 'three')], {
      when: { all: ['one'], none: [] },
      prepare: () => {
        server.onDone = () => {
          server.screen = { lines: ['two'] };
          // Seen by the wait of the first group, swapped before the last look of the second.
          server.beforeFrame = (number) => void (number > 2 && (server.screen = { lines: ['four'] }));
        };
      },
    });
    expect((await patient.ended()).failure).toMatchObject({ step: 'keys-2', code: 'screen-changed' });
    expect(server.done).toEqual(['press F1']);
  });
});
