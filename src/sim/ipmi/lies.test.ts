import { describe, expect, it } from 'vitest';
import { noFaults } from './faults.ts';
import { answerWithLies } from './lies.ts';

const setBootOptions = 0x08;
const getBootOptions = 0x09;
const bootFlags = [5, 0, 0];
const pxe = Buffer.of(1, 5, 0x80, 0x04, 0, 0, 0);

function ask(boot: 'honest' | 'ignored' | 'reads wrong', command: number, request: number[], data: Uint8Array) {
  let ran = false;
  const answer = answerWithLies({ ...noFaults(), boot }, 0, command, Buffer.from(request), () => {
    ran = true;
    return { completionCode: 0, data };
  });
  return { ...answer, ran };
}

describe('a BMC that lies about the boot override', () => {
  it('acknowledges and does not do it', () => {
    const [flags, other] = [
      [5, 0x80, 0x04, 0, 0, 0],
      [4, 0, 0],
    ];
    expect(ask('ignored', setBootOptions, flags, Buffer.alloc(0))).toMatchObject({ completionCode: 0, ran: false });
    expect(ask('ignored', setBootOptions, other, Buffer.alloc(0))).toMatchObject({ ran: true });
    expect(ask('honest', setBootOptions, flags, Buffer.alloc(0))).toMatchObject({ ran: true });
  });

  it('reads another device back than was set', () => {
    expect(ask('reads wrong', getBootOptions, bootFlags, pxe).data).not.toEqual(pxe);
    expect(ask('honest', getBootOptions, bootFlags, pxe).data).toEqual(pxe);
  });
});
