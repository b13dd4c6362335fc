/** Listening sockets whose start and end can be awaited. */
import { once } from 'node:events';
import type { ListenOptions, Server } from 'node:net';

export async function listen(server: Server, options: ListenOptions): Promise<void> {
  server.listen(options);
  await once(server, 'listening');
}

export async function closeServer(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, 'close');
  server.close();
  await closed;
}
