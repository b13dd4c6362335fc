/** The shape of a configuration file. Every section is strict: a key it does not know is an error. */
import { z } from 'zod';
import * as fields from './fields.ts';

export const reservationSchema = z.strictObject({
  mac: fields.mac,
  address: fields.ipv4,
  hostname: fields.name.optional(),
});

export const networkSchema = z.strictObject({
  name: fields.name,
  interface: fields.text,
  subnet: fields.subnet,
  address: fields.ipv4,
  serve: fields.flag,
  range: fields.ranges.optional(),
  gateway: fields.ipv4.optional(),
  dns: fields.addresses.optional(),
  ntp: fields.addresses.optional(),
  domain: fields.text.optional(),
  leaseTime: fields.leaseSeconds.optional(),
  allowRival: fields.flag.optional(),
  routerAdvertisement: fields.flag.optional(),
  reservations: z.array(reservationSchema).optional(),
});

/** Which of the ramdisk's kernels machines boot: `amd64` has real hardware's drivers, `cloud-amd64` boots faster on virtual machines. */
export const ramdiskKernels = ['amd64', 'cloud-amd64'] as const;

export const drivers = ['ipmi', 'unmanaged'] as const;

/** `vnc` has a password alone (RFC 6143 section 7.2.2). */
export const credentialProtocols = ['ipmi', 'vnc'] as const;

export const credentialSchema = z.strictObject({
  name: fields.name,
  protocol: z.enum(credentialProtocols),
  username: fields.text.optional(),
  passwordFile: fields.text,
  kgFile: fields.text.optional(),
});

export const consoleSchema = z.strictObject({ address: fields.consoleAddress, credential: fields.name.optional() });

export const bmcSchema = z.strictObject({
  name: fields.name,
  address: fields.text.optional(),
  port: fields.port.optional(),
  driver: z.enum(drivers),
  credential: fields.name.optional(),
  guid: fields.guid.optional(),
  mac: fields.mac.optional(),
  cipherSuites: z.array(fields.cipherSuite).min(1).optional(),
  quirks: z.array(fields.quirk).optional(),
  requestsInFlight: fields.countFrom(1, 16).optional(),
  console: consoleSchema.optional(),
});

export const imageSchema = z.strictObject({ name: fields.name, file: fields.text, sha256: fields.sha256 });

export const configurationSchema = z.strictObject({
  site: fields.name.optional(),
  dataDirectory: fields.text,
  database: z.union([fields.text, z.strictObject({ postgres: z.strictObject({ urlFile: fields.text }) })]).optional(),
  api: z.strictObject({ listen: z.array(fields.listenAddress).min(1) }).optional(),
  loaders: fields.text.optional(),
  ramdisk: z.strictObject({ directory: fields.text, kernel: z.enum(ramdiskKernels).default('amd64') }).optional(),
  networks: z.array(networkSchema).optional(),
  credentials: z.array(credentialSchema).optional(),
  bmcs: z.array(bmcSchema).optional(),
  images: z.array(imageSchema).optional(),
  deployment: z
    .strictObject({
      netbootTimeout: fields.durationMs.optional(),
      writeStallTimeout: fields.durationMs.optional(),
      bootTimeout: fields.durationMs.optional(),
    })
    .optional(),
  recovery: z
    .strictObject({
      heartbeatInterval: fields.heartbeatMs.optional(),
      missedBeats: fields.countFrom(2, 100).optional(),
      stoppedGrace: fields.durationMs.optional(),
      concurrentHeals: fields.countFrom(0, 1000).optional(),
      outageAtOnce: fields.countFrom(2, 100_000).optional(),
      keepFilms: fields.durationMs.optional(),
    })
    .optional(),
});

/** The keys that the section at `path` knows, for "did you mean". */
export function knownKeys(path: readonly (string | number)[]): string[] {
  let schema: unknown = configurationSchema;
  for (const key of path) schema = childOf(unwrapped(schema), key);
  const section = unwrapped(schema);
  return section instanceof z.ZodObject ? Object.keys(section.shape) : [];
}

function childOf(schema: unknown, key: string | number): unknown {
  if (schema instanceof z.ZodObject) return schema.shape[String(key)];
  return schema instanceof z.ZodArray ? schema.element : undefined;
}

function unwrapped(schema: unknown): unknown {
  if (schema instanceof z.ZodOptional) return unwrapped(schema.unwrap());
  if (schema instanceof z.ZodUnion)
    return schema.options.map(unwrapped).find((option) => option instanceof z.ZodObject);
  return schema;
}
