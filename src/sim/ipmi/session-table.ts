/**
 * The sessions of a simulated BMC. Half-open ones have room of their own, where the oldest makes way, so that a flood of
 * Open Session Requests neither takes memory nor keeps anybody out (IPMI v2.0 §6.12.9).
 */
import type { CipherSuite, RakpExchange, SessionKeys } from '../../protocols/ipmi/index.ts';
import { SequenceWindow } from '../../protocols/ipmi/index.ts';
import type { PayloadSession, SimulatedUser, SimulatorClock } from './area.ts';

/** §6.12.15: a session ends after 60 seconds of silence, give or take three. */
const idleMs = 60_000;

export interface Endpoint {
  address: string;
  port: number;
}

/** Between Open Session Response and RAKP message 3. */
export interface HalfOpenSession {
  id: number;
  consoleSessionId: number;
  suite: CipherSuite;
  maximumPrivilege: number;
  openedAt: number;
  /** From RAKP message 1 on. */
  exchange?: RakpExchange;
  user?: SimulatedUser;
}

export interface ActiveSession {
  id: number;
  /** 1 upward, for Get Session Info. */
  handle: number;
  consoleSessionId: number;
  suite: CipherSuite;
  keys: SessionKeys;
  exchange: RakpExchange;
  user: SimulatedUser;
  /** The highest level the session may rise to, and the one it has. */
  role: number;
  privilege: number;
  window: SequenceWindow;
  /** Of the last packet sent. */
  sequence: number;
  peer: Endpoint;
  lastHeard: number;
  payloadSession: PayloadSession;
}

export interface SessionTable {
  readonly maximum: number;
  readonly active: ReadonlyMap<number, ActiveSession>;
  readonly halfOpen: ReadonlyMap<number, HalfOpenSession>;
  full(): boolean;
  addHalfOpen(session: HalfOpenSession): void;
  /** Turns a half-open session into an active one; undefined when the table is full. */
  activate(session: Omit<ActiveSession, 'handle' | 'window' | 'sequence' | 'lastHeard'>): ActiveSession | undefined;
  end(id: number): void;
  /** A half-open session that leads nowhere. */
  drop(id: number): void;
  clear(): void;
}

export function createSessionTable(clock: SimulatorClock, maximum: number): SessionTable {
  const active = new Map<number, ActiveSession>();
  const halfOpen = new Map<number, HalfOpenSession>();
  const timers = new Map<number, () => void>();

  function freeHandle(): number {
    const taken = new Set([...active.values()].map(({ handle }) => handle));
    let handle = 1;
    while (taken.has(handle)) handle += 1;
    return handle;
  }

  function watch(session: ActiveSession): void {
    const left = session.lastHeard + idleMs - clock.now();
    if (left <= 0) end(session.id);
    else
      timers.set(
        session.id,
        clock.after(left, () => watch(session)),
      );
  }

  function end(id: number): void {
    const session = active.get(id);
    if (session === undefined) return;
    active.delete(id);
    timers.get(id)?.();
    timers.delete(id);
    for (const callback of session.payloadSession.onClose) callback();
    session.payloadSession.onClose.clear();
  }

  return {
    maximum,
    active,
    halfOpen,
    full: () => active.size >= maximum,
    addHalfOpen(session) {
      const now = clock.now();
      for (const [id, { openedAt }] of halfOpen) if (openedAt + idleMs <= now) halfOpen.delete(id);
      const [oldest] = halfOpen.keys();
      if (halfOpen.size >= maximum && oldest !== undefined) halfOpen.delete(oldest);
      halfOpen.set(session.id, session);
    },
    activate(session) {
      halfOpen.delete(session.id);
      if (active.size >= maximum) return undefined;
      const added: ActiveSession = {
        ...session,
        handle: freeHandle(),
        window: new SequenceWindow(),
        sequence: 0,
        lastHeard: clock.now(),
      };
      active.set(added.id, added);
      watch(added);
      return added;
    },
    end,
    drop: (id) => void halfOpen.delete(id),
    clear() {
      halfOpen.clear();
      for (const id of active.keys()) end(id);
    },
  };
}
