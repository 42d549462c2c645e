import * as fc from 'fast-check';
import type { ListedGroup } from '../../../src/clouds/driver';
import type { Updating } from '../../../src/clouds/contract';
import { capabilitiesOf } from '../../../src/clouds/derived-capabilities';
import { GROUPS, METHOD_KINDS } from '../../../src/clouds/driver';
import { ProviderError } from '../../../src/clouds/errors';
import { standardCatalogue } from '../../../src/model/catalogue';
import type { Bench, Counterpart } from '../counterpart';
import { context, pagesOf } from '../counterpart';
import { STATES } from '../tables/expectations';

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
/** Methods that ask the provider nothing. */
const PURE = ['holds', 'sized', 'keyOf', 'offers'];
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
    if (STATES[type]) expect(STATES[type]).toContain(item.values['state']);
    if (OWNED.includes(type)) expect(item.owner).toMatch(/./);
    // Properties are the Consumer's (5.2): what was made past the gateway, or is the provider's own, has none.
    if (item.tag === undefined) expect([item.key, item.values.properties]).toEqual([item.key, undefined]);
    if (item.created !== undefined) expect(new Date(item.created).toJSON()).not.toBeNull();
  }
}

function machineCapabilities({ driver }: Counterpart): void {
  const said = capabilitiesOf(driver).types['Machine']?.capabilities ?? {};
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

/** Tests what a driver says of itself against what it does. */
export function shapeTests(bench: Bench): void {
  bench.test('every method is known to the contract with its kind', [], async ({ driver }) => {
    const groups = [...Object.keys(GROUPS), 'credentials', 'meters', 'events'] as const;
    for (const name of groups) {
      const group = driver[name as keyof typeof driver] as unknown as Record<string, unknown> | undefined;
      // Up to what every object has; a driver that Node's own loader brought has an Object of another realm.
      for (let part: unknown = group; part && Object.getPrototypeOf(part) !== null; part = Object.getPrototypeOf(part)) {
        const methods = Object.getOwnPropertyNames(part).filter((key) => key !== 'constructor' && typeof group?.[key] === 'function');
        for (const method of methods) if (!PURE.includes(method)) expect([...Object.keys(METHOD_KINDS)]).toContain(method);
      }
    }
    expect(driver.capabilities.settleMs).toBeGreaterThanOrEqual(0);
  });
  bench.test(
    'what can be updated says which attributes it takes, all of them such that a Consumer may write (D159)',
    [],
    async ({ driver }) => {
      const catalogue = standardCatalogue();
      for (const [name, type] of Object.entries(GROUPS)) {
        const group: object = driver[name as ListedGroup] ?? {};
        const changes = Object.entries((Reflect.get(group, 'changes') as Updating['changes']) ?? {});
        expect([name, changes.length > 0]).toEqual([name, typeof Reflect.get(group, 'update') === 'function']);
        // An Address may be kept although its allocation is read-only (D014).
        const declared = catalogue.attributesOf(type);
        const writable = ([attribute]: [string, unknown]) =>
          declared[attribute]?.consumer.endsWith('read-write') || attribute === 'allocation';
        expect(changes.filter((change) => !writable(change))).toEqual([]);
      }
    },
  );
  bench.test('declared capabilities agree with the methods', ['machines'], async (counterpart) => machineCapabilities(counterpart));
  for (const group of Object.keys(GROUPS) as ListedGroup[]) {
    bench.test(`${group}: items have every mandatory attribute and no undeclared one`, [group], async (counterpart) => {
      const takeAway = await counterpart.populate(group, 3);
      try {
        await itemsAreDeclared(counterpart, group);
      } finally {
        await takeAway();
      }
    });
  }
  bench.test('the options schema refuses an unknown option and accepts the known ones', [], async ({ module, options }) => {
    expect(module.options.safeParse(options).success).toBe(true);
    expect(module.options.safeParse({ ...options, noSuchOption: 1 }).success).toBe(false);
  });
  bench.test('the self-examination finds nothing wrong', [], async ({ driver }) => {
    const findings = await driver.check(context());
    expect(findings.length).toBeGreaterThan(0);
    expect(findings.filter((finding) => !finding.ok)).toEqual([]);
  });
  bench.test(
    'quotas are whole numbers of things that are named once, and a machine counts',
    ['quotas', 'machines.create'],
    async (counterpart) => {
      const takeAway = await counterpart.populate('machines', 1);
      try {
        const quotas = (await counterpart.driver.quotas?.(context())) ?? [];
        expect(new Set(quotas.map(({ of }) => of)).size).toBe(quotas.length);
        for (const { limit, used } of quotas) expect([limit, used].every((each) => Number.isSafeInteger(each) && each >= 0)).toBe(true);
        expect(quotas.find(({ of }) => of === 'machines')?.used ?? 1).toBeGreaterThan(0);
      } finally {
        await takeAway();
      }
    },
  );
  bench.test(
    'units: a request is never rounded down, and putting back what was reported changes nothing',
    ['machines.create'],
    async ({ units = [] }) => {
      expect(units.length).toBeGreaterThan(0);
      for (const { request, report, range } of units) {
        fc.assert(fc.property(fc.integer(range), (own) => request(report(own)) === own));
        const reported = { min: Math.max(1, report(range.min)), max: report(range.max) };
        fc.assert(fc.property(fc.integer(reported), (cimi) => report(request(cimi)) >= cimi));
      }
    },
  );
  bench.test(
    'what the provider is asked to hold is a part of what was given, and held again is the same',
    ['machines.holds'],
    async (counterpart) => {
      holdsTwice(counterpart);
    },
  );
  bench.test('provider failures cross as their kinds, with words', ['machines'], async ({ driver, failNextRead, provokes }) => {
    expect(provokes).not.toEqual([]);
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
  bench.test('a call that is given up throws a ProviderError', ['machines'], async ({ driver, fixtures }) => {
    const aborted = { signal: AbortSignal.abort() };
    await expect(driver.machines?.getMany([fixtures.missing.machines], aborted)).rejects.toBeInstanceOf(ProviderError);
  });
}
