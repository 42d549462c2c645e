import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describeWith } from '../backends/need';
import { Client } from '../harness/client';
import { simulatedCloud, startTestGateway, type TestGateway } from '../harness/gateway';
import { takeTour } from './tour';

let gateway: TestGateway;
beforeAll(async () => {
  const clouds = { demo: simulatedCloud() };
  gateway = await startTestGateway({ config: { clouds } });
});
afterAll(() => gateway.stop());

/** A block for a shell under a heading of README, as it stands there. */
function block(heading: string, place = 0): string {
  const readme = readFileSync(join(__dirname, '..', '..', 'README.md'), 'utf8');
  const [, below = ''] = readme.split(`\n${heading}\n`);
  const found = [...below.matchAll(/\n```sh\n(.*?)\n```\n/gs)][place]?.[1];
  if (found === undefined) throw new Error(`README has no block ${place} under ${heading} any more`);
  return found;
}

const keygen = spawnSync('ssh-keygen', ['-l', '-f', '/dev/null']).error === undefined || { missing: 'ssh-keygen' };

/** Runs a script as if it were pasted into bash. */
async function pasted(script: string, path = ''): Promise<{ shown: string; complaints: string; statuses: number[] }> {
  const env = { PATH: `${path}${process.env['PATH'] ?? ''}`, BASE: gateway.base.replace(/\/$/, ''), TMPDIR: tmpdir() };
  const bash = spawn('bash', ['--noprofile', '--norc'], { env });
  bash.stdin.end(`${script}\n`);
  const [shown, complaints] = await Promise.all([text(bash.stdout), text(bash.stderr)]);
  return { shown, complaints, statuses: [...shown.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => Number(status)) };
}

test('README’s five minutes with curl, pasted into bash as one block', async () => {
  const { shown, complaints, statuses } = await pasted(block('## Five minutes with curl'));
  expect(complaints).toBe('');
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

describeWith('ssh-keygen', keygen, () => {
  test('README’s shell on a machine: its key reaches the cloud, and ssh is called with the machine’s address', async () => {
    const bin = mkdtempSync(join(tmpdir(), 'cimi-ssh-'));
    // Nobody listens on a simulated machine: what would log in says what it was called with.
    writeFileSync(join(bin, 'ssh'), '#!/bin/sh\necho "ssh $* $(cat "$2.pub")"\n', { mode: 0o755 });
    const heading = '### A shell on a machine';
    const look = 'curl -s $CREDENTIAL; echo; curl -s $BASE/addresses; echo';
    const { shown, complaints, statuses } = await pasted([block(heading), look, block(heading, 1)].join('\n'), `${bin}:`);
    rmSync(bin, { recursive: true });
    expect(complaints).toBe('');
    expect(statuses).toEqual([201, 201, 200, 200]);
    const [, ip, key] = /^ssh -i \S+ .* debian@(\S+) (ssh-ed25519 \S+ first-hour)$/m.exec(shown) ?? [];
    expect(shown).toContain(`"publicKey":"${key}"`);
    expect(shown.split('\n').find((line) => line.includes('/AddressCollection"'))).toContain(`"ip":"${ip}"`);
    expect((await new Client(gateway.base).get('credentials')).json.count).toBe(0);
  });
});

test('README’s five minutes request by request, on the simulated cloud', async () => {
  await takeTour(new Client(gateway.base), { image: 'Debian 12' });
});
