import { describeWith } from '../backends/need';
import { smallDiskAvailable, startSmallDisk, type SmallDisk } from '../backends/small-disk';
import { eventually } from '../harness/wait';
import { machineCreate } from '../protocol/scene';
import { Folder, KEY } from './program';

/** One process on SQLite, whose disk has no room left for a while. */
describeWith('a small disk', smallDiskAvailable(), () => {
  let disk: SmallDisk;
  const folder = new Folder();
  beforeAll(() => {
    disk = startSmallDisk(32);
  });
  afterAll(async () => {
    await folder.remove();
    disk.remove();
  });

  test('changes are refused in words, lists go on, nothing accepted is lost, and a start says what is missing', async () => {
    const file = folder.write('gateway.yaml', {
      ...{ server: { port: 0 }, data: { dir: disk.path }, log: { level: 'error' }, secrets: { key: KEY }, jobs: { graceMs: 10_000 } },
      clouds: { sim: { driver: 'simulator', options: { delays: { create: 20, start: 20 } } } },
    });
    const gateway = await folder.serve(['serve', '-c', file]);
    const { client } = gateway;
    const made: string[] = [];
    const make = async () => {
      const answer = await client.post('machines', machineCreate());
      if (answer.status < 300) made.push(String(answer.headers.get('location')));
      return answer;
    };
    expect((await make()).status).toBe(201);

    // Some go on in room that the database has already.
    const refused = await eventually(async () => {
      await disk.fill();
      const answer = await make();
      return answer.status === 507 ? answer : undefined;
    });
    expect(refused.headers.get('retry-after')).not.toBeNull();
    expect(refused.text).toContain('the gateway has no room left to store the change');
    expect((await client.get('machines')).status).toBe(200);

    await gateway.end('SIGKILL');
    await disk.fill();
    const start = await folder.run(['serve', '-c', file]);
    expect(start.code).toBe(1);
    expect(start.stderr).toContain(`no room is left for the data folder ${disk.path}: make some, then start again`);

    await disk.free();
    const again = await folder.serve(['serve', '-c', file]);
    expect((await again.client.post('machines', machineCreate())).status).toBe(201);
    for (const uri of made) expect((await again.client.get(new URL(uri).pathname.replace('/cimi/', ''))).status).toBe(200);
    expect(await again.end()).toMatchObject({ code: 0 });
  });
});
