/**
 * The cipher suites this code speaks, as a table (IPMI v2.0 §22.15.2 Table 22-20; SHA-256 ones from errata E4 §13.28).
 * A suite that is not in the table cannot be spoken at all: suite 0 (no authentication), every suite without
 * integrity or confidentiality, and the RC4 ones are left out on purpose. 8 and 12 rest on MD5: they are for a BMC that has
 * nothing better, and spoken only where somebody names them.
 */
export interface AuthenticationAlgorithm {
  /** The number in the Open Session exchange (Table 13-17). */
  code: number;
  name: string;
  hash: 'sha1' | 'sha256' | 'md5';
  /** Bytes of the key exchange codes in RAKP messages 2 and 3, and of the session integrity key. */
  digestLength: number;
  /** Bytes of the truncated integrity check value in RAKP message 4 (§13.28.1, §13.28.1b). */
  integrityCheckLength: number;
}

export interface IntegrityAlgorithm {
  /** Table 13-18. */
  code: number;
  name: string;
  hash: 'sha1' | 'sha256' | 'md5';
  /** `hmac` with K1; `enclosed`: a plain hash of password, data, password (§13.28.3). */
  keyed: 'hmac' | 'enclosed';
  /** Bytes of the (truncated) code in each packet's trailer. */
  digestLength: number;
}

export interface ConfidentialityAlgorithm {
  /** Table 13-19. */
  code: number;
  name: string;
  cipher: 'aes-128-cbc';
  /** Bytes taken from the front of K2. */
  keyLength: number;
  /** Bytes of the initialization vector in front of the ciphertext. */
  vectorLength: number;
}

export interface CipherSuite {
  id: number;
  authentication: AuthenticationAlgorithm;
  integrity: IntegrityAlgorithm;
  confidentiality: ConfidentialityAlgorithm;
}

const aesCbc128: ConfidentialityAlgorithm = {
  code: 1,
  name: 'AES-CBC-128',
  cipher: 'aes-128-cbc',
  keyLength: 16,
  vectorLength: 16,
};

const rakpHmacMd5: AuthenticationAlgorithm = {
  code: 2,
  name: 'RAKP-HMAC-MD5',
  hash: 'md5',
  digestLength: 16,
  integrityCheckLength: 16,
};

export const cipherSuites: Readonly<Record<number, CipherSuite>> = {
  3: {
    id: 3,
    authentication: { code: 1, name: 'RAKP-HMAC-SHA1', hash: 'sha1', digestLength: 20, integrityCheckLength: 12 },
    integrity: { code: 1, name: 'HMAC-SHA1-96', hash: 'sha1', keyed: 'hmac', digestLength: 12 },
    confidentiality: aesCbc128,
  },
  8: {
    id: 8,
    authentication: rakpHmacMd5,
    integrity: { code: 2, name: 'HMAC-MD5-128', hash: 'md5', keyed: 'hmac', digestLength: 16 },
    confidentiality: aesCbc128,
  },
  12: {
    id: 12,
    authentication: rakpHmacMd5,
    integrity: { code: 3, name: 'MD5-128', hash: 'md5', keyed: 'enclosed', digestLength: 16 },
    confidentiality: aesCbc128,
  },
  17: {
    id: 17,
    authentication: { code: 3, name: 'RAKP-HMAC-SHA256', hash: 'sha256', digestLength: 32, integrityCheckLength: 16 },
    integrity: { code: 4, name: 'HMAC-SHA256-128', hash: 'sha256', keyed: 'hmac', digestLength: 16 },
    confidentiality: aesCbc128,
  },
};

/** The suite, or undefined where it is one that is refused or unknown. */
export function findCipherSuite(id: number): CipherSuite | undefined {
  return Object.hasOwn(cipherSuites, id) ? cipherSuites[id] : undefined;
}
