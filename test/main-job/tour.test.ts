import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Client } from '../harness/client';
import { simulatedCloud, startTestGateway, type TestGateway } from '../harness/gateway';
import { takeTour } from './tour';

let gateway: TestGateway;
beforeAll(async () => {
  const clouds = { demo: simulatedCloud() };
  gateway = await startTestGateway({ config: { clouds } });
});
afterAll(() => gateway.stop());

/** The block under "Five minutes with curl", as it stands there. */
function block(): string {
  const readme = readFileSync(join(__dirname, '..', '..', 'README.md'), 'utf8');
  const found = /\n## Five minutes with curl\n.*?\n```sh\n(.*?)\n```\n/s.exec(readme)?.[1];
  if (found === undefined) throw new Error('README has no tour any more');
  return found;
}

test('README’s five minutes with curl, pasted into bash as one block', async () => {
  const bash = spawn('bash', ['--noprofile', '--norc'], { env: { PATH: process.env['PATH'], BASE: gateway.base.replace(/\/$/, '') } });
  bash.stdin.end(`${block()}\n`);
  const [shown, complaints] = await Promise.all([text(bash.stdout), text(bash.stderr)]);
  expect(complaints).toBe('');
  const statuses = [...shown.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => Number(status));
  // The machine, its stop without a wait, the PUT, the image, the Meter, the Volume, the System, and four deletes.
  expect(statuses).toEqual([201, 202, 200, 201, 201, 201, 201, 200, 200, 200, 200]);
  expect(shown).not.toContain('FAILED');
  expect(shown).toContain('made in five minutes');
  expect(shown).toContain('/SampleCollection"');
  expect(shown).toContain('/event/state"');
  const client = new Client(gateway.base);
  for (const collection of ['machines', 'volumes', 'systems', "machineImages?$filter=name='before'"])
    expect([collection, (await client.get(collection)).json.count]).toEqual([collection, 0]);
});

test('the same request by request, on the simulated cloud', async () => {
  await takeTour(new Client(gateway.base), { image: 'Debian 12' });
});
