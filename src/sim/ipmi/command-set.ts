/** Finds the command that is asked for, checks who may run it, and turns whatever happens into a completion code. */
import { completionCode, IpmiDecodeError, networkFunction } from '../../protocols/ipmi/index.ts';
import type { Asker, CommandHandler } from './area.ts';
import { commandNumber } from './area-set.ts';

export interface Answer {
  completionCode: number;
  data: Uint8Array;
}

export interface CommandSet {
  run(network: number, command: number, request: Uint8Array, asker: Asker): Answer;
}

const requestLengthInvalid = 0xc7;
const unspecified = 0xff;

/**
 * Of two handlers for one command the later counts; `more` is asked for those that are not among them. `onError` hears of
 * mistakes in a handler.
 */
export function createCommandSet(
  handlers: readonly CommandHandler[],
  more: (number: number) => CommandHandler | undefined = () => undefined,
  onError: (error: unknown) => void = () => undefined,
): CommandSet {
  const byNumber = new Map(handlers.map((each) => [commandNumber(each.networkFunction, each.command), each]));
  return {
    run(network, command, request, asker) {
      const number = commandNumber(network, command);
      const found = byNumber.get(number) ?? more(number);
      const refuse = (code: number): Answer => ({ completionCode: code, data: definingBody(network, request) });
      if (found === undefined) return refuse(completionCode.invalidCommand);
      // LUN 0 is the BMC itself; the others hold more sensors, or are a vendor's affair (§7.2).
      if (asker.lun !== 0 && network !== networkFunction.sensorEvent && network < networkFunction.groupExtension) {
        return refuse(completionCode.invalidCommandForLun);
      }
      if (asker.privilege < found.privilege) return refuse(completionCode.insufficientPrivilege);
      try {
        const answer = found.handle(request, asker);
        return answer.completionCode === completionCode.ok || answer.data.length > 0
          ? answer
          : refuse(answer.completionCode);
      } catch (error) {
        if (error instanceof IpmiDecodeError) return refuse(requestLengthInvalid);
        onError(error);
        return refuse(unspecified);
      }
    },
  };
}

/** Group extension and OEM answers begin with whose command it is, refusals too (§5.1). */
function definingBody(network: number, request: Uint8Array): Uint8Array {
  if (network === networkFunction.groupExtension) return request.subarray(0, 1);
  if (network === networkFunction.oemGroup) return request.subarray(0, 3);
  return Buffer.alloc(0);
}
