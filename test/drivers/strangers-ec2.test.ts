import { driver as module } from '../../drivers/ec2/index';
import { startEc2, TEST_IMAGE, TEST_KEYS, TEST_REGION } from '../backends/ec2';
import { motoAvailable } from '../backends/moto';
import { describeWith } from '../backends/need';
import { strangersSuite, type Struck } from './strangers/suite';

const PUBLIC_KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0nJ3q8mG2bS0Wc3V2o2xqXo5Xw2m8bM9w1u1m3s0xk test@example.org';

const EC2_STRUCK: Struck = {
  start: async () => {
    const account = await startEc2();
    const known = { config: 't3.micro', otherConfig: 't3.small', image: TEST_IMAGE, publicKey: PUBLIC_KEY, addressNetwork: 'public' };
    return { url: account.url, known, stop: () => account.stop() };
  },
  connect: (endpoint) => {
    const options = { region: TEST_REGION, endpoint, ...TEST_KEYS, imageOwners: ['self', 'amazon'], settleMs: 200 };
    return module.connect(module.options.parse(options), { dataDir: '', warn: () => undefined });
  },
  nameOf: ({ body }) => /(?:^|&)Action=(\w+)/.exec(body)?.[1] ?? 'nothing',
  changes: (name) => !/^(Describe|Get)/.test(name),
  tells: (name) => name.startsWith('Describe'),
  service: /EC2/,
  cannot: {},
};

describeWith('moto', motoAvailable(), () => {
  strangersSuite('ec2', EC2_STRUCK, 24);
});
