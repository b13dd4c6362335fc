/** Reading a configuration file, and writing one from what the system already knows. */
export { readSecretFile } from './check-files.ts';
export { ConfigurationError, describeFinding, type Finding } from './findings.ts';
export { loadConfiguration, readConfiguration, type LoadedConfiguration } from './load.ts';
export type {
  BmcConfiguration,
  Configuration,
  CredentialConfiguration,
  DatabaseConfiguration,
  DeploymentDeadlines,
  ImageConfiguration,
  NetworkConfiguration,
} from './model.ts';
export { detectConfiguration, readSystem } from './detect.ts';
export type { DetectOptions } from './detected.ts';
export type { SystemTexts } from './system-facts.ts';
