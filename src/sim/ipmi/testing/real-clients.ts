/** Where the tests of other rooms looked for it before; the arrows want src/sim/testing. */
export * from '../../testing/real-clients.ts';
