import { CIMI } from '../../src/model/define';
import { Client, type Json } from '../harness/client';
import { startTestGateway, type TestGateway } from '../harness/gateway';
import { eventually } from '../harness/wait';
import { startEc2, TEST_KEYS, TEST_REGION } from '../backends/ec2';
import { startFakeOpenstack, type FakeOpenstack } from '../backends/fake-openstack';
import { motoAvailable } from '../backends/moto';
import { describeWith } from '../backends/need';
import { startVcsim, type Vcsim, vcsimAvailable } from '../backends/vcsim';
import { STRIKES, type Strike } from './strangers/strikes';
import { Tape } from './strangers/tape';

/** Strangers that say something else than the provider would. */
const WRONG = STRIKES.filter(({ right, name }) => right === undefined && !/body/.test(name));
const STATES_OF_THE_END = ['SUCCESS', 'FAILED', 'STOPPED'];

const counterparts = motoAvailable() === true ? vcsimAvailable() : motoAvailable();

describeWith('strangers in front of a cloud, seen over HTTP (moto and the vCenter simulator)', counterparts, () => {
  let openstack: FakeOpenstack;
  let vcsim: Vcsim;
  let account: Awaited<ReturnType<typeof startEc2>>;
  let tapes: Record<string, Tape>;
  let gateway: TestGateway;
  let client: Client;

  beforeAll(async () => {
    [openstack, vcsim, account] = await Promise.all([startFakeOpenstack(), startVcsim({ machines: 1, templates: 1 }), startEc2()]);
    tapes = {
      stack: await Tape.start(
        () => openstack.url,
        () => '',
      ),
      vmware: await Tape.start(
        () => vcsim.url,
        () => '',
      ),
      amazon: await Tape.start(
        () => account.url,
        () => '',
      ),
    };
    const guard = { cacheMs: 0, retries: 0, deadlineMs: 5000 };
    const stack = { authUrl: `${tapes.stack?.url}/v3`, username: 'ann', password: 'a-long-secret', projectName: 'web', settleMs: 0 };
    const vmware = { url: tapes.vmware?.url, username: vcsim.username, password: vcsim.password, insecure: true, settleMs: 0 };
    const amazon = { region: TEST_REGION, endpoint: tapes.amazon?.url, ...TEST_KEYS, imageOwners: ['self', 'amazon'], settleMs: 0 };
    const clouds = {
      stack: { driver: 'openstack', guard, options: stack },
      vmware: { driver: 'vsphere', guard, options: vmware },
      amazon: { driver: 'ec2', guard, options: amazon },
    };
    gateway = await startTestGateway({ config: { worker: { sweepMs: 200 }, clouds } });
    client = new Client(gateway.base);
  });
  afterAll(async () => {
    await gateway.stop();
    for (const tape of Object.values(tapes)) await tape.stop();
    await vcsim.stop();
    await openstack.stop();
    await account.stop();
  });

  /** A machine made on this cloud, as it is shown. */
  const made = async (cloud: string): Promise<Json> => {
    const all = async (collection: string, items: string) => ((await client.get(collection)).json[items] ?? []) as unknown as Json[];
    const of = (item: Json) => String(item.id).includes(`/${cloud}.`);
    const image = (await all('machineImages', 'machineImages')).find(
      (item) => of(item) && String(item.state) === 'AVAILABLE' && !/blank/.test(String(item.id)),
    );
    const configs = (await all('machineConfigs', 'machineConfigurations')).filter(of);
    // EC2 has hundreds, some of other architectures than its images.
    const config = configs.find((item) => item.name === 't3.micro') ?? configs[0];
    const machineTemplate = { machineConfig: { href: config?.id }, machineImage: { href: image?.id } };
    const answer = await client.post('machines', { resourceURI: `${CIMI}/MachineCreate`, name: `kept-${cloud}`, machineTemplate });
    const job = await client.ended(answer);
    if (job.state !== 'SUCCESS') throw new Error(`the machine on ${cloud} was not made: ${String(job.statusMessage)}`);
    return (await client.get(answer.headers.get('location') ?? '')).json;
  };

  const struck = async (cloud: string, { reply, name }: Strike, machine: Json): Promise<void> => {
    const uri = String(machine.id);
    const before = (await client.get('machines')).json.count;
    tapes[cloud]?.haunt(reply);
    const one = await client.get(uri);
    expect([name, [502, 503, 504].includes(one.status), one.status]).toEqual([name, true, one.status]);
    expect(one.text.length).toBeLessThan(5000);
    const list = await client.get('machines');
    expect([name, list.status, list.headers.get('cimi-unavailable-clouds')]).toEqual([name, 200, cloud]);
    const stop = await client.act(uri, 'stop');
    expect([name, stop.status < 500 || [502, 503, 504].includes(stop.status)]).toEqual([name, true]);
    tapes[cloud]?.haunt(undefined);
    const job = stop.headers.get('cimi-job-uri');
    if (job !== null) {
      await eventually(async () => (STATES_OF_THE_END.includes(String((await client.get(job)).json.state)) ? true : undefined));
    }
    const after = await client.get(uri);
    expect([name, after.status, after.json.id, after.json.name]).toEqual([name, 200, uri, machine.name]);
    expect([name, (await client.get('machines')).json.count]).toEqual([name, before]);
  };

  test.each(['stack', 'vmware', 'amazon'])(
    '%s: every URI is as before when the provider is back',
    async (cloud) => {
      const machine = await made(cloud);
      for (const strike of WRONG.filter(({ retryAfterMs }) => retryAfterMs === undefined)) await struck(cloud, strike, machine);
    },
    1_800_000,
  );

  test.each(['stack', 'vmware', 'amazon'])(
    '%s: a DELETE succeeds only when the thing is gone',
    async (cloud) => {
      for (const strike of WRONG.filter((_, index) => index % 6 === 0)) {
        const machine = await made(cloud);
        tapes[cloud]?.haunt(strike.reply);
        const answer = await client.delete(String(machine.id));
        const job = answer.headers.get('cimi-job-uri');
        const state = job === null ? 'refused' : String((await client.get(job)).json.state);
        expect([strike.name, state]).not.toEqual([strike.name, 'SUCCESS']);
        tapes[cloud]?.haunt(undefined);
        if (job === null) expect((await client.get(String(machine.id))).status).toBe(200);
        else {
          const ended = await client.ended(answer);
          const shown = (await client.get(String(machine.id))).status;
          expect([strike.name, String(ended.state), shown]).toEqual([
            strike.name,
            String(ended.state),
            String(ended.state) === 'SUCCESS' ? 404 : 200,
          ]);
        }
      }
    },
    1_800_000,
  );
});
