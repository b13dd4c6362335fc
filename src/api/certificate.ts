/**
 * The server's self-made certificate. It is made once, at the first start; clients pin its SHA-256 at login, so it is
 * never renewed behind their back. Key and certificate lie in the data directory, the key readable by its owner only.
 */
import { createHash, createPrivateKey, webcrypto, X509Certificate } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { AthanorError } from '../errors/index.ts';

export interface Certificate {
  /** PEM. */
  certificate: string;
  /** PEM, PKCS #8. Secret. */
  key: string;
  /** SHA-256 of the DER certificate, lower-case hexadecimal without colons: what a client pins. */
  fingerprint: string;
}

export interface EnsureCertificateOptions {
  directory: string;
  clock: { now(): Date };
  /** Names and addresses beside `localhost`, 127.0.0.1 and ::1: the host's name, the addresses listened on. */
  names: readonly string[];
}

export const certificateFile = 'certificate.pem';
export const certificateKeyFile = 'certificate-key.pem';

const validityYears = 20;

/** Reads the certificate of `directory`, making it first where there is none. */
export async function ensureCertificate(options: EnsureCertificateOptions): Promise<Certificate> {
  const { directory, clock, names } = options;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const certificatePath = join(directory, certificateFile);
  const keyPath = join(directory, certificateKeyFile);
  const certificate = await readIfPresent(certificatePath);
  if (certificate === undefined) {
    const made = await makeCertificate(clock.now(), names);
    // The key goes first: a certificate in place means that its key is too, wherever a crash falls.
    await writeWhole(keyPath, made.key, 0o600);
    await writeWhole(certificatePath, made.certificate, 0o644);
    return made;
  }
  const key = await readIfPresent(keyPath);
  if (key === undefined) throw unusable(certificatePath, `its key ${keyPath} is missing`);
  return checkedPair(certificatePath, certificate, key);
}

/** SHA-256 of a DER certificate as clients pin it. */
export function certificateFingerprint(der: Uint8Array): string {
  return createHash('sha256').update(der).digest('hex');
}

async function makeCertificate(now: Date, names: readonly string[]): Promise<Certificate> {
  // Loaded only here: once in a server's life, and never by the command line.
  const x509 = await import('@peculiar/x509');
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const notAfter = new Date(now);
  notAfter.setUTCFullYear(now.getUTCFullYear() + validityYears);
  const alternatives = [...new Set(['localhost', '127.0.0.1', '::1', ...names])].map((name) => ({
    type: isIP(name) === 0 ? ('dns' as const) : ('ip' as const),
    value: name,
  }));
  const serialNumber = webcrypto.getRandomValues(new Uint8Array(16));
  serialNumber[0] = (Number(serialNumber[0]) & 0x3f) | 0x40; // positive and without a leading zero (RFC 5280 §4.1.2.2)
  const made = await x509.X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: Buffer.from(serialNumber).toString('hex'),
      name: 'CN=Athanor',
      notBefore: new Date(now.getTime() - 86_400_000), // a client's clock may be behind
      notAfter,
      signingAlgorithm: algorithm,
      keys,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        new x509.SubjectAlternativeNameExtension(alternatives),
      ],
    },
    webcrypto,
  );
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  const key = `-----BEGIN PRIVATE KEY-----\n${wrap(pkcs8.toString('base64'))}\n-----END PRIVATE KEY-----\n`;
  return {
    certificate: `${made.toString('pem').trim()}\n`,
    key,
    fingerprint: certificateFingerprint(new Uint8Array(made.rawData)),
  };
}

function checkedPair(path: string, certificate: string, key: string): Certificate {
  let parsed: X509Certificate;
  let belongs: boolean;
  try {
    parsed = new X509Certificate(certificate);
    belongs = parsed.checkPrivateKey(createPrivateKey(key));
  } catch (cause) {
    throw unusable(path, 'it or its key cannot be read', cause);
  }
  if (!belongs) throw unusable(path, 'its key belongs to another certificate');
  return { certificate, key, fingerprint: certificateFingerprint(parsed.raw) };
}

function unusable(path: string, why: string, cause?: unknown): AthanorError {
  return new AthanorError('secret-unreadable', `The server's certificate cannot be used: ${why}.`, {
    field: path,
    remedy: `Restore certificate and key from a backup, or remove ${path} and let every client log in again.`,
    cause,
  });
}

async function readIfPresent(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** All or nothing: a crash leaves the old file or the new one, never half of it. */
async function writeWhole(path: string, text: string, mode: number): Promise<void> {
  const temporary = `${path}.new`;
  await rm(temporary, { force: true });
  const file = await open(temporary, 'wx', mode);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}

function wrap(base64: string): string {
  return base64.replace(/.{64}(?=.)/g, '$&\n');
}
