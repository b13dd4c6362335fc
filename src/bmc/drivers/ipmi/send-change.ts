/** Changes of a BMC whose outcome nobody knows say so, whichever request it was that went unanswered. */
import type { AthanorError } from '../../../errors/index.ts';
import { asAthanorError, isUnreachableBmc } from '../../../errors/index.ts';
import type { IpmiCommand, IpmiTarget } from '../../../protocols/ipmi/index.ts';
import { outcomeUnknown } from '../../settle.ts';
import type { IpmiContext } from './context.ts';

type ChangeContext = Pick<IpmiContext, 'client' | 'peer'>;

/** Sends a request that changes the BMC. @param what as in `BMC x may hold WHAT, or not` */
export async function sendChange<Request, Response>(
  context: ChangeContext,
  command: IpmiCommand<Request, Response>,
  request: Request,
  what: string,
  { signal, target }: { signal?: AbortSignal | undefined; target?: IpmiTarget | undefined },
): Promise<Response> {
  return await context.client.run(command, request, signal, target).catch((thrown: unknown) => {
    throw inDoubt(context, what, thrown);
  });
}

/** Reads what came of a change that was sent. */
export async function readBack<Value>(
  context: ChangeContext,
  what: string,
  read: () => Promise<Value>,
): Promise<Value> {
  return await read().catch((thrown: unknown) => {
    throw inDoubt(context, what, thrown);
  });
}

/** The error of a change that may have been made: silence, or the caller's leaving, tells nothing of it. */
export function inDoubt(context: Pick<IpmiContext, 'peer'>, what: string, thrown: unknown): AthanorError {
  const error = asAthanorError(thrown);
  if (!isUnreachableBmc(error.code) && error.code !== 'aborted') return error;
  return outcomeUnknown(`BMC ${context.peer.name} may hold ${what}, or not`, error);
}
