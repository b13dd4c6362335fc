/** BMCs that lie about their records, each as one was met: what can be had is had, and nothing goes on without end. */
import { describe, expect, it } from 'vitest';
import type { GetSdrRequest, GetSdrResponse, IpmiCommand } from '../../../protocols/ipmi/index.ts';
import { encodeSdrRecord, getSdr, reserveSdrRepository } from '../../../protocols/ipmi/index.ts';
import type { CommandAnswer, IpmiClient } from './client.ts';
import { walkSdrs } from './sdr-walk.ts';

type Answer = CommandAnswer<GetSdrResponse>;

const refused = (completionCode: number): Answer => ({ refused: { completionCode, text: `code ${completionCode}` } });

function record(recordId: number, size = 40): Buffer {
  const data = Buffer.alloc(size - 8, recordId);
  return encodeSdrRecord({ recordId, version: '1.5', body: { kind: 'oem', manufacturerId: 7, data } });
}

interface FakeBmc {
  records: readonly Buffer[];
  /** Looks at a request first. */
  answer?: (request: GetSdrRequest, honest: () => Answer) => Answer;
}

async function walk({ records, answer }: FakeBmc) {
  const asked: GetSdrRequest[] = [];
  let reservations = 0;
  function honest({ recordId, offset, length }: GetSdrRequest): Answer {
    const index = recordId === 0 ? 0 : recordId - 1;
    const bytes = records[index];
    if (bytes === undefined) return refused(0xcb);
    const nextRecordId = index + 1 < records.length ? index + 2 : 0xffff;
    return { value: { nextRecordId, data: bytes.subarray(offset, offset + length) } };
  }
  const client: Pick<IpmiClient, 'ask'> = {
    ask<Request, Response>(command: IpmiCommand<Request, Response>, request: Request) {
      const bytes = command.encodeRequest(request);
      if (command.command === reserveSdrRepository.command) {
        reservations += 1;
        return Promise.resolve({ value: command.decodeResponse(Buffer.of(reservations, 0)) });
      }
      const get = getSdr.decodeRequest(bytes);
      asked.push(get);
      const answered = answer === undefined ? honest(get) : answer(get, () => honest(get));
      if ('refused' in answered) return Promise.resolve(answered);
      return Promise.resolve({ value: command.decodeResponse(getSdr.encodeResponse(answered.value)) });
    },
  };
  const peer = { name: 'b1', address: '192.0.2.1', port: 623, credentialName: 'c' };
  const notes: string[] = [];
  const source = { get: getSdr, reserve: reserveSdrRepository };
  const { records: read, complete } = await walkSdrs({ peer, client }, source, (_source, detail) => notes.push(detail));
  return {
    complete,
    hex: read.map((bytes) => Buffer.from(bytes).toString('hex')),
    asked,
    notes,
    reservations: () => reservations,
  };
}

const three = [record(1), record(2, 64), record(3)];
const all = three.map((bytes) => bytes.toString('hex'));

describe('reading records', () => {
  it('takes one exchange a record where the BMC gives it whole, and no reservation', async () => {
    const { hex, asked, reservations, complete } = await walk({ records: three });
    expect(hex).toEqual(all);
    expect(complete).toBe(true);
    expect(asked).toHaveLength(3);
    expect(reservations()).toBe(0);
  });

  it('takes the head first where the BMC refuses that, then ever smaller parts', async () => {
    const most = 16;
    const { hex, asked } = await walk({
      records: three,
      answer: (request, honest) => (request.length > most ? refused(0xca) : honest()),
    });
    expect(hex).toEqual(all);
    expect(asked[1]).toMatchObject({ offset: 0, length: 5 });
    expect(asked.every(({ offset, reservation }) => offset === 0 || reservation !== 0)).toBe(true);
  });

  it('goes on where an answer is shorter than asked for, without a word', async () => {
    const { hex } = await walk({
      records: three,
      answer(_request, honest) {
        const answered = honest();
        if ('refused' in answered) return answered;
        return { value: { ...answered.value, data: answered.value.data.subarray(0, 22) } };
      },
    });
    expect(hex).toEqual(all);
  });

  it('reserves anew when the reservation is lost, and begins the record anew; not for ever', async () => {
    const lossesOf = (losses: number) => {
      let left = losses;
      return walk({
        records: three,
        answer(request, honest) {
          if (request.length === 0xff && request.offset === 0) return refused(0xca);
          if (request.offset === 0 || left === 0) return honest();
          left -= 1;
          return refused(0xc5);
        },
      });
    };
    const some = await lossesOf(3);
    expect(some.hex).toEqual(all);
    expect(some.reservations()).toBe(4);
    const endless = await lossesOf(Number.POSITIVE_INFINITY);
    expect(endless.asked.length).toBeLessThan(40);
    expect(endless.notes[0]).toContain('left out');
  });

  it.each([0xc3, 0xcb, 0xcd])('leaves out a record whose body is refused with %i', async (code) => {
    const { hex, notes, complete } = await walk({
      records: three,
      answer(request, honest) {
        if (request.recordId === 2 && (request.offset > 0 || request.length > 5)) return refused(code);
        return honest();
      },
    });
    expect(hex).toEqual([all[0], all[2]]);
    expect(notes).toEqual([`record 2 is left out: code ${code}`]);
    expect(complete).toBe(false);
  });

  it('ends at a last record that cannot be read at all (Dell FC830)', async () => {
    const { hex } = await walk({
      records: three,
      answer: ({ recordId }, honest) => (recordId === 3 ? refused(0xc3) : honest()),
    });
    expect(hex).toEqual(all.slice(0, 2));
  });

  it('ends where the list leads back into itself (Inspur), or has no end', async () => {
    const back = await walk({
      records: three,
      answer(request, honest) {
        const answered = honest();
        if ('refused' in answered || request.recordId !== 3) return answered;
        return { value: { ...answered.value, nextRecordId: 0 } };
      },
    });
    expect(back.hex).toEqual(all);
    const endless = await walk({
      records: three,
      answer: ({ recordId }) => ({ value: { nextRecordId: (recordId + 1) % 0xfffe, data: record(1) } }),
    });
    expect(endless.hex).toHaveLength(4_096);
  });

  it('believes neither the record id (old Supermicro) nor a length beyond the record (HP DL585 G7)', async () => {
    const wrongId = record(9);
    const tooLong = record(2);
    tooLong[4] = 200;
    const { hex } = await walk({
      records: [wrongId, tooLong, record(3)],
      answer(request, honest) {
        return request.recordId === 2 && request.offset >= tooLong.length ? refused(0xc9) : honest();
      },
    });
    expect(hex).toEqual([wrongId.toString('hex'), tooLong.toString('hex'), all[2]]);
  });

  it('is an error where not even the first can be read', async () => {
    await expect(walk({ records: three, answer: () => refused(0xc1) })).rejects.toMatchObject({ code: 'unsupported' });
  });
});
