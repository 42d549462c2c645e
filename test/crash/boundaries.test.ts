import { encodeId } from '../../src/clouds/identity';
import type { BoundaryPoint } from '../../src/jobs/engine-context';
import type { Values } from '../../src/model/values';
import { Client, type Answer, type Json } from '../harness/client';
import { simulatedCloud, startTestGateway, type TestGateway } from '../harness/gateway';
import { placesOf } from './drive';
import { waitUntil } from '../harness/wait';

/** Sight that a client has of the machine at one step boundary. */
interface Look {
  at: string;
  listed: { path: string; state: string }[];
  status: number;
  state: string | undefined;
}

const template = {
  resourceURI: 'http://schemas.dmtf.org/cimi/1/MachineCreate',
  machineTemplate: {
    machineConfig: { href: `machineConfigs/${encodeId('sim', 's1.small')}` },
    machineImage: { href: `machineImages/${encodeId('sim', 'img-debian-12')}` },
    initialState: 'STOPPED',
  },
};

const clouds = [
  { name: 'a cloud that is asked each time', options: {}, cacheMs: 0 },
  { name: 'answers kept for long', options: {}, cacheMs: 60_000 },
  { name: 'a cloud that shows late what was made', options: { visibilityDelayMs: 150 }, cacheMs: 0 },
  { name: 'a cloud that shows late, its answers kept for long', options: { visibilityDelayMs: 150 }, cacheMs: 60_000 },
];

describe.each(clouds)('lists at every step boundary, with $name', ({ options, cacheMs }) => {
  let gateway: TestGateway;
  let client: Client;
  let looks: Look[] = [];
  let path = '';
  let atPlace: (point: BoundaryPoint) => Promise<void> = () => Promise.resolve();

  async function look(point: BoundaryPoint): Promise<void> {
    const { step, moment } = point;
    // The answer to the create tells the path; its Job may have begun before.
    await waitUntil(() => path !== '');
    await atPlace(point);
    const { json } = await client.get('machines');
    const items = (json.machines ?? []) as unknown as Json[];
    const one = await client.get(path);
    looks.push({
      at: `${step}/${moment}`,
      listed: items.map((item) => ({ path: String(item.id).slice(client.base.length), state: String(item.state) })),
      status: one.status,
      state: one.json.state as string | undefined,
    });
  }

  beforeAll(async () => {
    const config = { jobs: { graceMs: 0 }, clouds: { sim: simulatedCloud(options, { guard: { cacheMs } }) } };
    gateway = await startTestGateway({ config, onBoundary: look });
    client = new Client(gateway.base);
  });
  afterAll(() => gateway.stop());
  beforeEach(() => {
    looks = [];
    path = '';
  });

  test('a machine is there once from its acceptance to its deletion, in the state that its job gives it', async () => {
    const created = await client.post('machines', template);
    expect(created.status).toBe(202);
    path = (created.headers.get('location') ?? '').slice(client.base.length);
    expect(await client.ended(created)).toMatchObject({ state: 'SUCCESS' });
    await expectPlaces('machine.create', { calls: [{}] });
    for (const { at, listed, status, state } of looks) {
      const shown = at === 'settled/ended' ? 'STOPPED' : 'CREATING';
      expect({ at, listed, status, state }).toEqual({ at, listed: [{ path, state: shown }], status: 200, state: shown });
    }

    looks = [];
    expect(await client.ended(await client.delete(path))).toMatchObject({ state: 'SUCCESS' });
    await expectPlaces('provider.delete');
    for (const { at, listed, status, state } of looks) {
      if (at === 'credentials/ended') expect({ at, listed, status }).toEqual({ at, listed: [], status: 404 });
      else expect({ at, listed, status, state }).toEqual({ at, listed: [{ path, state: 'DELETING' }], status: 200, state: 'DELETING' });
    }
    expect((await client.get('machines')).json.count).toBe(0);
  });

  test('a machine that is deleted while it is created is there once until it is gone, and DELETING from then on', async () => {
    let deleted: Promise<Answer> | undefined;
    let since = Infinity;
    atPlace = async (point) => {
      if (point.step === 'ready' && point.moment === 'before' && !deleted) {
        since = looks.length;
        deleted = client.delete(path);
      }
      // The delete is answered once its own Job has been taken: that place must not wait for it.
      if (point.step !== '') await deleted;
    };
    const created = await client.post('machines', template);
    path = (created.headers.get('location') ?? '').slice(client.base.length);
    expect(await client.ended(created)).toMatchObject({ state: 'STOPPED' });
    expect(deleted && (await client.ended(await deleted))).toMatchObject({ state: 'SUCCESS' });
    await expectPlaces('provider.delete');
    for (const [index, { at, listed, status, state }] of looks.entries()) {
      const shown = index < since ? 'CREATING' : 'DELETING';
      if (at === 'credentials/ended') expect({ at, listed, status }).toEqual({ at, listed: [], status: 404 });
      else expect({ at, listed, status, state }).toEqual({ at, listed: [{ path, state: shown }], status: 200, state: shown });
    }
  });

  /** The last look may come a little after the client learned of the end. */
  async function expectPlaces(workflow: string, input?: Values): Promise<void> {
    const places = placesOf(workflow, input).map(({ step, moment }) => `${step}/${moment}`);
    await waitUntil(() => looks.at(-1)?.at === places.at(-1));
    expect(looks.map(({ at }) => at)).toEqual(expect.arrayContaining(places));
  }
});
