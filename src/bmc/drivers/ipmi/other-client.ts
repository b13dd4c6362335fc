/** A second client over the same lane: to try a login, or to look for the BMC at another address. */
import type { IpmiClient, IpmiClientDependencies, IpmiClientSettings } from './client.ts';
import { createIpmiClient } from './client.ts';

export interface OtherClientChange {
  address?: string;
  login?: { username: string; password: string };
}

/** To be closed by whoever opens it. */
export type OpenOtherClient = (change: OtherClientChange) => IpmiClient;

export function otherClients(settings: IpmiClientSettings, dependencies: IpmiClientDependencies): OpenOtherClient {
  return ({ address, login }) => {
    const fresh = Buffer.from(dependencies.randomBytes(16)).toString('hex');
    const tried = { ...settings.credential, ...login, name: 'on trial', fingerprint: `trial-${fresh}` };
    return createIpmiClient(
      {
        ...settings,
        peer: { ...settings.peer, ...(address !== undefined && { address }) },
        // A refused trial must not make the BMC's own credential known as refused.
        credential: login === undefined ? settings.credential : tried,
      },
      dependencies,
    );
  };
}
