/**
 * The documented API: REST with OpenAPI, problem documents and an event stream, over TLS with a bearer token. It holds
 * no logic; everything goes through the `ControlPlane` port. The schemas here also parse answers in the command line.
 */
import type { Api, ApiOptions } from './server.ts';

export {
  certificateFile,
  certificateFingerprint,
  certificateKeyFile,
  ensureCertificate,
  type Certificate,
  type EnsureCertificateOptions,
} from './certificate.ts';
export * from './console-frames.ts';
export type { ControlPlane } from './control-plane.ts';
export { longestSocketPath, type ListenAddress, type Listener } from './listeners.ts';
export * from './recovery-schemas.ts';
export * from './schemas.ts';
export { type ColouredCells, runsOf } from './screen-runs.ts';
export { createTokens, digestOfToken, ensureFirstToken, tokenFile, type Tokens } from './tokens.ts';
export type { Api, ApiOptions } from './server.ts';

/** Builds the API. The server is loaded only now, so that the command line starts without it. */
export async function createApi(options: ApiOptions): Promise<Api> {
  const { buildApi } = await import('./server.ts');
  return buildApi(options);
}
