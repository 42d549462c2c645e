import { createCipher, WrongKeyError } from '../../src/store/cipher';
import type { Store } from '../../src/store/store';
import { failure, newJob, resourceRow, type Bench } from './fixture';

const NEXT = Buffer.alloc(32, 9);

/** Keys that change while others go on. */
export function keyContract(current: () => Bench): void {
  const both = (): Promise<Store> => current().another(createCipher(NEXT, [current().key]));
  const nextOnly = (): Promise<Store> => current().another(createCipher(NEXT));
  const secret = async (store: Store, path: string) => (await store.resource(path))?.secrets;

  /** Something in every place where secrets lie. */
  async function fill(store: Store, rows = 7): Promise<void> {
    await store.transaction(async (unit) => {
      for (let n = 0; n < rows; n++) await unit.insertResource(resourceRow(`machines/${n}`, { secrets: { n } }));
      await unit.insertResource(resourceRow('machines/plain'));
      // What a user wrote is not taken for what is sealed.
      await unit.insertResource(
        resourceRow('machines/gone', { providerKey: 'i-1', secrets: { gone: true }, values: { name: '"secrets":"v1.00000000.x"' } }),
      );
      await unit.insertJob(newJob('j1', { input: { password: 'p' } }));
      await unit.takeAway('machines/gone', []);
    });
    const leased = await store.leaseJob('j1', 'w', 60_000);
    await store.transaction((unit) => unit.advanceJob('j1', leased?.epoch ?? 0, { results: { a: { b: 1 } }, memory: { c: 2 } }));
  }

  test('all that is sealed is sealed anew, and read with the new key alone; nothing else of it changes', async () => {
    const { store } = current();
    await fill(store);
    const rotating = await both();
    expect((await rotating.keys.use()).map(({ known, values }) => [known, values])).toEqual([
      [true, 0],
      [true, 11],
    ]);
    const tags = store.keys.lasting('identity tags');
    const before = await store.resource('machines/3');
    expect(await rotating.keys.rotate({ batch: 2 })).toEqual({ sealed: 11, unreadable: { count: 0, places: [] }, left: 0 });
    expect((await rotating.keys.use()).map(({ values }) => values)).toEqual([11, 0]);
    const after = await nextOnly();
    expect(await after.resource('machines/3')).toEqual(before);
    expect(await after.job('j1')).toMatchObject({ input: { password: 'p' }, results: { a: { b: 1 } }, memory: { c: 2 } });
    const back = await after.transaction((unit) => unit.bringBack('machines/gone', 'i-1'));
    expect(back).toMatchObject({ secrets: { gone: true }, values: { name: '"secrets":"v1.00000000.x"' } });
    expect(after.keys.lasting('identity tags')).toEqual(tags);
    expect((await after.checkAudit([])).faults).toEqual([]);
    expect(await failure(current().another())).toBeInstanceOf(WrongKeyError);
    expect((await after.keys.rotate()).sealed).toBe(0);
  });

  test('broken off, it goes on where it was; until it is through the new key alone is refused', async () => {
    await fill(current().store);
    const cut = (await both()).keys.rotate({
      batch: 1,
      onBatch: (sealed) => {
        if (sealed === 4) throw new Error('killed');
      },
    });
    await expect(cut).rejects.toThrow('killed');
    expect(await failure(nextOnly())).toBeInstanceOf(WrongKeyError);
    const again = await both();
    expect((await again.keys.use()).map(({ values }) => values)).toEqual([4, 7]);
    expect((await again.keys.rotate()).sealed).toBe(7);
    expect(await secret(await nextOnly(), 'machines/6')).toEqual({ n: 6 });
  });

  test('a change that comes meanwhile, sealed with either key, is never undone', async () => {
    const { store } = current();
    await fill(store);
    const rotating = await both();
    const change = async (by: Store, path: string, n: number) =>
      by.transaction((unit) => unit.updateResource(path, undefined, { secrets: { n } }));
    const { left } = await rotating.keys.rotate({
      batch: 1,
      onBatch: async (sealed) => {
        if (sealed === 2) await change(store, 'machines/0', 100);
        if (sealed === 3) await change(store, 'machines/5', 105);
        if (sealed === 4) await change(rotating, 'machines/6', 106);
      },
    });
    expect(left).toBe(0);
    const after = await nextOnly();
    expect(await Promise.all([0, 5, 6].map((n) => secret(after, `machines/${n}`)))).toEqual([{ n: 100 }, { n: 105 }, { n: 106 }]);
  });

  test('a process that goes on writing with the former key is told of, and the former key still opens the store', async () => {
    const { store } = current();
    await fill(store);
    let round = 0;
    const { left } = await (
      await both()
    ).keys.rotate({
      onBatch: async () => {
        round += 1;
        await store.transaction((unit) => unit.insertResource(resourceRow(`machines/0${round}`, { secrets: { round } })));
      },
    });
    expect(left).toBeGreaterThan(0);
    expect(await failure(nextOnly())).toBeInstanceOf(WrongKeyError);
    expect(await (await current().another()).resource('machines/plain')).toBeDefined();
  });

  test('what no key opens is told of by its place, and the rest is sealed anew', async () => {
    await fill(current().store);
    await current().direct((db) =>
      db.updateTable('resources').set({ secrets: 'v1.00000000.AAAA' }).where('path', '=', 'machines/2').execute(),
    );
    const rotating = await both();
    expect((await rotating.keys.use()).find(({ known }) => !known)).toEqual({ key: '00000000', known: false, values: 1 });
    const { sealed, unreadable } = await rotating.keys.rotate();
    expect([sealed, unreadable]).toEqual([10, { count: 1, places: ['resources/machines/2/secrets'] }]);
  });
}
