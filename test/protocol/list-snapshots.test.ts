import fc from 'fast-check';
import { foreignInstance } from '../../drivers/simulator/control';
import type { CimiRequest, CimiResponse, Principal } from '../../src/protocol/messages';
import { ListSnapshots } from '../../src/reader/list-snapshots';
import { simulatedCloud } from '../harness/gateway';
import { machineCreate, openScene, type Scene } from './scene';

/**
 * Lists of which only what has changed is put together again, against the same lists put together from the beginning: after any
 * changes, while Jobs are under way, for two tenants and both roles, in both formats and in every shape. What a client gets is the same,
 * byte for byte.
 */
let scene: Scene;
/** True while lists are put together from the beginning, and nothing is kept of them. */
let whole = false;
/** Lists that were put together of a snapshot. */
let followed = 0;
const { current, add } = ListSnapshots.prototype;
const spies = [
  jest.spyOn(ListSnapshots.prototype, 'current').mockImplementation(async function (this: ListSnapshots, ...args) {
    const founds = whole ? undefined : await current.apply(this, args);
    if (founds) followed += 1;
    return founds;
  }),
  jest.spyOn(ListSnapshots.prototype, 'add').mockImplementation(function (this: ListSnapshots, ...args) {
    if (!whole) add.apply(this, args);
  }),
];

const TENANTS = ['a', 'b'] as const;
type Tenant = (typeof TENANTS)[number];
const caller = (tenant: Tenant, role: Principal['role'] = 'admin'): Principal => ({ name: `${role}-of-${tenant}`, tenant, role });
const CALLERS = [caller('a'), caller('b'), caller('a', 'reader')];

/** `slow` is one whose answers are kept for as long as the test lasts; `quick` one that shows at once what its own console changes. */
beforeAll(async () => {
  const both = { tenants: [...TENANTS], discoveredTenant: 'a' };
  const slow = { ...simulatedCloud(), ...both, guard: { cacheMs: 600_000 } };
  const quick = { ...simulatedCloud(), ...both, guard: { cacheMs: 30 } };
  scene = await openScene({ config: { clouds: { sim: slow, quick }, defaultCloud: 'sim', jobs: { graceMs: 5 } } });
  for (const cloud of ['sim', 'quick']) scene.controlOf(cloud).add([1, 2, 3].map((number) => foreignInstance(`i-${number}`)));
});
afterAll(async () => {
  for (const spy of spies) spy.mockRestore();
  await scene.close();
});

const ask = (principal: Principal, method: string, target: string, body?: object, headers: CimiRequest['headers'] = {}) => {
  const [path = '', query = ''] = target.split('?');
  const pairs = query === '' ? [] : query.split('&').map((pair) => pair.split(/=(.*)/s, 2) as [string, string]);
  const bytes = body && { body: Buffer.from(JSON.stringify(body)) };
  const given = { 'content-type': 'application/json', ...headers };
  return scene.gateway.gateway.handle({ method, path, query: pairs, headers: given, principal, requestId: 'r', ...bytes });
};

/** Answer as a client sees it, but for its age; made anew, never a whole one that was kept. */
async function seen(principal: Principal, target: string, accept: string): Promise<string> {
  const { status, headers, body = [] } = await ask(principal, 'GET', target, undefined, { accept, prefer: 'handling=lenient' });
  const { Age: _age, ...told } = headers;
  return JSON.stringify([status, told, Buffer.concat(body).toString()]);
}

async function fromTheBeginning(...args: Parameters<typeof seen>): Promise<string> {
  whole = true;
  try {
    return await seen(...args);
  } finally {
    whole = false;
  }
}

/** Holds a list against the same put together from the beginning before and after: where these agree, nothing has changed meanwhile. */
async function compare(...args: Parameters<typeof seen>): Promise<string> {
  for (let left = 200; ; left -= 1) {
    const before = await fromTheBeginning(...args);
    const now = await seen(...args);
    const after = await fromTheBeginning(...args);
    if (left > 0 && before !== after) continue;
    expect([args[0].name, args[1], now]).toEqual([args[0].name, args[1], after]);
    return now;
  }
}

const SHAPES = [
  ...['machines', 'clouds/sim/machines', 'clouds/quick/machines', 'volumes', 'machineImages'],
  ...['machines?$select=name,state', "machines?$filter=state='STOPPED'", 'machines?$orderby=name:desc'],
  ...['machines?$first=2&$last=4', 'machines?$expand=disks', 'clouds/sim/machines?$select=id&$orderby=state'],
];
const FORMATS = ['application/json', 'application/xml'];

async function compareAll(shapes: readonly string[] = SHAPES): Promise<void> {
  for (const shape of shapes) for (const principal of CALLERS) for (const format of FORMATS) await compare(principal, shape, format);
}

const bodyOf = ({ body = [] }: CimiResponse) => JSON.parse(Buffer.concat(body).toString() || '{}') as Record<string, unknown>;

async function machinesOf(tenant: Tenant, cloud: string): Promise<Record<string, string>[]> {
  const { machines = [] } = bodyOf(await ask(caller(tenant), 'GET', `clouds/${cloud}/machines`)) as {
    machines?: Record<string, string>[];
  };
  return machines;
}

/** Something that somebody does, to the n-th of the machines that are there for him. */
const doing = fc.record({
  what: fc.constantFrom('create', 'rename', 'rename', 'start', 'stop', 'delete', 'fail', 'console', 'appear', 'vanish', 'template'),
  whose: fc.constantFrom<Tenant>('a', 'b'),
  cloud: fc.constantFrom('sim', 'quick'),
  which: fc.nat({ max: 5 }),
  /** True where it has ended before anything is looked at. */
  waits: fc.boolean(),
});
type Doing = typeof doing extends fc.Arbitrary<infer D> ? D : never;
let count = 0;

async function change({ what, whose, cloud, which, waits }: Doing): Promise<void> {
  const principal = caller(whose);
  const prefer: CimiRequest['headers'] = waits ? { prefer: 'wait=20' } : {};
  const machines = await machinesOf(whose, cloud);
  const path = machines[which % Math.max(1, machines.length)]?.id?.replace(/^.*\/cimi\//, '');
  const control = scene.controlOf(cloud);
  const [instance] = control.instances().slice(which % Math.max(1, control.instances().length));
  const act = (action: string) =>
    path && ask(principal, 'POST', path, { resourceURI: 'http://schemas.dmtf.org/cimi/1/Action', action }, prefer);
  const uri = 'http://schemas.dmtf.org/cimi/1/action/';
  const create = machineCreate(
    { name: `made ${++count}` },
    {
      machineConfig: { href: `machineConfigs/${cloud}.s1_2enano` },
      machineImage: { href: `machineImages/${cloud}.img-debian-12` },
      initialState: which % 2 === 0 ? 'STOPPED' : 'STARTED',
    },
  );
  switch (what) {
    case 'fail':
      control.fail({ method: 'machines.create', kind: 'quota', times: 1 });
      await ask(principal, 'POST', 'machines', create, prefer);
      return;
    case 'create':
      await ask(principal, 'POST', 'machines', create, prefer);
      return;
    case 'rename':
      if (path)
        await ask(
          principal,
          'PUT',
          `${path}?$select=name,properties`,
          { name: `name ${++count}`, properties: { turn: String(count) } },
          prefer,
        );
      return;
    case 'start':
    case 'stop':
      await act(uri + what);
      return;
    case 'delete':
      if (path) await ask(principal, 'DELETE', path, undefined, prefer);
      return;
    case 'console':
      if (instance) control.relabel(instance.id, { label: `console ${++count}` });
      return;
    case 'appear':
      control.add([foreignInstance(`i-${1000 + ++count}`)]);
      return;
    case 'vanish':
      if (instance) control.remove([{ kind: 'instance', id: instance.id }]);
      return;
    case 'template':
      await ask(principal, 'POST', 'machineTemplates', { name: `template ${++count}`, initialState: 'STOPPED' });
  }
}

/** Several tests, each with a time of its own: a machine that is busy with other things needs minutes for one. */
test.each([1, 2, 3, 4, 5])(
  'after any changes, and while they are under way, each list is the same as one put together from the beginning (%i)',
  async () => {
    await compareAll();
    await fc.assert(
      fc.asyncProperty(fc.array(doing, { minLength: 3, maxLength: 8 }), fc.nat({ max: SHAPES.length - 1 }), async (all, shape) => {
        for (const each of all) {
          await change(each);
          await compareAll([SHAPES[shape] ?? '', `clouds/${each.cloud}/machines`]);
        }
      }),
      { numRuns: 5 },
    );
    await compareAll();
  },
);

test('most of these lists were followed', () => expect(followed).toBeGreaterThan(500));
