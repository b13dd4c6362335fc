// The arrows of ARCHITECTURE.md as a table: room → rooms it may import. Everything else between rooms is an error.
// `errors` may be imported by all. Only a room's index.ts may be imported from outside the room.
export const arrows = {
  errors: [],
  protocols: [],
  bmc: ['protocols'],
  console: ['protocols'],
  boot: ['protocols'],
  sim: ['protocols'],
  store: [],
  site: ['bmc', 'console', 'boot', 'store'],
  operation: ['site', 'store'],
  install: ['operation', 'site', 'store'],
  discovery: ['operation', 'site', 'store', 'bmc'],
  machine: ['install', 'discovery', 'operation', 'site', 'store'],
  recovery: ['machine', 'install', 'discovery', 'operation', 'site', 'console', 'store'],
  api: ['bmc', 'recovery', 'machine', 'install', 'discovery', 'operation', 'site', 'store'],
  serve: ['api', 'recovery', 'machine', 'install', 'discovery', 'operation', 'site', 'bmc', 'console', 'boot', 'store'],
  cli: ['serve', 'sim', 'bmc', 'console', 'boot', 'api', 'recovery'],
};

const inTests = '(\\.test\\.ts$|\\.fixture\\.ts$|/testing/)';
const roomRules = Object.entries(arrows).flatMap(([room, allowed]) => {
  const known = [room, 'errors', ...allowed];
  return [
    {
      name: `arrow-from-${room}`,
      severity: 'error',
      from: { path: `^src/${room}/`, pathNot: inTests },
      to: { path: '^src/', pathNot: `^src/(${known.join('|')})/` },
    },
    {
      name: `arrow-from-tests-of-${room}`,
      comment: 'A test may also speak to the simulated rack.',
      severity: 'error',
      from: { path: `^src/${room}/.*${inTests}` },
      to: { path: '^src/', pathNot: `^src/(${[...known, 'sim'].join('|')})/` },
    },
  ];
});

const doors = ['^src/$1/', '^src/[^/]+/index\\.ts$', '^src/protocols/[^/]+/(session/)?index\\.ts$'];

export default {
  forbidden: [
    ...roomRules,
    {
      name: 'only-through-the-door',
      comment: 'Import a room by its index.ts (a protocol by its own index.ts, or that of its part for sessions).',
      severity: 'error',
      from: { path: '^src/([^/]+)/', pathNot: '\\.test\\.ts$' },
      to: { path: '^src/([^/]+)/', pathNot: doors },
    },
    {
      name: 'tests-only-through-doors',
      comment: 'A test may also use what another room offers to tests in its testing/ folder.',
      severity: 'error',
      from: { path: '^src/([^/]+)/.*\\.test\\.ts$' },
      to: { path: '^src/([^/]+)/', pathNot: [...doors, '^src/[^/]+/testing/'] },
    },
    {
      name: 'protocols-are-pure',
      comment: 'Wire formats do no I/O and use no npm package.',
      severity: 'error',
      from: { path: '^src/protocols/', pathNot: '\\.(test|fixture)\\.ts$' },
      to: { dependencyTypes: ['npm', 'npm-dev', 'npm-optional'] },
    },
    { name: 'no-cycles', severity: 'error', from: { path: '^src/' }, to: { circular: true } },
    {
      name: 'known-room',
      comment: 'A folder under src/ that the table does not know.',
      severity: 'error',
      from: {},
      to: { path: '^src/', pathNot: `^src/(${Object.keys(arrows).join('|')})/` },
    },
    { name: 'not-resolvable', severity: 'error', from: { path: '^src/' }, to: { couldNotResolve: true } },
  ],
  options: {
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.mjs', '.js'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
