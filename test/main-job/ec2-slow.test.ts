import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { CIMI } from '../../src/model/define';
import { gibToKb } from '../../src/model/units';
import { startEc2, type Ec2Account } from '../backends/ec2';
import { freePort, motoAvailable } from '../backends/moto';
import { describeWith } from '../backends/need';
import { Change } from '../crash/drive';
import { Life } from '../crash/life';
import { hrefOf, reading } from '../resources/network-kit';
import { type Answer, Client, type Json } from '../harness/client';
import { ec2Config, startEc2World, type Ec2World } from './ec2-world';
import { networkSteps } from './network-steps';
import { Steps } from './steps';
import { refOf, type World } from './world';
import { PATIENCE_MS, waitUntil } from '../harness/wait';

/** Reads for which what was begun stays under way: with a Job's pauses between them, several times the guard's deadline. */
const READS = 12;
/** Refusals of each delete that comes too early: the pauses between them grow over all that goes with a network. */
const REFUSALS = 4;
const DEADLINE = { deadlineMs: 4000, retries: 2 };
const GP3 = 'http://cimi-gateway.org/volume-type/ec2/gp3';

/** Tests of what is done over HTTP in the same way in each of these worlds. */
function doing(world: () => Pick<World, 'client' | 'config' | 'image'>) {
  const steps = new Steps(() => ({ ...world(), client: world().client }) as World);
  const { make } = networkSteps(steps);
  const { items } = reading(() => world().client);
  const made = async (collection: string, json: object): Promise<Json> => {
    const { location } = await steps.done('POST', collection, { json });
    return (await world().client.get(location)).json;
  };
  const volume = (template: object = {}): Promise<Json> =>
    made('volumes', {
      resourceURI: `${CIMI}/VolumeCreate`,
      volumeTemplate: { volumeConfig: { type: GP3, capacity: gibToKb(1) }, ...template },
    });
  const imageOf = (what: Json): object => ({ resourceURI: `${CIMI}/VolumeImage`, imageLocation: { href: what.id } });
  const machine = async (): Promise<Json> => steps.machine({ machineTemplate: { ...(await steps.parts()), initialState: 'STARTED' } });
  return { steps, make, items, made, volume, imageOf, machine };
}

describeWith('moto', motoAvailable(), () => {
  describe('an EC2 that takes several times the deadline for everything', () => {
    let world: Ec2World;
    const { steps, make, items, made, volume, imageOf, machine } = doing(() => world);

    beforeAll(async () => {
      world = await startEc2World({ guard: DEADLINE });
      // moto's first answers take longer than such a deadline, and are not asked for all the time then.
      await waitUntil(() =>
        steps.parts().then(
          () => true,
          () => false,
        ),
      );
      Object.assign(world.account.proxy.slow, { reads: READS, refusals: REFUSALS });
    });
    afterEach(async () => expect(await world.leftovers()).toEqual([]));
    afterAll(() => world.stop());

    const once = (action: string): number => world.account.proxy.count(action);

    test('machine and storage: each ends as on a fast one, and is asked for once', async () => {
      const [one, data] = await Promise.all([machine(), volume()]);
      expect(one.state).toBe('STARTED');
      const attachment = await made(refOf(one, 'volumes'), { volume: { href: data.id } });
      const image = await made('volumeImages', imageOf(data));
      expect(image.state).toBe('AVAILABLE');
      const [twin, stopped] = await Promise.all([volume({ volumeImage: { href: image.id } }), steps.act(one, 'stop')]);
      expect(stopped.state).toBe('STOPPED');
      expect((await steps.act(one, 'start')).state).toBe('STARTED');
      await steps.done('POST', 'machineImages', {
        json: { resourceURI: `${CIMI}/MachineImage`, name: 'evening', type: 'SNAPSHOT', imageLocation: one.id },
      });
      const captured = await steps.named('machineImages', 'machineImages', 'evening');
      expect(captured.state).toBe('AVAILABLE');
      for (const action of ['RunInstances', 'CreateSnapshot', 'CreateImage', 'StopInstances', 'StartInstances'])
        expect([action, once(action)]).toEqual([action, 1]);
      await steps.remove(attachment);
      await Promise.all([data, twin, image, captured, one].map((each) => steps.remove(each)));
      for (const action of ['DetachVolume', 'TerminateInstances', 'DeregisterImage']) expect([action, once(action)]).toEqual([action, 1]);
    });

    test('networks: what depends is waited for, said so meanwhile, and gone in the end', async () => {
      const group = await make('forwardingGroups', 'ForwardingGroup', { forwardingGroupTemplate: { networks: [] } });
      const network = await make('networks', 'Network', {
        networkTemplate: { networkConfig: { networkType: 'PUBLIC' }, forwardingGroup: { href: group.id } },
      });
      const networkInterfaces = [{ network: { href: network.id } }];
      const one = await steps.machine({ machineTemplate: { ...(await steps.parts()), networkInterfaces } });
      const more = await made(hrefOf(one, 'networkInterfaces'), {
        resourceURI: `${CIMI}/MachineNetworkInterface`,
        network: { href: network.id },
      });
      expect(await items(hrefOf(one, 'networkInterfaces'), 'machineNetworkInterfaces')).toHaveLength(2);
      await steps.remove(more);
      expect(once('DetachNetworkInterface')).toBe(1);
      await steps.remove(one);
      const going = await world.client.delete(String(network.id));
      const words = new Set<string>();
      await waitUntil(async () => {
        const { json } = await world.client.get(going.headers.get('cimi-job-uri') ?? '');
        words.add(String(json.statusMessage));
        return !['QUEUED', 'RUNNING'].includes(String(json.state));
      });
      expect([...words].join('\n')).toMatch(/refuses for now: .*dependencies/);
      expect((await world.client.ended(going)).state).toBe('SUCCESS');
      await steps.remove(group);
    });
  });

  describe('a snapshot that EC2 takes hours for', () => {
    let world: Ec2World;
    const { steps, volume, imageOf } = doing(() => world);
    const begin = async (more: object = {}): Promise<void> => {
      world = await startEc2World({ guard: DEADLINE, ...more });
    };
    afterEach(() => world.stop());
    /** The Job of a snapshot that shows as pending from now on, and its URI. */
    const pending = async (data: Json): Promise<{ answer: Answer; uri: string }> => {
      world.account.proxy.slow.reads = Number.MAX_SAFE_INTEGER;
      const answer = await world.client.post('volumeImages', imageOf(data));
      expect(answer.status).toBe(202);
      return { answer, uri: answer.headers.get('location') ?? '' };
    };

    test('without a limit the Job goes on for as long as EC2 shows it, and succeeds when EC2 ends it', async () => {
      await begin();
      const data = await volume();
      const { answer, uri } = await pending(data);
      const before = world.account.proxy.count('DescribeSnapshots');
      await waitUntil(() => world.account.proxy.count('DescribeSnapshots') - before > 10);
      expect((await world.client.get(answer.headers.get('cimi-job-uri') ?? '')).json).toMatchObject({
        state: 'RUNNING',
        statusMessage: expect.stringContaining('CREATING') as string,
      });
      expect((await world.client.get(uri)).json.state).toBe('CREATING');
      world.account.proxy.slow.hurry();
      expect(await world.client.ended(answer)).toMatchObject({ state: 'SUCCESS' });
      expect([world.account.proxy.count('CreateSnapshot'), world.account.proxy.count('DeleteSnapshot')]).toEqual([1, 0]);
      world.account.proxy.slow.reads = 0;
      for (const each of [{ id: uri } as unknown as Json, data]) await steps.remove(each);
      expect(await world.leftovers()).toEqual([]);
    });

    test('with an operator’s limit the Job is FAILED, the snapshot stays, and a later read shows the truth', async () => {
      await begin({ cloud: { waitAtMostMs: 1000 } });
      const data = await volume();
      const { answer, uri } = await pending(data);
      const job = await world.client.ended(answer);
      expect(job.state).toBe('FAILED');
      expect(String(job.statusMessage)).toMatch(/limit of this cloud.*may still finish.*nothing was undone/);
      expect(world.account.proxy.count('DeleteSnapshot')).toBe(0);
      expect(await world.leftovers()).toContainEqual(expect.stringMatching(/^snapshot/));
      expect((await world.client.get(uri)).status).toBe(200);
      world.account.proxy.slow.hurry();
      await waitUntil(async () => (await world.client.get(uri)).json.state === ('AVAILABLE' as unknown));
      world.account.proxy.slow.reads = 0;
      for (const each of [{ id: uri } as unknown as Json, data]) await steps.remove(each);
      expect(await world.leftovers()).toEqual([]);
    });
  });

  describe('a gateway killed while EC2 goes on', () => {
    let account: Ec2Account;
    let folder: string;
    let file: string;
    let client: Client;
    const { steps, make, volume, imageOf, machine, made } = doing(() => ({ client, config: 't3.micro', image: 'debian-12-amd64' }));

    beforeAll(async () => {
      account = await startEc2();
      folder = mkdtempSync(join(tmpdir(), 'cimi-ec2-slow-'));
      file = join(folder, 'gateway.yaml');
      const port = await freePort();
      writeFileSync(file, stringify({ ...ec2Config(account), server: { port }, data: { dir: folder }, jobs: { graceMs: 0 } }));
      client = new Client(`http://127.0.0.1:${port}/cimi/`);
    });
    afterAll(async () => {
      await account.stop();
      rmSync(folder, { recursive: true, force: true });
    });

    /** Lets one gateway begin, ends it at the step, and has another one finish. @returns the Job's end, told by the second */
    const across = async (place: { workflow: string; step: string }, change: Change, first: Life): Promise<Json> => {
      account.proxy.slow.reads = 6;
      await first.order({ do: 'kill', jobs: 1, ...place, moment: 'ran' });
      // The kill may come before the answer.
      await change.attempt();
      await first.killed();
      const second = await Life.begin(file);
      try {
        return await change.ended();
      } finally {
        account.proxy.slow.reads = 0;
        await second.kill();
      }
    };

    test(
      'a snapshot, a detached volume and a network end as if nothing had been',
      async () => {
        let life = await Life.begin(file);
        const one = await machine();
        const data = await volume();
        const attachment = await made(refOf(one, 'volumes'), { volume: { href: data.id } });
        const group = await make('forwardingGroups', 'ForwardingGroup', { forwardingGroupTemplate: { networks: [] } });
        const network = await make('networks', 'Network', {
          networkTemplate: { networkConfig: { networkType: 'PUBLIC' }, forwardingGroup: { href: group.id } },
        });
        const changed = (method: 'POST' | 'DELETE', uri: string, body?: object) => new Change({ client }, 'ec2', method, uri, body);
        const places = [
          [{ workflow: 'provider.create', step: 'create' }, changed('POST', 'volumeImages', imageOf(data))],
          [{ workflow: 'provider.delete', step: 'delete' }, changed('DELETE', String(attachment.id))],
          [{ workflow: 'provider.delete', step: 'delete' }, changed('DELETE', String(network.id))],
        ] as const;
        for (const [place, change] of places) {
          expect(await across(place, change, life)).toMatchObject({ state: 'SUCCESS' });
          life = await Life.begin(file);
        }
        expect([account.proxy.count('CreateSnapshot'), account.proxy.count('DetachVolume')]).toEqual([1, 1]);
        const { json } = await client.get('volumeImages');
        for (const each of [...((json.volumeImages ?? []) as Json[]), data, group, one]) await steps.remove(each);
        expect(await account.leftovers()).toEqual([]);
        await life.kill();
      },
      4 * PATIENCE_MS,
    );
  });
});
