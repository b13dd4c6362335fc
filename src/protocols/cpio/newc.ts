/**
 * A member: six ASCII bytes of magic, then thirteen fields of eight hexadecimal digits, then the name with its NUL, padded
 * with NULs to a multiple of four, then the data, padded likewise.
 *
 * | field | here |
 * | --- | --- |
 * | c_ino | counted from 1 |
 * | c_mode | file type and permissions |
 * | c_uid, c_gid, c_mtime | 0 |
 * | c_nlink | 2 for a directory, else 1 |
 * | c_filesize | bytes of data |
 * | c_devmajor, c_devminor, c_rdevmajor, c_rdevminor | 0 |
 * | c_namesize | with the NUL |
 * | c_check | 0 (only `070702` sums the data) |
 */
const magic = '070701';
const directoryType = 0o040000;
const fileType = 0o100000;
const trailerName = 'TRAILER!!!';

export interface CpioEntry {
  /** Path from the archive's root, e.g. `athanor/ticket`; a leading slash is dropped. */
  path: string;
  /** Permission bits only, e.g. 0o600. */
  mode: number;
  /** Left out for a directory. */
  data?: Uint8Array | string;
}

function padding(length: number): Buffer {
  return Buffer.alloc((4 - (length % 4)) % 4);
}

function member(inode: number, name: string, mode: number, links: number, data: Buffer): Buffer {
  const nameBytes = Buffer.from(`${name}\0`, 'utf8');
  const fields = [inode, mode, 0, 0, links, 0, data.length, 0, 0, 0, 0, nameBytes.length, 0];
  const header = Buffer.from(magic + fields.map((value) => value.toString(16).padStart(8, '0')).join(''), 'ascii');
  return Buffer.concat([header, nameBytes, padding(header.length + nameBytes.length), data, padding(data.length)]);
}

function memberName(path: string): string {
  const parts = path.split('/').filter((part) => part !== '');
  if (parts.length === 0 || path.includes('\0') || parts.some((part) => part === '.' || part === '..')) {
    throw new RangeError(`Not a path for a cpio member: ${JSON.stringify(path)}`);
  }
  return parts.join('/');
}

/**
 * The archive of `entries` in their order, ending in the trailer. Directories that a path needs and the list does not
 * name before it are added with mode 0755: the kernel does not make them by itself. The length is a multiple of four, so
 * that another archive may follow at once.
 */
export function encodeCpio(entries: readonly CpioEntry[]): Buffer {
  const members: Buffer[] = [];
  const written = new Set<string>();
  const add = (name: string, mode: number, data: Uint8Array | string | undefined): void => {
    if (written.has(name)) {
      if (data === undefined) return;
      throw new RangeError(`Twice in one cpio archive: ${name}`);
    }
    written.add(name);
    const type = data === undefined ? directoryType : fileType;
    const links = data === undefined ? 2 : 1;
    const bytes = data === undefined ? Buffer.alloc(0) : Buffer.from(data);
    members.push(member(written.size, name, type | (mode & 0o7777), links, bytes));
  };
  for (const entry of entries) {
    const name = memberName(entry.path);
    const parts = name.split('/');
    for (let depth = 1; depth < parts.length; depth++) add(parts.slice(0, depth).join('/'), 0o755, undefined);
    add(name, entry.mode, entry.data);
  }
  members.push(member(0, trailerName, 0, 1, Buffer.alloc(0)));
  return Buffer.concat(members);
}
