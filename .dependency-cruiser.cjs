/**
 * Who may import whom (docs/architecture.md draws it): each room names the rooms of src that it uses beside itself, and no
 * more than it uses. Tests are free to look anywhere.
 */
const rooms = {
  model: [],
  rights: ['model'],
  disks: [],
  tracing: [],
  net: ['threads'],
  threads: [],
  codec: ['model'],
  ovf: ['model', 'codec'],
  query: ['model'],
  clouds: ['model', 'disks', 'tracing'],
  store: ['model'],
  fetch: ['model', 'net', 'threads'],
  jobs: ['model', 'clouds', 'store', 'tracing'],
  operations: ['model', 'disks', 'clouds', 'store', 'fetch', 'jobs', 'threads', 'rights'],
  monitoring: ['model', 'clouds', 'store', 'jobs', 'operations', 'systems'],
  systems: ['model', 'clouds', 'store', 'jobs', 'operations'],
  packages: ['model', 'disks', 'clouds', 'store', 'fetch', 'jobs', 'operations', 'systems', 'ovf'],
  reader: ['model', 'codec', 'query', 'clouds', 'store', 'operations', 'rights', 'systems'],
  protocol: ['model', 'codec', 'query', 'clouds', 'store', 'operations', 'reader', 'rights', 'tracing'],
  http: ['model', 'net', 'store', 'protocol', 'rights', 'threads', 'tracing'],
  config: ['model', 'net'],
  plugins: ['model', 'clouds', 'config', 'operations'],
  api: ['model', 'clouds', 'plugins'],
  cli: ['model', 'clouds', 'store', 'jobs', 'operations', 'http', 'config', 'plugins', 'gateway', 'rights'],
};

const TEST = '(\\.test\\.ts$|^test/)';
/** Made, and without imports; a member that is named import is taken for one. */
const TYPES = '^sdk/types\\.generated\\.ts$';

const roomRules = Object.entries(rooms).map(([room, allowed]) => ({
  name: `room-${room}`,
  comment: `src/${room} may import ${allowed.length ? allowed.join(', ') : 'nothing'} of src`,
  severity: 'error',
  from: { path: `^src/${room}/`, pathNot: TEST },
  to: { path: '^(src|drivers)/', pathNot: `^src/(${[room, ...allowed].join('|')})(/|\\.ts$)` },
}));

module.exports = {
  forbidden: [
    ...roomRules,
    {
      name: 'sdk-alone',
      comment: 'The client library is used without the gateway: it imports nothing but its own, and node.ts what Node has.',
      severity: 'error',
      from: { path: '^sdk/', pathNot: `^sdk/node\\.ts$|${TYPES}` },
      to: { pathNot: '^sdk/' },
    },
    {
      name: 'sdk-node-alone',
      severity: 'error',
      from: { path: '^sdk/node\\.ts$' },
      to: { pathNot: '^(sdk/|node:)', dependencyTypesNot: ['core'] },
    },
    {
      name: 'console-by-the-sdk',
      comment: 'The console uses the public API as anybody does: by the client library, and nothing else of the gateway.',
      severity: 'error',
      from: { path: '^console/' },
      to: { path: '^(src|drivers|test|scripts)/|^sdk/(?!index\\.ts$)' },
    },
    {
      name: 'cli-on-sdk',
      comment: 'The command line is made of the client library: it knows nothing of the gateway but its public interface.',
      severity: 'error',
      from: { path: '^cli/' },
      to: { path: '^(src|drivers|test)/' },
    },
    {
      name: 'src-without-sdk',
      comment: 'The gateway is no client of its own.',
      severity: 'error',
      from: { path: '^(src|drivers)/', pathNot: TEST },
      to: { path: '^(sdk|cli)/' },
    },
    {
      name: 'no-circular',
      comment: 'Not by types either: what two files both need to know belongs into a third.',
      severity: 'error',
      from: { path: '^(src|drivers|sdk|cli)/', pathNot: TEST },
      to: { circular: true },
    },
    {
      name: 'driver-contract-only',
      comment: 'A driver knows the model, the contract, the formats of disks and packages and the ways out (proxies), nothing else.',
      severity: 'error',
      from: { path: '^drivers/', pathNot: TEST },
      to: { path: '^src/', pathNot: '^src/(model|clouds|net|disks|ovf)/' },
    },
    {
      name: 'drivers-apart',
      severity: 'error',
      from: { path: '^drivers/([^/]+)/', pathNot: TEST },
      to: { path: '^drivers/', pathNot: '^drivers/$1/' },
    },
    {
      name: 'only-the-gateway-imports-drivers',
      severity: 'error',
      from: { path: '^src/', pathNot: `${TEST}|^src/gateway\\.ts$` },
      to: { path: '^drivers/' },
    },
    {
      name: 'drivers-lazily',
      comment: 'An SDK is loaded only where its cloud is configured.',
      severity: 'error',
      from: { path: '^src/gateway\\.ts$' },
      to: { path: '^drivers/', dependencyTypesNot: ['dynamic-import'] },
    },
    {
      name: 'tracing-lazily',
      comment: 'Nothing of OpenTelemetry is loaded where no traces are wanted.',
      severity: 'error',
      from: { path: '^(src|drivers)/', pathNot: `${TEST}|^src/tracing/(otel|exporting)\\.ts$` },
      to: { path: '^(src/tracing/(otel|exporting)\\.ts$|node_modules/@opentelemetry/)', dependencyTypesNot: ['dynamic-import'] },
    },
    {
      name: 'driver-has-no-wire-of-ours',
      comment: 'No driver knows HTTP serving, SQL or Redis. (XML may be a wire of its provider: vSphere.)',
      severity: 'error',
      from: { path: '^drivers/', pathNot: TEST },
      to: { path: '^node_modules/(express|kysely|pg|bullmq|ioredis)/' },
    },
    {
      name: 'one-fetcher',
      comment: 'What a request names is fetched in src/fetch and nowhere else (decision 0014); src/net only knows the ways.',
      severity: 'error',
      from: { path: '^src/', pathNot: `${TEST}|^src/(fetch|net)/` },
      to: { path: '^node_modules/undici/' },
    },
    {
      name: 'sdk-only-in-drivers',
      severity: 'error',
      from: { path: '^src/', pathNot: TEST },
      to: { path: '^node_modules/(@aws-sdk|@smithy)/' },
    },
    {
      name: 'nothing-imports-tests',
      severity: 'error',
      from: { path: '^(src|drivers)/', pathNot: TEST },
      to: { path: TEST },
    },
    {
      name: 'only-main-imports-gateway',
      severity: 'error',
      from: { path: '^src/', pathNot: `${TEST}|^src/(main|gateway)\\.ts$|^src/cli/|^src/gateway/examining\\.ts$` },
      to: { path: '^src/(main|gateway)\\.ts$' },
    },
    { name: 'resolvable', severity: 'error', from: { path: '^(src|drivers|sdk|cli)/', pathNot: TYPES }, to: { couldNotResolve: true } },
    {
      name: 'no-dev-dependency-at-run-time',
      comment: '`npm start` bundles all of these, and installs no tools.',
      severity: 'error',
      from: { path: '^(src|drivers|sdk|cli|console)/', pathNot: TEST },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
    },
  ],
  options: {
    doNotFollow: { path: '^node_modules/' },
    // Imports of types count: a room must not even know the words of one it may not use. (Read by swc's parser.)
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['require', 'node', 'default', 'types'] },
  },
};
