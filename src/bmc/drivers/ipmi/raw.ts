/** Any command, as bytes. */
import type { IpmiCommand } from '../../../protocols/ipmi/index.ts';
import { completionCode, completionCodeText } from '../../../protocols/ipmi/index.ts';
import { AthanorError } from '../../../errors/index.ts';
import type { RawCapability, RawRequest, RawResponse } from '../../capabilities/raw.ts';
import type { Note } from '../../settle.ts';
import { settle } from '../../settle.ts';
import type { IpmiContext } from './context.ts';

export function ipmiRaw(context: IpmiContext): RawCapability {
  const about = { driver: 'ipmi', capability: 'raw', clock: context.clock } as const;
  return {
    send: (request, options = {}) => settle(about, (note) => send(context, request, note, options.signal)),
  };
}

async function send(context: IpmiContext, request: RawRequest, note: Note, signal?: AbortSignal): Promise<RawResponse> {
  const { networkFunction, command, data, idempotent, lun, through } = request;
  if (networkFunction < 0 || networkFunction > 0x3e || networkFunction % 2 === 1) {
    throw new AthanorError('invalid-input', `${networkFunction} is no network function of a request: 0 to 62, even`, {
      field: 'networkFunction',
      value: String(networkFunction),
    });
  }
  const target = { ...(lun !== undefined && { lun }), ...(through !== undefined && { through }) };
  const addressed = lun === undefined && through === undefined ? undefined : target;
  const answer = await context.client.ask(rawCommand(networkFunction, command, idempotent), data, signal, addressed);
  if ('refused' in answer) {
    note('raw', answer.refused.text);
    return { ...answer.refused, data: '' };
  }
  const text = Buffer.from(answer.value).toString('hex');
  note('raw', `answered with ${text === '' ? 'no data' : text}`);
  return { completionCode: completionCode.ok, text: completionCodeText(completionCode.ok), data: text };
}

function rawCommand(
  networkFunction: number,
  command: number,
  idempotent: boolean,
): IpmiCommand<Uint8Array, Uint8Array> {
  const same = (bytes: Uint8Array): Uint8Array => Buffer.from(bytes);
  return {
    name: `raw 0x${networkFunction.toString(16).padStart(2, '0')}/0x${command.toString(16).padStart(2, '0')}`,
    networkFunction,
    command,
    idempotent,
    encodeRequest: same,
    decodeRequest: same,
    encodeResponse: same,
    decodeResponse: same,
  };
}
