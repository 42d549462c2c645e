import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { CIMI } from '../../src/model/define';
import { startEc2, type Ec2Account } from '../backends/ec2';
import { freePort, motoAvailable } from '../backends/moto';
import { describeWith } from '../backends/need';
import { Change } from '../crash/drive';
import { Life } from '../crash/life';
import { Client } from '../harness/client';
import { ec2Config } from './ec2-world';
import { Steps } from './steps';
import type { World } from './world';

describeWith('moto', motoAvailable(), () => {
  let account: Ec2Account;
  let folder: string;
  let file: string;
  let client: Client;
  const steps = new Steps(() => ({ client, config: 't3.micro', image: 'debian-12-amd64' }) as World);

  beforeAll(async () => {
    account = await startEc2();
    folder = mkdtempSync(join(tmpdir(), 'cimi-ec2-crash-'));
    file = join(folder, 'gateway.yaml');
    const port = await freePort();
    writeFileSync(file, stringify({ ...ec2Config(account), server: { port }, data: { dir: folder }, jobs: { graceMs: 0 } }));
    client = new Client(`http://127.0.0.1:${port}/cimi/`);
  });
  afterAll(async () => {
    await account.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test.each([
    ['EC2 honours ClientToken', { clientTokens: true, hiddenMs: 0 }],
    ['EC2 forgets ClientToken', { clientTokens: false, hiddenMs: 0 }],
    ['EC2 shows the instance late', { clientTokens: false, hiddenMs: 1000 }],
  ])('a gateway killed between RunInstances and its recording makes exactly one instance: %s', async (_what, manners) => {
    Object.assign(account.proxy.manners, manners);
    const before = account.proxy.count('RunInstances');
    const first = await Life.begin(file);
    const machineTemplate = { ...(await steps.parts()), initialState: 'STARTED' };
    await first.order({ do: 'kill', jobs: 1, workflow: 'machine.create', step: 'create', moment: 'ran' });
    const body = { resourceURI: `${CIMI}/MachineCreate`, name: 'survivor', machineTemplate };
    const change = new Change({ client }, 'ec2', 'POST', 'machines', body);
    // The kill may come before the answer.
    await change.attempt();
    await first.killed();
    expect((await account.leftovers()).length).toBe(1);
    const second = await Life.begin(file);
    try {
      const uri = (await change.ask()).headers.get('location') ?? '';
      const list = await client.get('machines');
      expect(list.json).toMatchObject({ count: 1, machines: [expect.objectContaining({ id: uri }) as unknown] });
      expect(await change.ended()).toMatchObject({ state: 'SUCCESS' });
      expect((await client.get(uri)).json).toMatchObject({ id: uri, name: 'survivor', state: 'STARTED' });
      expect((await client.get('machines')).json.count).toBe(1);
      expect(await account.leftovers()).toEqual([expect.stringMatching(/^instance/)]);
      expect(account.proxy.count('RunInstances') - before).toBe(1);
      const gone = await client.delete(uri);
      expect(await client.ended(gone)).toMatchObject({ state: 'SUCCESS' });
      expect(await account.leftovers()).toEqual([]);
    } finally {
      await second.kill();
    }
  });
});
