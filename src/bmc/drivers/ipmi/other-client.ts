/** A second client over the same lane: to try a login, or to look for the BMC at another address. */
import type { Lane } from '../../lane.ts';
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
    const tried = { ...settings.credential, ...login, name: 'on trial', fingerprint: 'on trial' };
    return createIpmiClient(
      {
        ...settings,
        peer: { ...settings.peer, ...(address !== undefined && { address }) },
        credential: login === undefined ? settings.credential : tried,
      },
      login === undefined ? dependencies : { ...dependencies, lane: withoutMemory(dependencies.lane) },
    );
  };
}

/** A refused trial is no credential of this BMC's: remembered, each would be kept for ever and mean nothing. */
function withoutMemory(lane: Lane): Lane {
  return {
    ...lane,
    checkCredential: () => Promise.resolve(),
    credentialRefused: () => Promise.resolve(),
    get breakerState() {
      return lane.breakerState;
    },
  };
}
