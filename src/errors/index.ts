/**
 * The catalogue of errors. Every error a person can meet has a stable code here, with the HTTP status the API answers,
 * the exit code the CLI ends with, and what to do next. Every room may import this one; it imports nothing.
 */
export { didYouMean } from './did-you-mean.ts';

export interface CatalogueEntry {
  /** One line, the same for every occurrence (the `title` of RFC 9457). */
  title: string;
  /** HTTP status of the API's problem document. */
  status: number;
  /** Exit code of the CLI (sysexits.h where one fits; 1 otherwise). */
  exitCode: number;
  /** What to do next when the place that raised the error has nothing more exact to say. */
  remedy: string;
}

export const catalogue = {
  internal: {
    title: 'Athanor failed',
    status: 500,
    exitCode: 70,
    remedy: 'Look at the log for the cause and report it as a bug.',
  },
  'invalid-input': {
    title: 'The input is not valid',
    status: 400,
    exitCode: 65,
    remedy: 'Correct the named field and try again.',
  },
  'invalid-configuration': {
    title: 'The configuration is not valid',
    status: 400,
    exitCode: 78,
    remedy: 'Correct the named line of the configuration file.',
  },
  unauthorised: {
    title: 'A valid token is needed',
    status: 401,
    exitCode: 77,
    remedy: 'Run `athanor login` with a token of this server.',
  },
  'too-many-requests': {
    title: 'Too many tries',
    status: 429,
    exitCode: 75,
    remedy: 'Wait a little, then try again.',
  },
  'not-found': {
    title: 'No such thing',
    status: 404,
    exitCode: 66,
    remedy: 'List what there is and try one of those names.',
  },
  conflict: {
    title: 'The request conflicts with the present state',
    status: 409,
    exitCode: 75,
    remedy: 'Look at the present state, then try again.',
  },
  'state-forbids': {
    title: "The machine's state does not allow this",
    status: 409,
    exitCode: 75,
    remedy: 'Use one of the verbs that the state allows.',
  },
  'operation-running': {
    title: 'Another operation runs on this machine',
    status: 409,
    exitCode: 75,
    remedy: 'Wait for it, or abort it with `athanor operation abort`.',
  },
  'outdated-attempt': {
    title: 'This boot attempt is over',
    status: 409,
    exitCode: 75,
    remedy: 'Boot the machine again; only its newest attempt is heard.',
  },
  unreachable: {
    title: 'The server cannot be reached',
    status: 503,
    exitCode: 69,
    remedy: 'Check the address and that `athanor serve` runs there.',
  },
  'certificate-mismatch': {
    title: 'The server shows another certificate than at login',
    status: 495,
    exitCode: 76,
    remedy: 'If the server was really set up anew, run `athanor login` again.',
  },
  'console-unreachable': {
    title: 'The console does not answer',
    status: 504,
    exitCode: 69,
    remedy: "Check the console's address, that the machine has power, and that its VNC server is on.",
  },
  'console-refused': {
    title: 'The console refused the connection',
    status: 502,
    exitCode: 77,
    remedy: "Check the console's password and that no other viewer holds it.",
  },
  'console-protocol': {
    title: 'The console answered something that is not valid',
    status: 502,
    exitCode: 76,
    remedy: 'Record the exchange and report it; the console may speak a dialect.',
  },
  'screen-unreadable': {
    title: 'The screen cannot be read as text',
    status: 422,
    exitCode: 65,
    remedy: 'Look at the frame itself; only 720x400 text mode and 8x16 framebuffer consoles are read.',
  },
  'screen-changed': {
    title: 'The screen is not what it was when this was decided',
    status: 409,
    exitCode: 75,
    remedy: 'Look at the screen: nothing was typed or switched. What it shows now decides what to do.',
  },
  'not-seen': {
    title: 'What had to be seen did not come',
    status: 504,
    exitCode: 75,
    remedy: 'Look at the screen and decide; the playbook stopped where it was.',
  },
  'invalid-rules': {
    title: 'The rules are not valid',
    status: 422,
    exitCode: 65,
    remedy: 'Correct the named lines; nothing of this set was taken.',
  },
  'bmc-unreachable': {
    title: 'The BMC does not answer',
    status: 504,
    exitCode: 69,
    remedy: "Check the BMC's address, its network and that IPMI over LAN is on.",
  },
  'bmc-no-route': {
    title: 'No route leads to the BMC',
    status: 504,
    exitCode: 69,
    remedy: "Check the BMC's address and that this host's network reaches it: routes, VLANs, firewalls, cabling.",
  },
  'bmc-port-closed': {
    title: "The BMC's port is closed",
    status: 504,
    exitCode: 69,
    remedy: 'Switch IPMI over LAN on at the BMC, check the port, or wait until the BMC has started.',
  },
  'bmc-authentication': {
    title: 'The BMC refused the credential',
    status: 502,
    exitCode: 77,
    remedy: 'Set the right credential; it is not tried again until it changes.',
  },
  'bmc-unknown-user': {
    title: 'The BMC does not know the user',
    status: 502,
    exitCode: 77,
    remedy:
      'Check the user name, and that the user is enabled for IPMI over LAN; it is not tried again until it changes.',
  },
  'bmc-privilege': {
    title: "The user's privilege level is too low",
    status: 502,
    exitCode: 77,
    remedy: 'Give the user a higher privilege level on the BMC, and check the limit of its LAN channel.',
  },
  'bmc-cipher-refused': {
    title: 'The BMC accepts none of the cipher suites',
    status: 502,
    exitCode: 76,
    remedy: 'Enable cipher suite 17 or 3 on the BMC; 8 or 12 only if it has no other, by `cipherSuites` of this BMC.',
  },
  'bmc-insecure': {
    title: 'The BMC offers only what is refused as unsafe',
    status: 502,
    exitCode: 76,
    remedy: 'Enable cipher suite 3 or 17 on the BMC and disable cipher 0 and IPMI 1.5.',
  },
  'bmc-protocol': {
    title: 'The BMC answered something that is not valid',
    status: 502,
    exitCode: 76,
    remedy: 'Record the exchange and report it; the BMC may need a quirk.',
  },
  'bmc-refused': {
    title: 'The BMC refused the command',
    status: 502,
    exitCode: 76,
    remedy: 'Read the completion code; the BMC may not support this or be busy.',
  },
  'bmc-busy': {
    title: 'The BMC is busy',
    status: 503,
    exitCode: 75,
    remedy: 'Wait a little, then try again; a BMC that stays busy may need a restart.',
  },
  'bmc-sessions-full': {
    title: 'All sessions of the BMC are taken',
    status: 503,
    exitCode: 75,
    remedy: 'Close other IPMI clients, or wait a minute until the BMC forgets them.',
  },
  'bmc-circuit-open': {
    title: 'The BMC is left alone after repeated failures',
    status: 503,
    exitCode: 75,
    remedy: 'It is tried again by itself; check the BMC meanwhile.',
  },
  unsupported: {
    title: 'This BMC or driver cannot do that',
    status: 501,
    exitCode: 69,
    remedy: 'Use a driver or a machine that can.',
  },
  'outcome-unknown': {
    title: 'It is not known whether the command took effect',
    status: 502,
    exitCode: 75,
    remedy: "Look at the machine's state before trying again.",
  },
  'deadline-exceeded': {
    title: 'It took longer than its deadline',
    status: 504,
    exitCode: 75,
    remedy: 'Look at what it waited for, then try again.',
  },
  aborted: { title: 'It was aborted', status: 409, exitCode: 75, remedy: 'Start it again when you want it.' },
  'digest-mismatch': {
    title: 'The data does not have the expected digest',
    status: 422,
    exitCode: 65,
    remedy: "Correct the digest in the image's declaration or replace the file.",
  },
  'image-failed': {
    title: 'The image could not be written',
    status: 502,
    exitCode: 74,
    remedy: 'Read the cause the machine reported, mend it and deploy again.',
  },
  'rival-dhcp-server': {
    title: 'Another DHCP server answers on this network',
    status: 409,
    exitCode: 75,
    remedy: 'Switch the other server off, or allow it with `allowRival: true`.',
  },
  'address-in-use': {
    title: 'The address is in use',
    status: 409,
    exitCode: 71,
    remedy: 'Stop the program that holds the port, or listen elsewhere.',
  },
  permission: {
    title: 'The operating system does not permit this',
    status: 500,
    exitCode: 77,
    remedy: 'Run as root, or give the process the capability named.',
  },
  'database-newer': {
    title: 'The database was written by a newer Athanor',
    status: 500,
    exitCode: 78,
    remedy: 'Start the newer program again; migrations only go forward. Or restore the backup made before it.',
  },
  'database-failed': {
    title: 'The database could not be read or written',
    status: 503,
    exitCode: 74,
    remedy: 'Check the free space, the permissions and the health of the disk or database server, then try again.',
  },
  'secret-unreadable': {
    title: 'A sealed secret cannot be opened',
    status: 500,
    exitCode: 78,
    remedy: 'Restore the key file that sealed it, or set the secret again.',
  },
} as const satisfies Record<string, CatalogueEntry>;

export type ErrorCode = keyof typeof catalogue;

export interface ErrorContext {
  /** The input's field or the configuration's path, e.g. `networks[0].range`. */
  field?: string;
  /** The offending value as the person wrote it. Never a secret. */
  value?: string;
  /** What to do next; the catalogue's remedy when left out. */
  remedy?: string;
  /** The error underneath. */
  cause?: unknown;
}

/** An error with a stable code. `message` says what happened; it never holds a secret. */
export class AthanorError extends Error {
  override readonly name = 'AthanorError';
  readonly code: ErrorCode;
  readonly field: string | undefined;
  readonly value: string | undefined;
  readonly remedy: string;

  constructor(code: ErrorCode, message: string, context: ErrorContext = {}) {
    super(message, context.cause === undefined ? undefined : { cause: context.cause });
    this.code = code;
    this.field = context.field;
    this.value = context.value;
    this.remedy = context.remedy ?? catalogue[code].remedy;
  }
}

const unreachableBmc: ReadonlySet<ErrorCode> = new Set(['bmc-unreachable', 'bmc-no-route', 'bmc-port-closed']);
const refusedCredential: ReadonlySet<ErrorCode> = new Set(['bmc-authentication', 'bmc-unknown-user']);

/** The BMC does not answer, for whatever reason is known. */
export function isUnreachableBmc(code: ErrorCode): boolean {
  return unreachableBmc.has(code);
}

/** The BMC refused the user name or the password: it is not asked again with them. */
export function isRefusedCredential(code: ErrorCode): boolean {
  return refusedCredential.has(code);
}

/** Any thrown value as an AthanorError, keeping one that already is. */
export function asAthanorError(thrown: unknown): AthanorError {
  if (thrown instanceof AthanorError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new AthanorError('internal', message, { cause: thrown });
}
