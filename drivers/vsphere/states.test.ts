import { connectionWords, imageState, machineState, networkState } from './states';

const machine = (more: Partial<Parameters<typeof machineState>[0]>) =>
  machineState({ power: 'poweredOn', connection: 'connected', guest: undefined, configured: true, ...more });

test.each([
  ['poweredOn', 'STARTED'],
  ['poweredOff', 'STOPPED'],
  ['suspended', 'SUSPENDED'],
])('%s is %s', (power, state) => {
  expect(machine({ power })).toEqual({ state });
});

test('a guest that shuts down is STOPPING, but not once the machine is off', () => {
  expect(machine({ guest: 'shuttingDown' }).state).toBe('STOPPING');
  expect(machine({ guest: 'running' }).state).toBe('STARTED');
  expect(machine({ guest: 'shuttingDown', power: 'poweredOff' }).state).toBe('STOPPED');
});

test('without a configuration it is being made', () => {
  expect(machine({ configured: false, power: 'poweredOff' })).toEqual({ state: 'CREATING' });
});

test.each(['disconnected', 'inaccessible', 'invalid', 'orphaned'])('%s is ERROR with words, whatever the power state', (connection) => {
  for (const power of ['poweredOn', 'poweredOff']) {
    expect(machine({ connection, power, configured: false })).toEqual({
      state: 'ERROR',
      message: expect.stringContaining(connection) as string,
    });
  }
  expect(imageState({ connection, runs: false })).toMatchObject({ state: 'ERROR' });
});

test('words that the tables do not know are ERROR and named', () => {
  expect(machine({ power: 'levitating' })).toMatchObject({ state: 'ERROR', unmapped: 'levitating' });
  expect(machine({ power: undefined })).toMatchObject({ state: 'ERROR', unmapped: 'unknown' });
  expect(machine({ connection: 'somewhere' })).toMatchObject({ state: 'ERROR', unmapped: 'somewhere' });
  expect(machine({ power: 'constructor' })).toMatchObject({ state: 'ERROR', unmapped: 'constructor' });
});

test('a template that runs is not what it claims to be', () => {
  expect(imageState({ connection: 'connected', runs: false })).toEqual({ state: 'AVAILABLE' });
  expect(imageState({ connection: 'connected', runs: true })).toMatchObject({
    state: 'ERROR',
    message: expect.stringContaining('on') as string,
  });
});

// VirtualMachineConnectionState of the vSphere Web Services API says what each means.
test.each([
  ['disconnected', /lost the host/],
  ['inaccessible', /files .* cannot be reached/],
  ['invalid', /configuration .* cannot be read/],
  ['orphaned', /host does not know the machine/],
  ['somewhere', /^vCenter shows the connection state somewhere$/],
])('nothing can be done to a machine that is %s, with the reason', (connection, words) => {
  expect(connectionWords(connection)).toMatch(words);
  expect(imageState({ connection, runs: true }).message).toMatch(words);
});

test('of a machine that is connected, or that says nothing, no reason is told', () => {
  expect([connectionWords('connected'), connectionWords(undefined)]).toEqual([undefined, undefined]);
  expect(machine({ connection: undefined })).toEqual({ state: 'STARTED' });
  expect(machine({ power: 'levitating' }).message).toBe('vCenter shows the power state levitating');
  expect(machine({ guest: 'constructor' })).toEqual({ state: 'STARTED' });
});

// NetworkSummary.accessible: at least one host provides the network.
test.each([
  [true, { state: 'STARTED' }],
  [false, { state: 'ERROR' }],
  ['true', { state: 'STARTED' }],
  [undefined, { state: 'ERROR' }],
  ['perhaps', { state: 'ERROR', unmapped: 'perhaps' }],
  [null, { state: 'ERROR', unmapped: 'null' }],
  ['constructor', { state: 'ERROR', unmapped: 'constructor' }],
])('a network with accessible %j is %j', (accessible, reading) => expect(networkState(accessible)).toEqual(reading));
