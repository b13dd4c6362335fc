/**
 * Answers a booting machine: DHCP, TFTP and HTTP on the networks it is told to serve and on no other. It knows no
 * database and no lifecycle: what a machine boots is asked of a backend, leases are kept in a store it is given.
 * `createBootService` is all of it; the parts can be used alone.
 */
export * from './boot-ports.ts';
export * from './boot-service.ts';
export * from './dhcp/index.ts';
export * from './http/index.ts';
export * from './ipxe/index.ts';
export * from './lease-index.ts';
export * from './netboot/index.ts';
export * from './netboot-client.ts';
export * from './sockets.ts';
export * from './tftp/index.ts';
