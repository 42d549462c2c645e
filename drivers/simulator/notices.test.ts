import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Driver } from '../../src/clouds/driver';
import type { Value } from '../../src/model/values';
import { openControl, type SimulatorControl } from './control';
import { driver as simulator } from './index';
import { optionsSchema } from './options';

const context = () => ({ signal: AbortSignal.timeout(10_000) });

describe('what the simulated cloud tells by itself', () => {
  let dataDir: string;
  let control: SimulatorControl;
  const open: Driver[] = [];
  const events = async (options: object = {}): Promise<NonNullable<Driver['events']>> => {
    const driver = await simulator.connect(optionsSchema.parse({ pageSize: 2, ...options }), { dataDir, warn: () => undefined });
    open.push(driver);
    if (!driver.events) throw new Error('it tells nothing');
    return driver.events;
  };
  const alarm = (code: string) => ({ kind: 'alarm', code, thing: { kind: 'instance', id: 'vm-a' } }) as const;

  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'simulator-'));
    control = openControl(join(dataDir, 'simulator.sqlite'));
  });
  afterEach(async () => {
    for (const driver of open.splice(0)) await driver.close();
    control.close();
    rmSync(dataDir, { recursive: true });
  });

  it('is what is pending for who asks first, then all that came since, oldest first, once', async () => {
    const { since } = await events();
    control.tell(alarm('past'));
    const id = control.tell({ ...alarm('maintenance'), pending: true, text: 'will be rebooted', severity: 'high', at: 5000 });
    const first = await since(undefined, context());
    expect(first.events).toEqual([
      { id, at: 5000, kind: 'alarm', code: 'maintenance', detail: 'will be rebooted', severity: 'high', type: 'Machine', key: 'vm-a' },
    ]);
    expect(await since(first.cursor, context())).toEqual({ events: [], cursor: first.cursor });
    for (const code of ['a', 'b', 'c', 'd', 'e']) control.tell(alarm(code));
    const next = await (await events()).since(JSON.parse(JSON.stringify(first.cursor)) as Value, context());
    expect(next.events.map(({ code }) => code)).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect((await since(next.cursor, context())).events).toEqual([]);
  });
  it('is told in the words of the model', async () => {
    const { since } = await events();
    const { cursor } = await since(undefined, context());
    control.tell({ kind: 'state', code: 'PhaseChanged', thing: { kind: 'volume', id: 'vol-a' }, phase: 'ready' });
    control.tell({ kind: 'model', code: 'Removed', thing: { kind: 'nic', id: 'nic-a' }, change: 'delete' });
    expect((await since(cursor, context())).events).toMatchObject([
      { kind: 'state', type: 'Volume', key: 'vol-a', state: 'AVAILABLE', detail: 'PhaseChanged' },
      { kind: 'model', change: 'delete', code: 'Removed' },
    ]);
  });
  it('begins anew with a cursor of another account, or one that is none', async () => {
    const { since } = await events();
    control.tell({ ...alarm('maintenance'), pending: true });
    for (const cursor of [99, 'x', { a: 1 }, -0.5, null]) expect((await since(cursor, context())).events).toHaveLength(1);
  });
  it('is told with the thing alone where that is set, but for what is of the whole account', async () => {
    const { since, of } = await events({ eventsOfOne: true });
    const { cursor } = await since(undefined, context());
    control.tell(alarm('of one'));
    control.tell({ kind: 'alarm', code: 'of all' });
    expect((await since(cursor, context())).events.map(({ code }) => code)).toEqual(['of all']);
    expect((await of?.({ type: 'Machine', key: 'vm-a' }, context()))?.map(({ code }) => code)).toEqual(['of one']);
    expect(await of?.({ type: 'Machine', key: 'vm-b' }, context())).toEqual([]);
    expect(await of?.({ type: 'System', key: 'vm-a' }, context())).toEqual([]);
    expect((await events()).of).toBeUndefined();
  });
});
