import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { foreignInstance } from '../../drivers/simulator/control';
import { CIMI } from '../../src/model/define';
import type { Json } from '../harness/client';
import { simulatedCloud } from '../harness/gateway';
import { machineIn, shopIn } from '../packages/export-scene';
import { listOf, made, openScene, pathOf, succeeded, type Scene } from '../protocol/scene';
import { Person } from './cimi';

/** Commands that are made of several requests, over two clouds, and lists that are long. */
const contents = { contentSize: 8 * 2 ** 20, contentAllocated: 2 ** 20 };
let scene: Scene;
let ann: Person;

beforeAll(async () => {
  const clouds = { a: simulatedCloud(contents), b: simulatedCloud(contents) };
  scene = await openScene({ config: { jobs: { graceMs: 0 }, clouds } });
  ann = new Person(scene.client.base);
});
afterAll(async () => {
  ann.leave();
  await scene.close();
});

/** Clouds of the Machines of all Systems with a name. */
async function cloudsOf(name: string): Promise<string[]> {
  const { json } = await scene.client.get(`systems?$filter=name='${name}'&$expand=machines/machine`);
  const members = listOf(json, 'systems').flatMap(({ machines }) => listOf((machines ?? {}) as Json, 'systemMachines'));
  return members.map(({ machine }) => String((machine as unknown as Json).cloud)).sort();
}

describe('packages', () => {
  let url: string;
  beforeAll(async () => {
    await shopIn(scene.client, 'a', 8389);
  });

  test('systems export writes the URL of a package; import plans it, and makes it in the cloud that is named', async () => {
    const exported = await ann.run('systems export shop');
    expect([exported.code, exported.err]).toEqual([0, '']);
    url = exported.out.trim();
    expect((await fetch(url)).status).toBe(200);
    const plan = await ann.cimi(['systems', 'import', url, '--cloud', 'b', '--plan', 'true']);
    expect([plan.code, plan.out.split('\n')[0]]).toEqual([0, expect.stringMatching(/^PART +BECOMES +BYTES +DETAIL$/)]);
    expect(plan.out).toMatch(/^machine web +Machine +/m);
    const json = await ann.cimi(['systems', 'import', url, '--to', 'b', '--plan', 'true', '-o', 'json']);
    const parts = JSON.parse(json.out) as { part: string }[];
    expect(parts.length).toBe(plan.out.trim().split('\n').length - 1);
    expect(await cloudsOf('shop')).toEqual(['a', 'a']);
    const { code, out, err } = await ann.cimi(['systems', 'import', url, '--cloud', 'b', '--name', 'copy']);
    expect([code, err, /^name +copy$/m.test(out)]).toEqual([0, '', true]);
    expect(await cloudsOf('copy')).toEqual(['b', 'b']);
  });

  test('systemTemplates import makes a template of it', async () => {
    const { code, out } = await ann.cimi(['systemTemplates', 'import', url, '--cloud', 'b', '--name', 'plan', '-o', 'name']);
    expect([code, out]).toEqual([0, expect.stringMatching(/\/systemTemplates\/\S+\n$/)]);
  });

  test('what is refused is told with its code', async () => {
    expect(await ann.cimi(['systems', 'import', 'http://127.0.0.1:1/x.ovf', '--cloud', 'b'])).toMatchObject({ out: '', code: 4 });
    expect(await ann.cimi(['systems', 'import', url, '--cloud', 'nowhere'])).toMatchObject({ out: '', code: 4 });
    expect(await ann.run('systems move shop')).toMatchObject({ code: 2, err: expect.stringContaining('--to CLOUD') });
    expect(await ann.run('systems move nothing --to b')).toMatchObject({ code: 3, out: '' });
  });

  test('move shows its plan and moves nothing; with --yes it moves, and says where it is', async () => {
    const planned = await ann.run('systems move shop --to b');
    expect(planned).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^PART +BECOMES/),
      err: expect.stringContaining('nothing is moved yet'),
    });
    expect(await cloudsOf('shop')).toEqual(['a', 'a']);
    const moved = await ann.run('systems move shop --to b --yes');
    expect([moved.code, /^name +shop$/m.test(moved.out)]).toEqual([0, true]);
    expect(await cloudsOf('shop')).toEqual(['a', 'a', 'b', 'b']);
  });

  test('the command that is shown does what it says; a Machine moves as a System', async () => {
    await machineIn(scene.client, 'a', 'lonely');
    const { code, err } = await ann.run('machines move lonely --to b');
    const [, line = ''] = /or: cimi (.*)$/m.exec(err) ?? [];
    expect([code, line]).toEqual([0, expect.stringMatching(/^systems import \S+ --to b --source stop$/)]);
    expect((await ann.run(`${line} --name arrived`)).code).toBe(0);
    expect(await cloudsOf('arrived')).toEqual(['b']);
  });
});

test('images copy brings an image to another cloud, under its name', async () => {
  const machine = await machineIn(scene.client, 'a', 'source');
  await made(scene.client, 'machineImages', { name: 'golden', imageLocation: machine.id });
  const { code, out, err } = await ann.run('images copy golden --to b');
  expect([code, err]).toEqual([0, '']);
  expect([/^name +golden$/m.test(out), /^cloud +b$/m.test(out), /^state +AVAILABLE$/m.test(out)]).toEqual([true, true, true]);
  expect(await ann.run('images copy golden')).toMatchObject({ code: 2, err: expect.stringContaining('--to CLOUD') });
});

test('top shows the newest value of each Meter, by the name of what it measures', async () => {
  const { client } = scene;
  const machine = await machineIn(client, 'a', 'measured');
  const meterTemplate = { meterConfig: { aspect: `${CIMI}/aspect/cpu`, sampleInterval: 315_360_000 } };
  const meter = await made(client, `${pathOf(client, machine.id)}/meters`, { resourceURI: `${CIMI}/MeterCreate`, meterTemplate });
  const path = pathOf(client, meter.id);
  await succeeded(client, await client.act(path, 'stop'));
  const { store } = scene.gateway.gateway;
  const known = (await store.series([path])).get(path);
  const samples = [1, 2].map((n) => ({ t: 1_764_547_200 + n * 60, value: n + 0.5, covered: null }));
  await store.transaction((unit) =>
    unit.putSamples([{ meter: path, reached: 1_764_547_320_000, memory: null, samples, ageing: false, builtOn: known?.reached }]),
  );
  const { code, out, err } = await ann.run('top --debug');
  expect(code).toBe(0);
  expect(out.split('\n')[1]).toMatch(/^measured +cpu +2\.5 +percent +2025-12-01T00:02:00Z$/);
  // The provider, the Meters with what they measure, and the newest sample of each.
  expect(err.match(/^> curl/gm)).toHaveLength(3);
  expect(JSON.parse((await ann.run('top -o json')).out)).toEqual([
    { target: 'measured', aspect: 'cpu', value: '2.5', units: 'percent', timestamp: '2025-12-01T00:02:00Z' },
  ]);
  expect((await ann.run('top -o csv')).out.split('\r\n')[1]).toBe('measured,cpu,2.5,percent,2025-12-01T00:02:00Z');
});

test('a thousand machines are listed, in every form', async () => {
  const all = Array.from({ length: 1000 }, (_, n) => ({ ...foreignInstance(`many-${n}`), label: `many-${n}` }));
  scene.controlOf('b').add(all);
  const many = ['machines', 'list', '--filter', "name='many-0' or name!='x' and cloud='b'"];
  const { code, out, err } = await ann.cimi([...many, '-o', 'name', '--debug']);
  expect([
    code,
    out
      .trim()
      .split('\n')
      .filter((uri) => uri.includes('many-')).length,
  ]).toEqual([0, 1000]);
  // The provider, its types, and two windows, for there are a few more.
  expect(err.match(/^> curl/gm)).toHaveLength(4);
  const [asTable, asCsv, asJson] = await Promise.all(['table', 'csv', 'json'].map((form) => ann.cimi([...many, '-o', form])));
  expect(asTable?.out.match(/^many-/gm)).toHaveLength(1000);
  expect(asCsv?.out.match(/^many-/gm)).toHaveLength(1000);
  const { machines } = JSON.parse(asJson?.out ?? '') as { machines: { name: string }[] };
  expect(machines.filter(({ name }) => name?.startsWith('many-'))).toHaveLength(1000);
});

test('it is quick to start: little is loaded, and neither fetch nor what a command does not need', async () => {
  // What is loaded tells what a start costs, on any machine; `npm run bench -- cli` has the time against that of Node.
  const spy = join(ann.home, 'spy.cjs');
  writeFileSync(
    spy,
    `process.on('exit', () => require('fs').writeFileSync('loaded', JSON.stringify({ files: Object.keys(require.cache), own: process.moduleLoadList })));`,
  );
  const { code } = await ann.cimi(['machineImages', 'list'], { env: { NODE_OPTIONS: `--require ${spy}` } });
  const { files, own } = ann.read('loaded') as { files: string[]; own: string[] };
  const packages = new Set(files.flatMap((file) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? []));
  const ours = files.flatMap((file) => /\/((?:cli|sdk|src|drivers)\/[^.]+)/.exec(file)?.[1] ?? []);
  expect([code, [...packages].filter((name) => !name.startsWith('@swc'))]).toEqual([0, ['commander']]);
  expect(ours.filter((file) => /^(src|drivers|cli\/commands)\//.test(file))).toEqual([]);
  expect(ours.length).toBeLessThan(30);
  expect(own.filter((name) => /undici/.test(name))).toEqual([]);
});
