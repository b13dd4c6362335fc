/** The boot services of the served networks, with their changes written into the history. */
import type { Logger } from 'pino';
import { type BootService, createBootService, systemBootClock } from '../boot/index.ts';
import type { BootServiceBackend, SiteLeaseStore } from '../site/index.ts';
import type { Store } from '../store/index.ts';
import type { Configuration } from './configuration/index.ts';

export interface BootServicesOptions {
  configuration: Configuration;
  backend: BootServiceBackend;
  leases: SiteLeaseStore;
  store: Store;
  logger: Logger;
  random: (length: number) => Uint8Array;
}

/** Starts DHCP, TFTP and HTTP on every network with `serve: true`, and on no other. */
export async function startBootServices(options: BootServicesOptions): Promise<BootService> {
  const { configuration, backend, leases, store, logger, random } = options;
  const service = createBootService({
    networks: configuration.networks.filter((network) => network.serve),
    backend: {
      ...backend,
      statusChanged: (network, status) => {
        logger.info({ network, ...status }, `network ${network} is ${status.state}`);
        const event = {
          kind: `network.${status.state}`,
          subject: { kind: 'network', id: network },
          data: { network, rival: status.rival },
        };
        store.events
          .appendEvent(store.db, event)
          .catch((error: unknown) => logger.error({ err: error }, 'a change of a network was not recorded'));
      },
    },
    leases,
    loadersDirectory: configuration.loaders,
    clock: systemBootClock,
    random,
    logger,
  });
  await service.start();
  return service;
}
