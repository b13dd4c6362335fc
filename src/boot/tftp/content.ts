import { open, stat } from 'node:fs/promises';

/** A file being read. */
export interface TftpReader {
  /** Fills `buffer` from `position`; fewer bytes than asked mean the file is shorter than it said. */
  read(buffer: Uint8Array, position: number): Promise<number>;
  close(): Promise<void>;
}

export interface TftpFile {
  size: number;
  open(): Promise<TftpReader>;
}

export type TftpContent = Uint8Array | TftpFile;

/** What a path (already normalised) holds for the client at `clientAddress`; undefined is "file not found". */
export type TftpRead = (
  path: string,
  clientAddress: string,
) => TftpContent | undefined | Promise<TftpContent | undefined>;

/** A file on disk as content; undefined when there is no such regular file. */
export async function tftpFile(path: string): Promise<TftpFile | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined || !found.isFile()) return undefined;
  return {
    size: found.size,
    open: async () => {
      const handle = await open(path, 'r');
      return {
        read: async (buffer, position) => (await handle.read(buffer, 0, buffer.length, position)).bytesRead,
        close: () => handle.close(),
      };
    },
  };
}

/** Bytes in memory as a reader. */
export function memoryReader(bytes: Uint8Array): TftpReader {
  return {
    read: (buffer, position) => {
      const part = bytes.subarray(position, position + buffer.length);
      buffer.set(part);
      return Promise.resolve(part.length);
    },
    close: () => Promise.resolve(),
  };
}
