/** Fans as Supermicro's and Dell's BMCs let them be run: raw commands that no standard names. */
import { privilegeLevel } from '../../../protocols/ipmi/index.ts';
import type { Area, AreaContext, CommandHandler } from '../area.ts';

const vendorFunction = 0x30;
const automaticPercent = 35;
const fullMode = 1;

export interface FansArea extends Area {
  /** Supermicro's mode: 0 standard, 1 full, 2 optimal … */
  mode(): number;
  /** Percent by zone, as the BMC was told. */
  duties(): readonly number[];
}

export function createFansArea({ server, faults }: AreaContext): FansArea {
  let mode = 2;
  let dellManual = false;
  const duties = [automaticPercent, automaticPercent];

  server.fanSpeed = (zone) => (faults.fans === 'ignored' ? 1 : (duties[zone] ?? automaticPercent) / automaticPercent);

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
        if (write === 0) return done(faults.fans === 'reads wrong' ? now ^ 0x20 : now);
        duties[zone] = Math.min(percent, 100);
        return done();
      }),
      // X9: registers 0x10 and on, counted to 255.
      raw(0x90, ([chip, , register = 0]) => {
        const now = duties[register - 0x10];
        return chip !== 0x5a || now === undefined ? refuse(0xcc) : done(Math.round((now * 255) / 100));
      }),
      raw(0x91, ([chip, , register = 0, duty = 0]) => {
        if (chip !== 0x5a || duties[register - 0x10] === undefined) return refuse(0xcc);
        duties[register - 0x10] = Math.round((duty * 100) / 255);
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
