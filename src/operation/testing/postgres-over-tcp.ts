/** The workflow engine's PostgreSQL client speaks TCP only; the tests' server listens on a Unix socket only. This joins them. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';

export interface TcpUrl {
  readonly url: string;
  close(): Promise<void>;
}

export async function overTcp(socketUrl: string): Promise<TcpUrl> {
  const url = new URL(socketUrl);
  const directory = url.searchParams.get('host');
  if (directory === null) return { url: socketUrl, close: async () => {} };
  const server = createServer((client) => {
    const upstream = connect(join(directory, '.s.PGSQL.5432'));
    client.pipe(upstream).pipe(client);
    const end = () => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) socket.on('error', end).on('close', end);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url.searchParams.delete('host');
  url.hostname = '127.0.0.1';
  // server.address() is an AddressInfo for a TCP server.
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    async close() {
      server.close();
      await once(server, 'close');
    },
  };
}
