/**
 * Looks for secrets where they must not be: as they are, in parts, and in the forms that programs give them on their way
 * into logs, URLs and databases.
 */
import { readdirSync, readFileSync } from 'node:fs';

export interface Secret {
  /** What it is, for the message; never its text. */
  kind: string;
  bytes: Buffer;
}

export interface Place {
  where: string;
  bytes: Buffer;
}

interface Needle {
  form: string;
  bytes: Buffer;
}

/** Error messages of parsers quote this much before and behind the place of a mistake (V8's JSON.parse: 10). */
const partLength = 10;

/** Eight random characters (what VNC takes of a password) stand nowhere by chance; of shorter ones nobody can say. */
const shortest = 8;

export function secretText(kind: string, text: string): Secret {
  return { kind, bytes: Buffer.from(text, 'utf8') };
}

/** Every form in which a secret may travel. */
export function formsOf(secret: Buffer): Needle[] {
  const forms: Needle[] = [];
  const add = (form: string, bytes: Buffer | string): void => {
    const needle = Buffer.from(bytes);
    if (!forms.some((other) => other.bytes.equals(needle))) forms.push({ form, bytes: needle });
  };
  add('as it is', secret);
  add('in hexadecimal', secret.toString('hex'));
  add('in hexadecimal', secret.toString('hex').toUpperCase());
  for (const offset of [0, 1, 2]) {
    for (const encoding of ['base64', 'base64url'] as const)
      add(`in ${encoding}, ${offset} bytes in`, base64Inside(secret, offset, encoding));
  }
  const everyByte = [...secret].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
  add('percent-encoded', everyByte);
  add('percent-encoded', everyByte.toUpperCase());
  const text = secret.toString('utf8');
  if (Buffer.from(text).equals(secret)) {
    add('percent-encoded', encodeURIComponent(text));
    add('percent-encoded', encodeURI(text));
    add('percent-encoded', new URLSearchParams({ x: text }).toString().slice(2));
    add('in JSON', JSON.stringify(text).slice(1, -1));
  }
  for (let start = 0; start + partLength < secret.length; start += 1)
    add(`in part, from byte ${start}`, secret.subarray(start, start + partLength));
  return forms;
}

/** The characters that the secret alone decides, when it stands `offset` bytes behind a multiple of three. */
function base64Inside(secret: Buffer, offset: number, encoding: 'base64' | 'base64url'): string {
  const text = Buffer.concat([Buffer.alloc(offset), secret]).toString(encoding);
  return text.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + secret.length) * 8) / 6));
}

const joinedLines = new WeakMap<Place, Buffer>();

/** Without its line ends, as they are or as JSON writes them: long base64 is broken into lines. */
function joined(place: Place): Buffer {
  let bytes = joinedLines.get(place);
  if (bytes === undefined) {
    bytes = Buffer.from(place.bytes.toString('latin1').replaceAll(/\r?\n|(?:\\r)?\\n/g, ''), 'latin1');
    joinedLines.set(place, bytes);
  }
  return bytes;
}

/** One line for each secret and place, naming the first form found there; empty when all is well. */
export function findSecrets(secrets: readonly Secret[], places: readonly Place[]): string[] {
  const found: string[] = [];
  for (const { kind, bytes } of secrets) {
    if (bytes.length < shortest) throw new Error(`${kind} is too short to be told from chance`);
    const forms = formsOf(bytes);
    for (const place of places) {
      const form = forms.find((needle) => place.bytes.includes(needle.bytes) || joined(place).includes(needle.bytes));
      if (form !== undefined) found.push(`${kind} stands ${form.form} in ${place.where}`);
    }
  }
  return found;
}

export interface ProcessSampler {
  /** What was seen so far, each text once. */
  places(): Place[];
  rounds(): number;
  stop(): void;
}

/** Reads the command line and the environment of every process of the enclosure again and again. */
export function sampleProcesses(everyMs: number): ProcessSampler {
  const seen = new Map<string, Place>();
  let rounds = 0;

  function look(): void {
    rounds += 1;
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name)))
      for (const file of ['cmdline', 'environ'] as const) {
        let bytes: Buffer;
        try {
          bytes = readFileSync(`/proc/${pid}/${file}`);
        } catch {
          continue; // it has ended meanwhile
        }
        const key = `${file} ${bytes.toString('latin1')}`;
        if (bytes.length > 0 && !seen.has(key)) seen.set(key, { where: `/proc/${pid}/${file}`, bytes });
      }
  }
  look();
  const timer = setInterval(look, everyMs);
  return { places: () => [...seen.values()], rounds: () => rounds, stop: () => clearInterval(timer) };
}
