/** A BMC that acknowledges what it does not do, or reports what is not so: whichever area would tell the truth. */
import { networkFunction } from '../../protocols/ipmi/index.ts';
import type { Answer } from './command-set.ts';
import type { Faults } from './faults.ts';

const getChassisStatus = 0x01;
const chassisControl = 0x02;
const setSystemBootOptions = 0x08;
const getSystemBootOptions = 0x09;
const bootFlags = 5;

/** `run` gives the honest answer, and does what is asked. */
export function answerWithLies(
  faults: Faults,
  network: number,
  command: number,
  request: Uint8Array,
  run: () => Answer,
): Answer {
  if (network !== networkFunction.chassis) return run();
  const parameter = (request[0] ?? 0) & 0x7f;
  if (command === chassisControl && faults.power === 'ignored') return done();
  if (command === setSystemBootOptions && faults.boot === 'ignored' && parameter === bootFlags) return done();
  const answer = run();
  if (answer.completionCode !== 0) return answer;
  if (command === getChassisStatus && faults.power === 'reads wrong') return altered(answer, 0, 0x01);
  // Parameter version, parameter, then the flags: device selector in bits 5:2 of the second (§28.13).
  if (command === getSystemBootOptions && faults.boot === 'reads wrong' && parameter === bootFlags) {
    return altered(answer, 3, 0x08);
  }
  return answer;
}

function done(): Answer {
  return { completionCode: 0, data: Buffer.alloc(0) };
}

function altered(answer: Answer, index: number, bits: number): Answer {
  const data = Buffer.from(answer.data);
  const before = data[index];
  if (before !== undefined) data[index] = before ^ bits;
  return { completionCode: answer.completionCode, data };
}
