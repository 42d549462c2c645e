import { driver as module } from '../../drivers/openstack/index';
import { startFakeOpenstack } from '../backends/fake-openstack';
import { strangersSuite, type Struck } from './strangers/suite';

const OPENSTACK_STRUCK: Struck = {
  start: async () => {
    const cloud = await startFakeOpenstack();
    const publicKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0nJ3q8mG2bS0Wc3V2o2xqXo5Xw2m8bM9w1u1m3s0xk test@example.org';
    return { url: cloud.url, known: { ...cloud.known, publicKey }, stop: () => cloud.stop() };
  },
  connect: (url) => {
    const options = { authUrl: `${url}/v3`, username: 'ann', password: 'a-long-secret', projectName: 'web', settleMs: 100 };
    return module.connect(module.options.parse(options), { dataDir: '', warn: () => undefined });
  },
  nameOf: ({ method, path }) => `${method} ${path.replace(/\?.*/, '').replace(/[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{32}/g, '*')}`,
  changes: (name) => !name.startsWith('GET ') && !name.endsWith('/auth/tokens'),
  tells: (name) => name.startsWith('GET ') && !name.endsWith('/'),
  service: /Keystone|Nova|Glance|Cinder|Neutron|OpenStack/,
  // Neutron says so of a port that belongs to no server.
  says: ['GET /network/v2.0/ports / ports.0.device_id empty'],
  cannot: {
    'disks.update': 'a root disk belongs to the flavor; those of volumes are in openstack-storage',
  },
};

strangersSuite('openstack', OPENSTACK_STRUCK, 1);
