/**
 * Lets programs in one network namespace reach a server's Unix socket by TCP: `node unix-to-tcp.ts SOCKET ADDRESS PORT`,
 * run in that namespace. Says `ready` once it listens; ends with its parent's pipe.
 */
import { connect, createServer } from 'node:net';

const [socket = '', address = '', port = ''] = process.argv.slice(2);
const server = createServer((client) => {
  const upstream = connect(socket);
  client.pipe(upstream).pipe(client);
  for (const [one, other] of [
    [client, upstream],
    [upstream, client],
  ] as const)
    one.on('error', () => other.destroy()).on('close', () => other.destroy());
});
server.listen(Number(port), address, () => console.log('ready'));
process.stdin.resume().on('end', () => process.exit(0));
