/**
 * The site room: what runs next to the metal. It hosts the BMCs, one lane each, and the boot services of its networks,
 * and keeps the leases. Here it runs inside the one process; later it dials out to a control plane elsewhere.
 */
export { type BmcHost, createBmcHost } from './bmc-host.ts';
export { type ConsoleHost, createConsoleHost } from './console-host.ts';
export { macBehind } from './neighbours.ts';
export { openLeaseStore, type SiteLeaseStore } from './lease-store.ts';
export { createSite, type NetworkStatus, type Site, type SiteOptions } from './site.ts';
export { sameGuid } from '../bmc/index.ts';
export type { ConsoleSession, ConsoleSettings, Frame, GraphicalConsole } from '../console/index.ts';
export type { Bmc, BmcDeviceId, BmcResult, BmcSettings, Evidence } from '../bmc/index.ts';
export type {
  BootAnswer,
  BootEvent,
  BootHttpRequest,
  BootHttpResponse,
  BootServiceBackend,
  DhcpEvent,
  Lease,
  ServedNetwork,
} from '../boot/index.ts';
