/** From the file to a `Configuration`: all of it, or every error at once and nothing applied. */
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { ListenAddress } from '../../api/index.ts';
import { AthanorError } from '../../errors/index.ts';
import { checkDeclarations } from './check-declarations.ts';
import { checkFiles, errorCode } from './check-files.ts';
import { checkNetworks } from './check-networks.ts';
import { checkShape, type ConfigurationDocumentShape } from './check-shape.ts';
import { parseDocument } from './document.ts';
import { ConfigurationError, type Finding, type PlacedFinding } from './findings.ts';
import type { Configuration, DatabaseConfiguration, NetworkConfiguration } from './model.ts';
import { viewDocument } from './view.ts';

export interface LoadedConfiguration {
  configuration: Configuration;
  warnings: Finding[];
}

const largestFileBytes = 4 * 1024 * 1024;

/** Reads and checks a configuration file. Throws a ConfigurationError that carries every finding. */
export async function loadConfiguration(file: string): Promise<LoadedConfiguration> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new AthanorError('invalid-configuration', `${file} cannot be read: ${errorCode(cause)}.`, {
      field: '--config',
      value: file,
      remedy: 'Name a configuration file, or make one: athanor config detect > athanor.yaml',
      cause,
    });
  }
  return readConfiguration(text, file);
}

/** The same from text; `file` names it in errors and is what relative paths start from. */
export async function readConfiguration(text: string, file: string): Promise<LoadedConfiguration> {
  if (text.length > largestFileBytes) {
    const remedy = 'Name a configuration file.';
    throw new AthanorError('invalid-configuration', `${file} is too large.`, {
      field: '--config',
      value: file,
      remedy,
    });
  }
  const base = dirname(resolve(file));
  const document = parseDocument(file, text);
  if (document.findings.length > 0) throw new ConfigurationError(document.findings);
  const { findings, shape } = checkShape(document.content);
  const view = viewDocument(document.content);
  findings.push(...checkDatabase(shape));
  findings.push(...checkNetworks(view), ...checkDeclarations(view));
  findings.push(...(await checkFiles(view, urlFileOf(shape), base)));
  const placed = findings
    .map((finding) => document.place(finding))
    .toSorted((one, other) => one.line - other.line || one.column - other.column);
  if (shape === undefined || placed.some(({ severity }) => severity === 'error')) throw new ConfigurationError(placed);
  return { configuration: configurationOf(shape, base), warnings: placed };
}

function urlFileOf(shape: ConfigurationDocumentShape | undefined): string | undefined {
  return typeof shape?.database === 'object' ? shape.database.postgres.urlFile : undefined;
}

/** The value is never shown: it may hold a password. */
function checkDatabase(shape: ConfigurationDocumentShape | undefined): PlacedFinding[] {
  const database = shape?.database;
  if (typeof database !== 'string' || database === 'sqlite') return [];
  const finding = (message: string, remedy: string): PlacedFinding[] => [
    { severity: 'error', path: ['database'], message, remedy },
  ];
  if (!/^postgres(ql)?:\/\//.test(database) || !URL.canParse(database)) {
    return finding('It is neither "sqlite" nor a PostgreSQL URL.', 'Write sqlite, or postgres://USER@HOST/DATABASE.');
  }
  const url = new URL(database);
  if (url.password === '' && !url.searchParams.has('password')) return [];
  return finding(
    'The URL holds a password, and this file is not a place for secrets.',
    'Write the URL into a file of mode 0600 and name it: database: { postgres: { urlFile: PATH } }.',
  );
}

function configurationOf(shape: ConfigurationDocumentShape, base: string): Configuration {
  const path = (text: string): string => resolve(base, text);
  return {
    site: shape.site ?? 'default',
    dataDirectory: path(shape.dataDirectory),
    database: databaseOf(shape.database, path),
    api: { listen: (shape.api?.listen ?? [{ host: '127.0.0.1', port: 8443 }]).map((one) => listenOf(one, path)) },
    loaders: path(shape.loaders ?? '/usr/lib/ipxe'),
    ramdisk: shape.ramdisk === undefined ? undefined : { ...shape.ramdisk, directory: path(shape.ramdisk.directory) },
    networks: (shape.networks ?? []).map(networkOf),
    credentials: (shape.credentials ?? []).map((one) => ({
      ...one,
      username: one.username ?? '',
      passwordFile: path(one.passwordFile),
      kgFile: one.kgFile === undefined ? undefined : path(one.kgFile),
    })),
    bmcs: (shape.bmcs ?? []).map((bmc) => ({
      name: bmc.name,
      driver: bmc.driver,
      address: bmc.address,
      port: bmc.port ?? 623,
      credential: bmc.credential,
      guid: bmc.guid,
      mac: bmc.mac,
      cipherSuites: bmc.cipherSuites,
      ...(bmc.quirks === undefined ? {} : { quirks: bmc.quirks }),
      ...(bmc.requestsInFlight === undefined ? {} : { requestsInFlight: bmc.requestsInFlight }),
      console:
        bmc.console === undefined
          ? undefined
          : { address: listenOf(bmc.console.address, path), credential: bmc.console.credential },
    })),
    images: (shape.images ?? []).map((image) => ({ ...image, file: path(image.file) })),
    deployment: {
      netbootTimeoutMs: shape.deployment?.netbootTimeout,
      writeStallTimeoutMs: shape.deployment?.writeStallTimeout,
      bootTimeoutMs: shape.deployment?.bootTimeout,
    },
    recovery: {
      heartbeatIntervalMs: shape.recovery?.heartbeatInterval,
      missedBeats: shape.recovery?.missedBeats,
      stoppedGraceMs: shape.recovery?.stoppedGrace,
      concurrentHeals: shape.recovery?.concurrentHeals,
      outageAtOnce: shape.recovery?.outageAtOnce,
      keepFilmsMs: shape.recovery?.keepFilms,
    },
  };
}

function databaseOf(
  database: ConfigurationDocumentShape['database'],
  path: (text: string) => string,
): DatabaseConfiguration {
  if (database === undefined || database === 'sqlite') return { kind: 'sqlite' };
  if (typeof database === 'string') return { kind: 'postgres', url: database };
  return { kind: 'postgres', urlFile: path(database.postgres.urlFile) };
}

function listenOf(address: ListenAddress, path: (text: string) => string): ListenAddress {
  return 'path' in address ? { path: path(address.path) } : address;
}

function networkOf(network: NonNullable<ConfigurationDocumentShape['networks']>[number]): NetworkConfiguration {
  return {
    name: network.name,
    interface: network.interface,
    subnet: network.subnet.address,
    prefixLength: network.subnet.prefixLength,
    address: network.address,
    serve: network.serve,
    ranges: network.range ?? [],
    reservations: (network.reservations ?? []).map(({ mac, address, hostname }) => ({
      mac,
      address,
      ...(hostname === undefined ? {} : { hostname }),
    })),
    ...(network.gateway === undefined ? {} : { gateway: network.gateway }),
    dns: network.dns ?? [],
    ...(network.ntp === undefined ? {} : { ntp: network.ntp }),
    ...(network.domain === undefined ? {} : { domain: network.domain }),
    leaseSeconds: network.leaseTime ?? 3600,
    allowRival: network.allowRival ?? false,
    routerAdvertisement: network.routerAdvertisement ?? true,
  };
}
