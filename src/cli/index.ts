/**
 * The `athanor` command: a client of the API, and the way to start the server. `main.ts` is what bin/athanor runs;
 * nothing imports this room.
 */
export { run } from './run.ts';
