/**
 * The cipher suites this code speaks, as a table (IPMI v2.0 §22.15.2 Table 22-20; SHA-256 ones from errata E4 §13.28).
 * A suite that is not in the table cannot be spoken at all: suite 0 (no authentication), every suite without
 * integrity or confidentiality, and the RC4 ones are left out on purpose.
 */
export interface AuthenticationAlgorithm {
  /** The number in the Open Session exchange (Table 13-17). */
  code: number;
  name: string;
  hash: 'sha1' | 'sha256';
  /** Bytes of the key exchange codes in RAKP messages 2 and 3, and of the session integrity key. */
  digestLength: number;
  /** Bytes of the truncated integrity check value in RAKP message 4 (§13.28.1, §13.28.1b). */
  integrityCheckLength: number;
}

export interface IntegrityAlgorithm {
  /** Table 13-18. */
  code: number;
  name: string;
  hash: 'sha1' | 'sha256';
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

export const cipherSuites: Readonly<Record<number, CipherSuite>> = {
  3: {
    id: 3,
    authentication: { code: 1, name: 'RAKP-HMAC-SHA1', hash: 'sha1', digestLength: 20, integrityCheckLength: 12 },
    integrity: { code: 1, name: 'HMAC-SHA1-96', hash: 'sha1', digestLength: 12 },
    confidentiality: aesCbc128,
  },
  17: {
    id: 17,
    authentication: { code: 3, name: 'RAKP-HMAC-SHA256', hash: 'sha256', digestLength: 32, integrityCheckLength: 16 },
    integrity: { code: 4, name: 'HMAC-SHA256-128', hash: 'sha256', digestLength: 16 },
    confidentiality: aesCbc128,
  },
};

/** The suite, or undefined where it is one that is refused or unknown. */
export function findCipherSuite(id: number): CipherSuite | undefined {
  return Object.hasOwn(cipherSuites, id) ? cipherSuites[id] : undefined;
}
