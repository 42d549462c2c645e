// One configuration for every suite; a suite is chosen by path (npm scripts in package.json).
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/src', '<rootDir>/drivers', '<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  transform: {
    '^.+\\.ts$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2023' }, module: { type: 'commonjs' } }],
    // A module without a script's form, which a sandbox can't require, and one that imports what a sandbox can only require.
    '/node_modules/(jose|openid-client|oauth4webapi|@opentelemetry/otlp-exporter-base)/.+\\.js$': ['@swc/jest', { jsc: { parser: { syntax: 'ecmascript' }, target: 'es2023' }, module: { type: 'commonjs' } }],
  },
  transformIgnorePatterns: ['/node_modules/(?!(jose|openid-client|oauth4webapi|@opentelemetry/otlp-exporter-base)/)'],
  // Not with the temporary files: those are of one run.
  cacheDirectory: '<rootDir>/node_modules/.cache/jest',
  globalSetup: '<rootDir>/test/backends/run-begins.cjs',
  globalTeardown: '<rootDir>/test/backends/run-ends.cjs',
  testSequencer: '<rootDir>/test/backends/longest-first.cjs',
  // A sandbox looks each of these up by name, which takes hundreds of times what the engine's own take: the modules get them handed in.
  sandboxInjectedGlobals: ['Array', 'Object', 'Number', 'String', 'Symbol', 'Map', 'Set', 'Math', 'JSON', 'Reflect'],
  // Two cores bear three: many files wait for a counterpart.
  maxWorkers: 3,
  // A guard against hanging, above the longest wait of a test (test/harness/wait.ts): never an expectation of speed.
  testTimeout: 300_000,
};
