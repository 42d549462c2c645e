import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { describeWith } from './need';
import { openstackAvailable, useOpenstack } from './openstack';

const SCRIPT = join(__dirname, 'openstack', 'openstack.sh');

test('a release that there is not is refused, with those that there are', () => {
  const done = spawnSync(SCRIPT, ['available'], { encoding: 'utf8', env: { ...process.env, OPENSTACK_RELEASE: 'bexar' } });
  expect(done.status).toBe(2);
  expect(done.stderr).toContain('OPENSTACK_RELEASE=bexar is none of: debian pypi');
});

describeWith('OpenStack services', openstackAvailable(), () => {
  test('one set serves every test file of a run: keystone logs in and names the others', async () => {
    const cloud = await useOpenstack();
    expect((await useOpenstack()).authUrl).toBe(cloud.authUrl);
    const domain = { id: 'default' };
    const user = { name: 'demo', domain, password: cloud.password };
    const auth = { identity: { methods: ['password'], password: { user } }, scope: { project: { name: 'demo', domain } } };
    const answer = await fetch(`${cloud.authUrl}/auth/tokens`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ auth }),
    });
    expect(answer.status).toBe(201);
    const { token } = (await answer.json()) as { token: { catalog: { type: string }[] } };
    expect(token.catalog.map(({ type }) => type)).toEqual(expect.arrayContaining(['compute', 'image', 'network', 'volumev3']));
  }, 1_800_000);

  test('a port that was asked for and is taken is told in words, and nothing is started', async () => {
    const server = createServer();
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const address = server.address();
    const port = typeof address === 'object' ? String(address?.port) : '';
    const folder = mkdtempSync(join(resolve(__dirname, '../../.backends'), 'openstack-ports-'));
    try {
      const done = spawnSync(SCRIPT, ['up'], { encoding: 'utf8', env: { ...process.env, OS_DIR: folder, NEUTRON_PORT: port } });
      expect(done.status).toBe(1);
      expect(done.stderr).toContain(`port ${port} (NEUTRON_PORT) is taken by another program`);
    } finally {
      rmSync(folder, { recursive: true, force: true });
      await new Promise((done) => server.close(done));
    }
  });
});
