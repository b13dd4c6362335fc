/**
 * Serve: the composition root. It reads the configuration, wires every room, starts them in an order in which nothing is
 * promised before it can be kept, and stops them in the reverse order. Everything else gets what it needs as arguments.
 */
export * from './configuration/index.ts';
export { serve, type ServeOptions } from './serve.ts';
