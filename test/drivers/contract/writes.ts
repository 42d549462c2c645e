import { ProviderError } from '../../../src/clouds/errors';
import type { Bench, Counterpart } from '../counterpart';
import { context, dropMachine, machinesMethod, makeMachine, marks, pagesOf } from '../counterpart';
import { MACHINE } from './scene';
import { elapse, waitUntil } from '../../harness/wait';

/** Looks a tag up until it shows `count` items, at least for the driver's settle time. */
async function findSettled({ driver }: Counterpart, own: { token: string; tag: string }): Promise<string[]> {
  const find = machinesMethod(driver, 'find');
  await waitUntil(async () => (await find(own, context())).length > 0);
  await elapse(driver.capabilities.settleMs);
  return (await find(own, context())).map((item) => item.key);
}

async function sameTokenOnce(counterpart: Counterpart): Promise<void> {
  const { driver, fixtures } = counterpart;
  const create = machinesMethod(driver, 'create');
  const request = { ...marks(), config: fixtures.config, image: fixtures.image, name: 'twin' };
  const first = await create(request, context());
  const second = await create(request, context());
  expect(second.key).toBe(first.key);
  expect(await findSettled(counterpart, request)).toEqual([first.key]);
  await dropMachine(counterpart, first.key);
}

async function lostAnswer(counterpart: Counterpart): Promise<void> {
  const { driver, fixtures, loseAnswer } = counterpart;
  if (!loseAnswer) throw new Error('the counterpart has no way to lose the answer of a create');
  const request = { ...marks(), config: fixtures.config, image: fixtures.image };
  await loseAnswer('machines.create');
  const error = await machinesMethod(driver, 'create')(request, context()).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ProviderError);
  expect(error).toMatchObject({ maybeDone: true, passing: true });
  const keys = await findSettled(counterpart, request);
  expect(keys).toHaveLength(1);
  for (const key of keys) await dropMachine(counterpart, key);
}

async function exactTag(counterpart: Counterpart): Promise<void> {
  const { driver } = counterpart;
  const { tag } = marks('exact');
  const others = [`${tag}x`, tag.toUpperCase(), tag.slice(0, -1)];
  const made = [];
  for (const each of [tag, ...others]) made.push(await makeMachine(counterpart, { tag: each }));
  const [wanted] = made;
  const find = machinesMethod(driver, 'find');
  expect((await find({ token: String(wanted?.token), tag }, context())).map((item) => item.key)).toEqual([wanted?.key]);
  for (const pattern of ['*', `${tag.slice(0, 8)}*`, '?', '']) expect(await find({ token: 'none', tag: pattern }, context())).toEqual([]);
  for (const { key } of made) await dropMachine(counterpart, key);
  expect(await find({ token: String(wanted?.token), tag }, context())).toEqual([]);
}

/** Writes that may have happened, and writes that are refused. */
export function writeTests(bench: Bench): void {
  bench.test('creating twice with one token makes one machine', MACHINE, (counterpart) => sameTokenOnce(counterpart));
  bench.test('a create whose answer is lost may have happened, and is found by its tag', MACHINE, (counterpart) => lostAnswer(counterpart));
  bench.test('find takes the tag exactly, and nothing that is gone', MACHINE, (counterpart) => exactTag(counterpart));
  bench.test(
    'creating from a missing image or configuration is refused and makes nothing',
    ['machines.create', 'machineImages', 'machineConfigs'],
    async ({ driver, fixtures }) => {
      const create = machinesMethod(driver, 'create');
      const before = (await pagesOf(driver, 'machines')).flat().length;
      for (const wrong of [{ image: String(fixtures.missing.machineImages) }, { config: String(fixtures.missing.machineConfigs) }]) {
        const request = { ...marks(), config: fixtures.config, image: fixtures.image, ...wrong };
        const error = await create(request, context()).catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(ProviderError);
        expect(['invalid', 'notFound']).toContain((error as ProviderError).kind);
        expect((error as ProviderError).maybeDone).toBe(false);
      }
      expect((await pagesOf(driver, 'machines')).flat().length).toBe(before);
    },
  );
  bench.test(
    'a credential is imported once, used by a create, and deleted twice',
    ['credentials.import', ...MACHINE],
    async (counterpart) => {
      const { driver, fixtures } = counterpart;
      const { credentials } = driver;
      if (!credentials) throw new Error('credentials are not offered');
      const request = { ...marks('key'), publicKey: fixtures.publicKey };
      const { key } = await credentials.import(request, context());
      expect((await credentials.import(request, context())).key).toBe(key);
      // What is found again after its record was lost is known by its tag.
      expect(credentials.keyOf?.(request.tag) ?? key).toBe(key);
      const own = marks();
      const made = await machinesMethod(driver, 'create')(
        {
          ...own,
          config: fixtures.config,
          image: fixtures.image,
          credential: key,
          userData: Buffer.from('#!/bin/sh\n').toString('base64'),
        },
        context(),
      );
      await dropMachine(counterpart, made.key);
      await credentials.delete(key, context());
      await credentials.delete(key, context());
    },
  );
}
