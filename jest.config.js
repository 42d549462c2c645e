// One configuration for every suite; a suite is chosen by path (npm scripts in package.json).
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/src', '<rootDir>/drivers', '<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  transform: {
    '^.+\\.ts$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2023' }, module: { type: 'commonjs' } }],
  },
  globalSetup: '<rootDir>/test/backends/run-begins.cjs',
  globalTeardown: '<rootDir>/test/backends/run-ends.cjs',
  maxWorkers: 2,
  testTimeout: 60000,
};
