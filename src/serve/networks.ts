/** The declared networks with what their services do right now. */
import type { NetworkView } from '../api/index.ts';
import type { Site } from '../site/index.ts';
import type { Configuration } from './configuration/index.ts';

export interface NetworkDirectory {
  list(): NetworkView[];
}

export function createNetworkDirectory(
  networks: Configuration['networks'],
  site: Pick<Site, 'networkStatus'>,
): NetworkDirectory {
  return {
    list: () =>
      networks.map((network) => {
        const base = {
          name: network.name,
          interface: network.interface,
          subnet: `${network.subnet}/${network.prefixLength}`,
        };
        if (!network.serve) return { ...base, state: 'unserved' as const, reason: 'serve: false in the configuration' };
        return { ...base, ...site.networkStatus(network.name) };
      }),
  };
}
