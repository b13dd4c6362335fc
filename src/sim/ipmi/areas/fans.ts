/** Fans as Supermicro's and Dell's BMCs let them be run: raw commands that no standard names. */
import { privilegeLevel } from '../../../protocols/ipmi/index.ts';
import type { Area, AreaContext, CommandHandler } from '../area.ts';

const vendorFunction = 0x30;
const rpmAtFullSpeed = 12_000;
const automaticPercent = 35;
const fullMode = 1;

export interface FansArea extends Area {
  /** Supermicro's mode: 0 standard, 1 full, 2 optimal … */
  mode(): number;
  /** Percent by zone, as they turn now. */
  duties(): readonly number[];
  rpm(): number;
}

export function createFansArea(_context: AreaContext): FansArea {
  let mode = 2;
  let dellManual = false;
  const duties = [automaticPercent, automaticPercent];

  function automatic(): void {
    duties.fill(automaticPercent);
  }
  const done = (...data: number[]) => ({ completionCode: 0, data: Buffer.from(data) });
  const refuse = (completionCode: number) => ({ completionCode, data: Buffer.alloc(0) });
  const raw = (command: number, handle: CommandHandler['handle']): CommandHandler => ({
    networkFunction: vendorFunction,
    command,
    privilege: privilegeLevel.administrator,
    handle,
  });

  return {
    mode: () => mode,
    duties: () => duties,
    rpm: () => Math.round((rpmAtFullSpeed * (duties[0] ?? 0)) / 100),
    handlers: [
      raw(0x45, ([write = 0, wanted = 0]) => {
        if (write === 0) return done(mode);
        if (wanted > 4) return refuse(0xcc);
        mode = wanted;
        if (mode === fullMode) duties.fill(100);
        else automatic();
        return done();
      }),
      raw(0x70, ([subject, write = 0, zone = 0, percent = 0]) => {
        if (subject !== 0x66) return refuse(0xcc);
        const now = duties[zone];
        if (now === undefined) return refuse(0xc9);
        if (write === 0) return done(now);
        duties[zone] = Math.min(percent, 100);
        return done();
      }),
      raw(0x30, ([verb, argument = 0, percent = 0]) => {
        if (verb === 0x01) {
          dellManual = argument === 0;
          if (!dellManual) automatic();
          return done();
        }
        if (verb !== 0x02 || !dellManual) return refuse(0xd5);
        duties.fill(percent);
        return done();
      }),
    ],
  };
}
