import * as fc from 'fast-check';
import type { ListedGroup } from '../../../src/clouds/driver';
import { GROUPS, METHOD_KINDS } from '../../../src/clouds/driver';
import { ProviderError } from '../../../src/clouds/errors';
import { imageStates, machineStates, networkPortStates, networkStates, volumeStates } from '../../../src/model/states';
import type { Bench, Counterpart } from '../counterpart';
import { context, pagesOf } from '../counterpart';

/** Attributes that every item of the type must have, and those every provider supports (DSP0263 5.14, 5.16). */
const MANDATORY: Readonly<Record<string, readonly string[]>> = {
  Machine: ['state', 'memory'],
  MachineConfiguration: ['memory'],
  MachineImage: ['state', 'type', 'imageLocation'],
  Disk: ['capacity'],
  MachineVolume: ['volume'],
  MachineNetworkInterface: ['network', 'state'],
  Volume: ['state', 'type', 'capacity', 'bootable'],
  VolumeConfiguration: ['type', 'capacity'],
  VolumeImage: ['state', 'imageLocation', 'bootable'],
  Network: ['state', 'networkType'],
  NetworkPort: ['state', 'network', 'portType', 'classOfService'],
  Address: ['ip', 'allocation', 'protocol', 'network'],
};
/** Mandatory, but only while there is something to say (D030). */
const AT_TIMES: Readonly<Record<string, readonly string[]>> = { Address: ['resource'] };
/** Types whose items live in another. */
const OWNED = ['Disk', 'MachineVolume', 'MachineNetworkInterface'];
const COMMON = ['name', 'description', 'properties', 'created', 'updated'];
const STATES: Readonly<Record<string, readonly string[]>> = {
  Machine: machineStates,
  MachineImage: imageStates,
  Volume: volumeStates,
  VolumeImage: imageStates,
  Network: networkStates,
  NetworkPort: networkPortStates,
};
/** Methods that ask the provider nothing. */
const PURE = ['holds', 'sized', 'keyOf'];
const GIVEN_STATES = ['STARTED', 'STOPPED', 'PAUSED', 'SUSPENDED'];

async function itemsAreDeclared({ driver }: Counterpart, group: ListedGroup): Promise<void> {
  const type = GROUPS[group];
  const brought = (driver.capabilities.extensions ?? []).filter(({ types }) => types.includes(type)).map(({ name }) => name);
  const declared = [...(driver.capabilities.types[type]?.attributes ?? []), ...brought];
  for (const item of (await pagesOf(driver, group)).flat()) {
    expect(item.key).not.toBe('');
    const names = Object.keys(item.values).filter((name) => item.values[name] !== undefined);
    for (const name of MANDATORY[type] ?? []) expect(names).toContain(name);
    const undeclared = names.filter(
      (name) => ![...COMMON, ...(MANDATORY[type] ?? []), ...(AT_TIMES[type] ?? []), ...declared].includes(name),
    );
    expect(undeclared).toEqual([]);
    if (OWNED.includes(type)) expect(item.owner).toMatch(/./);
    if (item.created !== undefined) expect(new Date(item.created).toJSON()).not.toBeNull();
  }
}

function machineCapabilities({ driver }: Counterpart): void {
  const said = driver.capabilities.types['Machine']?.capabilities ?? {};
  const initial = (said['InitialStates'] ?? []) as readonly string[];
  for (const state of initial) expect(GIVEN_STATES).toContain(state);
  if (said['DefaultInitialState'] !== undefined && initial.length > 0) expect(initial).toContain(said['DefaultInitialState']);
  const needs: [string, keyof NonNullable<typeof driver.machines>][] = [
    ['MachineStopForce', 'stop'],
    ['RestoreFromImage', 'restore'],
    ['MachineConfigByValue', 'create'],
    ['MachineTemplateByValue', 'create'],
  ];
  for (const [capability, method] of needs) if (said[capability] === true) expect(driver.machines?.[method]).toBeDefined();
  for (const part of ['Config', 'Credential', 'Image', 'VolumeTemplates']) {
    if (said[`Machine${part}ByValue`] === true) expect(said['MachineTemplateByValue']).toBe(true);
  }
  if (said['MachineCredentialByValue'] === true) expect(driver.credentials).toBeDefined();
  if (said['UserData'] !== undefined) expect(['metadata', 'disk', 'imgmod']).toContain(said['UserData']);
  if (initial.includes('STOPPED') && said['DefaultInitialState'] === 'STARTED') expect(driver.machines?.stop).toBeDefined();
}

function holdsTwice({ driver }: Counterpart): void {
  const naming = fc.record(
    {
      name: fc.string({ maxLength: 300, unit: 'binary' }),
      description: fc.string({ maxLength: 2000 }),
      properties: fc.dictionary(fc.string({ maxLength: 150 }), fc.string({ maxLength: 300 }), { maxKeys: 60, noNullPrototype: true }),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(naming, (given) => {
      const held = driver.machines?.holds?.(given) ?? {};
      expect(driver.machines?.holds?.(held) ?? {}).toEqual(held);
      if (held.name !== undefined) expect(held.name).toBe(given.name);
      if (held.description !== undefined) expect(held.description).toBe(given.description);
      for (const [key, value] of Object.entries(held.properties ?? {})) expect(given.properties?.[key]).toBe(value);
    }),
    { numRuns: 50 },
  );
}

/** What a driver says of itself, against what it does. */
export function shapeTests(bench: Bench): void {
  bench.test('every method is known to the contract with its kind', async ({ driver }) => {
    const groups = [...Object.keys(GROUPS), 'credentials'] as const;
    for (const name of groups) {
      const group = driver[name as keyof typeof driver] as unknown as Record<string, unknown> | undefined;
      for (let part: unknown = group; part && part !== Object.prototype; part = Object.getPrototypeOf(part)) {
        const methods = Object.getOwnPropertyNames(part).filter((key) => key !== 'constructor' && typeof group?.[key] === 'function');
        for (const method of methods) if (!PURE.includes(method)) expect([...Object.keys(METHOD_KINDS)]).toContain(method);
      }
    }
    expect(driver.capabilities.settleMs).toBeGreaterThanOrEqual(0);
  });
  bench.test('declared capabilities agree with the methods', async (counterpart) => machineCapabilities(counterpart));
  for (const group of bench.groups.filter((each) => each !== 'machines')) {
    bench.test(`${group}: items have every mandatory attribute and no undeclared one`, async (counterpart) => {
      const takeAway = await counterpart.populate(group, 3);
      try {
        await itemsAreDeclared(counterpart, group);
      } finally {
        await takeAway();
      }
    });
  }
  bench.test('the options schema refuses an unknown option and accepts the known ones', async ({ module, options }) => {
    expect(module.options.safeParse(options).success).toBe(true);
    expect(module.options.safeParse({ ...options, noSuchOption: 1 }).success).toBe(false);
  });
  bench.test('the self-examination finds nothing wrong', async ({ driver }) => {
    const findings = await driver.check(context());
    expect(findings.length).toBeGreaterThan(0);
    expect(findings.filter((finding) => !finding.ok)).toEqual([]);
  });
  bench.test('the state tables are complete and know only states of the standard', async ({ machineStates, otherStates }) => {
    expect(Object.keys(machineStates).length).toBeGreaterThan(0);
    const tables = Object.entries({ Machine: machineStates, ...otherStates });
    expect(tables.map(([type]) => type)).toEqual(
      expect.arrayContaining(bench.groups.map((group) => GROUPS[group]).filter((type) => STATES[type])),
    );
    for (const [type, table] of tables) {
      for (const [state, meaning] of Object.entries(table)) {
        expect([type, state, [...(STATES[type] ?? []), 'absent'].includes(String(meaning))]).toEqual([type, state, true]);
      }
    }
  });
  bench.test('units: a request is never rounded down, and putting back what was reported changes nothing', async ({ units }) => {
    expect(units.length).toBeGreaterThan(0);
    for (const { request, report, range } of units) {
      fc.assert(fc.property(fc.integer(range), (own) => request(report(own)) === own));
      const reported = { min: Math.max(1, report(range.min)), max: report(range.max) };
      fc.assert(fc.property(fc.integer(reported), (cimi) => report(request(cimi)) >= cimi));
    }
  });
  bench.test('what the provider is asked to hold is a part of what was given, and held again is the same', async (counterpart) => {
    holdsTwice(counterpart);
  });
  bench.test('provider failures cross as their kinds, with words', async ({ driver, failNextRead, provokes }) => {
    if (!failNextRead || !provokes) throw new Error('no failures can be provoked: skip this test by name, with the reason');
    for (const kind of provokes) {
      await failNextRead(kind);
      const error = await pagesOf(driver, 'machines').then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(error).toBeInstanceOf(ProviderError);
      expect(error).toMatchObject({ kind, message: expect.stringMatching(/\S/) as string });
    }
  });
  bench.test('a call that is given up throws a ProviderError', async ({ driver, fixtures }) => {
    const aborted = { signal: AbortSignal.abort() };
    await expect(driver.machineConfigs?.getMany([fixtures.config], aborted)).rejects.toBeInstanceOf(ProviderError);
  });
}
