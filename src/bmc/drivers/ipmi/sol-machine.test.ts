/** The state machine of serial over LAN: each rule by itself, then all of them against a network that loses and repeats. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SolFromBmc, SolToBmc } from '../../../protocols/ipmi/index.ts';
import { nextSolSequence } from '../../../protocols/ipmi/index.ts';
import type { SolEvent, SolMachine, SolMachineSettings } from './sol-machine.ts';
import { createSolMachine, solTiming } from './sol-machine.ts';

function create(change: Partial<SolMachineSettings> = {}): SolMachine {
  return createSolMachine({ maximumCharacters: 8, timing: solTiming, retryUnderNextSequence: false, ...change });
}

function fromBmc(change: Partial<SolFromBmc> = {}): SolFromBmc {
  return {
    sequence: 0,
    acknowledges: 0,
    acceptedCharacters: 0,
    negative: false,
    transferUnavailable: false,
    deactivating: false,
    transmitOverrun: false,
    breakDetected: false,
    characters: Buffer.alloc(0),
    ...change,
  };
}

function sent(events: SolEvent[]): SolToBmc[] {
  return events.flatMap((event) => (event.kind === 'send' ? [event.packet] : []));
}

function delivered(events: SolEvent[]): string {
  return events.map((event) => (event.kind === 'deliver' ? Buffer.from(event.characters).toString() : '')).join('');
}

function text(packet: SolToBmc | undefined): string | undefined {
  return packet && Buffer.from(packet.characters).toString();
}

function acknowledge(acknowledges: number, acceptedCharacters: number, negative = false): SolFromBmc {
  return fromBmc({ acknowledges, acceptedCharacters, negative });
}

describe('to the BMC', () => {
  it('has one packet on its way, and sends what was typed meanwhile with the next', () => {
    const machine = create();
    machine.write(Buffer.from('a'));
    expect(sent(machine.step(0))).toMatchObject([{ sequence: 1, acknowledges: 0 }]);
    machine.write(Buffer.from('b'));
    machine.write(Buffer.from('c'));
    expect(machine.step(1)).toEqual([]);
    machine.receive(acknowledge(1, 1), 1, 2, true);
    const [next] = sent(machine.step(2));
    expect(next?.sequence).toBe(2);
    expect(text(next)).toBe('bc');
    expect(machine.pendingCharacters).toBe(2);
  });

  it('never sends more characters than the BMC takes', () => {
    const machine = create({ maximumCharacters: 3 });
    machine.write(Buffer.from('abcdefg'));
    const seen: (string | undefined)[] = [];
    for (let sequence = 1; machine.pendingCharacters > 0; sequence += 1) {
      const [packet] = sent(machine.step(sequence));
      seen.push(text(packet));
      machine.receive(acknowledge(sequence, packet?.characters.length ?? 0), sequence, sequence, true);
    }
    expect(seen).toEqual(['abc', 'def', 'g']);
  });

  it('sends the rest of a packet accepted in part as a new one, no larger than that part, and grows again', () => {
    const machine = create();
    machine.write(Buffer.from('abcdefghijklmnop'));
    expect(text(sent(machine.step(0))[0])).toBe('abcdefgh');
    machine.receive(acknowledge(1, 3), 1, 1, true);
    const [second] = sent(machine.step(1));
    expect([second?.sequence, text(second)]).toEqual([2, 'def']);
    machine.receive(acknowledge(2, 3), 2, 2, true);
    expect(text(sent(machine.step(2))[0])).toBe('ghijkl');
  });

  it('waits longer and longer while nothing at all is accepted, and then sends the same under new numbers', () => {
    const machine = create();
    machine.write(Buffer.from('x'));
    machine.step(0);
    machine.receive(acknowledge(1, 0, true), 1, 10, true);
    expect(machine.step(10)).toEqual([]);
    expect(machine.wakeAt()).toBe(10 + solTiming.refusedPauseMs);
    const [again] = sent(machine.step(10 + solTiming.refusedPauseMs));
    expect([again?.sequence, text(again)]).toEqual([2, 'x']);
    machine.receive(acknowledge(2, 0, true), 2, 100, true);
    expect(machine.wakeAt()).toBe(100 + solTiming.refusedPauseMs * 2);
  });

  it('sends the same again under its number, later each time, and gives up in the end', () => {
    const machine = create();
    machine.write(Buffer.from('x'));
    const times: number[] = [];
    let events = machine.step(0);
    let now = 0;
    while (events.every(({ kind }) => kind !== 'ended')) {
      expect(sent(events)).toMatchObject([{ sequence: 1 }]);
      now = machine.wakeAt() ?? now;
      expect(machine.step(now - 1)).toEqual([]);
      times.push(now);
      events = machine.step(now);
    }
    expect(events).toEqual([{ kind: 'ended', why: 'unanswered' }]);
    expect(times[0]).toBe(solTiming.firstTimeoutMs);
    const waits = times.map((time, index) => time - (times[index - 1] ?? 0));
    expect(waits).toEqual(waits.toSorted((a, b) => a - b));
    expect(now).toBeGreaterThanOrEqual(solTiming.giveUpAfterMs);
    expect(machine.wakeAt()).toBeUndefined();
  });

  it('tries the next number once where that helps', () => {
    const machine = create({ retryUnderNextSequence: true });
    machine.write(Buffer.from('x'));
    const numbers = new Set<number>();
    let events = machine.step(0);
    while (events.every(({ kind }) => kind !== 'ended')) {
      for (const packet of sent(events)) numbers.add(packet.sequence);
      events = machine.step(machine.wakeAt() ?? 0);
    }
    expect([...numbers]).toEqual([1, 2]);
  });

  it('learns how long an answer takes, within its bounds', () => {
    const machine = create();
    let now = 0;
    for (let sequence = 1; sequence <= 10; sequence += 1) {
      machine.write(Buffer.from('x'));
      machine.step(now);
      now += 400;
      machine.receive(acknowledge(sequence, 1), sequence, now, true);
    }
    machine.write(Buffer.from('x'));
    machine.step(now);
    const wait = (machine.wakeAt() ?? 0) - now;
    expect(wait).toBeGreaterThan(400);
    expect(wait).toBeLessThan(600);
  });

  it('keeps a break between what was written before and after it', () => {
    const machine = create();
    machine.write(Buffer.from('ab'));
    machine.writeBreak();
    machine.write(Buffer.from('c'));
    expect(text(sent(machine.step(0))[0])).toBe('ab');
    machine.receive(acknowledge(1, 2), 1, 1, true);
    expect(sent(machine.step(1))).toMatchObject([{ sequence: 2, generateBreak: true, characters: Buffer.alloc(0) }]);
    expect(machine.receive(acknowledge(2, 0, true), 2, 2, true)).toEqual([{ kind: 'break sent' }]);
    expect(text(sent(machine.step(2))[0])).toBe('c');
  });

  it('takes no acknowledgement for its own that was sent before the packet', () => {
    const machine = create();
    machine.receive(fromBmc({ sequence: 1, characters: Buffer.from('?') }), 9, 0, true);
    machine.write(Buffer.from('x'));
    machine.step(1);
    machine.receive(acknowledge(1, 1), 7, 2, true);
    expect(machine.pendingCharacters).toBe(1);
    machine.receive(acknowledge(1, 1), 10, 3, true);
    expect(machine.pendingCharacters).toBe(0);
  });

  it('believes no BMC that accepts more than there was', () => {
    const machine = create();
    machine.write(Buffer.from('x'));
    machine.step(0);
    machine.receive(acknowledge(1, 255), 1, 1, true);
    expect(machine.pendingCharacters).toBe(0);
    expect(machine.step(2)).toEqual([]);
  });

  it('tells the BMC to pause and to go on by a packet that asks for an answer, and gives up telling it', () => {
    const machine = create();
    machine.setPaused(true);
    expect(sent(machine.step(0))).toMatchObject([{ sequence: 1, pause: true }]);
    machine.receive(acknowledge(1, 0), 1, 1, true);
    expect(machine.step(1)).toEqual([]);
    machine.setPaused(false);
    let events = machine.step(2);
    for (let tries = 0; events.length > 0; tries += 1) {
      expect(tries).toBeLessThan(4);
      expect(sent(events)).toMatchObject([{ sequence: 2, pause: false }]);
      events = machine.step(machine.wakeAt() ?? 0);
    }
    expect(machine.wakeAt()).toBeUndefined();
  });
});

describe('from the BMC', () => {
  const data = (sequence: number, characters: string) => fromBmc({ sequence, characters: Buffer.from(characters) });

  it('shows characters once, and acknowledges them every time', () => {
    const machine = create();
    const first = machine.receive(data(1, 'hi'), 1, 0, true);
    const second = machine.receive(data(1, 'hi'), 2, 1, true);
    expect([delivered(first), delivered(second)]).toEqual(['hi', '']);
    const answer = { sequence: 0, acknowledges: 1, acceptedCharacters: 2, negative: false };
    expect(sent(first)).toMatchObject([answer]);
    expect(sent(second)).toMatchObject([answer]);
  });

  it('shows of a repetition with more characters only those, and acknowledges all', () => {
    const machine = create();
    machine.receive(data(3, 'hi'), 1, 0, true);
    const events = machine.receive(data(3, 'hi there'), 2, 1, true);
    expect(delivered(events)).toBe(' there');
    expect(sent(events)).toMatchObject([{ acknowledges: 3, acceptedCharacters: 8 }]);
  });

  it('drops what the network delivers late, unanswered', () => {
    const machine = create();
    machine.receive(data(1, 'a'), 5, 0, true);
    machine.receive(data(2, 'b'), 7, 0, true);
    expect(machine.receive(data(1, 'a'), 6, 0, true)).toEqual([]);
  });

  it('takes the same number again after fifteen others', () => {
    const machine = create();
    const all = Array.from({ length: 32 }, (_, index) =>
      delivered(machine.receive(data((index % 15) + 1, 'x'), index + 1, 0, true)),
    );
    expect(all.join('')).toBe('x'.repeat(32));
  });

  it('leaves characters unacknowledged while there is no room, for the BMC to send again', () => {
    const machine = create();
    expect(machine.receive(data(1, 'hi'), 1, 0, false)).toEqual([]);
    expect(delivered(machine.receive(data(1, 'hi'), 2, 1, true))).toBe('hi');
  });

  it('tells of overruns and breaks, and of being unavailable when that changes', () => {
    const machine = create();
    const notices = (packet: SolFromBmc, session: number) =>
      machine.receive(packet, session, 0, true).flatMap((event) => (event.kind === 'notice' ? [event.notice] : []));
    expect(notices(fromBmc({ transmitOverrun: true, breakDetected: true }), 1)).toEqual(['overrun', 'break']);
    expect(notices(fromBmc({ transferUnavailable: true }), 2)).toEqual(['unavailable']);
    expect(notices(fromBmc({ transferUnavailable: true }), 3)).toEqual([]);
    expect(notices(fromBmc(), 4)).toEqual(['available']);
  });

  it('ends when the BMC says so, and takes nothing any more', () => {
    const machine = create();
    machine.write(Buffer.from('x'));
    machine.step(0);
    expect(machine.receive(fromBmc({ deactivating: true }), 1, 1, true)).toEqual([
      { kind: 'ended', why: 'deactivated' },
    ]);
    expect(machine.receive(data(1, 'hi'), 2, 2, true)).toEqual([]);
    expect(machine.step(10_000)).toEqual([]);
  });
});

/** A BMC as the specification has it, at the other end of a network whose tricks come from `tricks`. */
function converse(typed: Buffer, printed: Buffer, tricks: readonly number[]) {
  const machine = create({ maximumCharacters: 16 });
  const shown: Uint8Array[] = [];
  const arrived: Uint8Array[] = [];
  const toConsole: { packet: SolFromBmc; session: number }[] = [];
  const toBmc: SolToBmc[] = [];
  let trick = 0;
  let session = 0;
  let now = 0;
  let position = 0;
  let own = 1;
  let offered = 0;
  let lastHeard: { sequence: number; accepted: number } | undefined;

  /** 0–99: what the network or the BMC does next. After the tricks are used up everything goes well. */
  function chance(): number {
    trick += 1;
    return tricks[trick - 1] ?? 99;
  }
  function pass<Packet>(queue: Packet[], packet: Packet): void {
    const luck = chance();
    if (luck < 15) return;
    if (luck < 30) queue.splice(Math.max(queue.length - 1, 0), 0, packet);
    else queue.push(packet);
  }
  function bmcSends(packet: SolFromBmc): void {
    session += 1;
    pass(toConsole, { packet, session });
  }
  function bmcHears(packet: SolToBmc): void {
    const remaining = printed.subarray(position);
    if (packet.acknowledges === own && remaining.length > 0) {
      position += Math.min(packet.acceptedCharacters, remaining.length);
      own = nextSolSequence(own);
      offered = 0;
    }
    if (packet.sequence === 0) return;
    if (lastHeard?.sequence !== packet.sequence) {
      const luck = chance();
      const accepted = luck < 20 ? Math.floor(packet.characters.length / 3) : packet.characters.length;
      arrived.push(packet.characters.subarray(0, accepted));
      lastHeard = { sequence: packet.sequence, accepted };
    }
    const { accepted } = lastHeard;
    const negative = accepted < packet.characters.length;
    bmcSends(fromBmc({ acknowledges: packet.sequence, acceptedCharacters: accepted, negative }));
  }
  function perform(events: SolEvent[]): void {
    for (const event of events) {
      if (event.kind === 'send') pass(toBmc, event.packet);
      if (event.kind === 'deliver') shown.push(event.characters);
    }
  }

  machine.write(typed);
  for (let round = 0; round < 3000 && (machine.pendingCharacters > 0 || position < printed.length); round += 1) {
    now += 100;
    perform(machine.step(now));
    for (const packet of toBmc.splice(0)) bmcHears(packet);
    if (position < printed.length) {
      // A repetition may carry more characters than before, never fewer.
      offered = Math.max(offered, 4 + (round % 3) * 4);
      bmcSends(fromBmc({ sequence: own, characters: Buffer.from(printed.subarray(position, position + offered)) }));
    }
    for (const { packet, session: number } of toConsole.splice(0)) {
      perform(machine.receive(packet, number, now, chance() >= 10));
    }
  }
  return { shown: Buffer.concat(shown), arrived: Buffer.concat(arrived) };
}

describe('over a bad network', () => {
  const bytes = fc.uint8Array({ maxLength: 200 }).map((given) => Buffer.from(given));

  it('loses nothing and doubles nothing, either way', () => {
    const tricks = fc.array(fc.integer({ min: 0, max: 99 }), { maxLength: 200 });
    fc.assert(
      fc.property(bytes, bytes, tricks, (typed, printed, luck) => {
        const { shown, arrived } = converse(typed, printed, luck);
        expect(arrived).toEqual(typed);
        expect(shown).toEqual(printed);
      }),
      { numRuns: 1000 },
    );
  });
});
