/**
 * A plain HTTP server for booting machines: firmware, iPXE, ramdisk. It knows no paths; what it answers is a function.
 * Firmware is particular (UEFI 2.10 §24.7): every answer has a Content-Length, none is a redirect.
 */
export type { BootHttpFile, BootHttpRequest, BootHttpResponse, RespondToBootHttp } from './message.ts';
export { parseTarget } from './message.ts';
export { mediaTypeOf } from './media-types.ts';
export type { BootHttpLimits, BootHttpServer, BootHttpServerOptions } from './server.ts';
export { createBootHttpServer } from './server.ts';
