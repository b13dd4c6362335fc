/** Sends a request that changes the BMC, and says so when nobody knows whether it did. */
import { asAthanorError, isUnreachableBmc } from '../../../errors/index.ts';
import type { IpmiCommand } from '../../../protocols/ipmi/index.ts';
import { outcomeUnknown } from '../../settle.ts';
import type { IpmiContext } from './context.ts';

/** @param what as in `BMC x may hold WHAT, or not` */
export async function sendChange<Request, Response>(
  context: IpmiContext,
  command: IpmiCommand<Request, Response>,
  request: Request,
  what: string,
  options: { signal?: AbortSignal },
): Promise<Response> {
  return await context.client.run(command, request, options.signal).catch((thrown: unknown) => {
    const error = asAthanorError(thrown);
    if (!isUnreachableBmc(error.code) && error.code !== 'aborted') throw error;
    throw outcomeUnknown(`BMC ${context.peer.name} may hold ${what}, or not`, error);
  });
}
