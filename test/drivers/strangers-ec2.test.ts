import { driver as module } from '../../drivers/ec2/index';
import { blocksCall } from '../backends/ebs-direct';
import { startEc2, TEST_IMAGE, TEST_KEYS, TEST_REGION } from '../backends/ec2';
import { motoAvailable } from '../backends/moto';
import { describeWith } from '../backends/need';
import { strangersSuite, type Struck } from './strangers/suite';

const PUBLIC_KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0nJ3q8mG2bS0Wc3V2o2xqXo5Xw2m8bM9w1u1m3s0xk test@example.org';

/** Calls to the EBS direct APIs, which are told by their paths. */
const blocksOf = ({ method, path }: { method: string; path: string }): string => blocksCall({ method, url: path }) ?? 'nothing';

/** CloudWatch's one call, in JSON beside EC2's forms. */
const METRICS = 'GetMetricData';

const EC2_STRUCK: Struck = {
  start: async () => {
    const account = await startEc2();
    const known = { config: 't3.micro', otherConfig: 't3.small', image: TEST_IMAGE, publicKey: PUBLIC_KEY, addressNetwork: 'public' };
    return { url: account.url, known, stop: () => account.stop() };
  },
  connect: (endpoint) => {
    const places = { region: TEST_REGION, endpoint, cloudWatchEndpoint: endpoint, ebsEndpoint: endpoint };
    const options = { ...places, ...TEST_KEYS, imageOwners: ['self', 'amazon'], settleMs: 200, patienceMs: 300 };
    return module.connect(module.options.parse(options), { dataDir: '', warn: () => undefined });
  },
  nameOf: (call) => /(?:^|&)Action=(\w+)/.exec(call.body)?.[1] ?? (call.body.includes('"MetricDataQueries"') ? METRICS : blocksOf(call)),
  changes: (name) => !/^(Describe|Get|List)/.test(name),
  tells: (name) => name.startsWith('Describe') || name === METRICS,
  service: /EC2|EBS|CloudWatch/,
  says: [],
  cannot: {},
};

describeWith('moto', motoAvailable(), () => {
  // Its answers are long, and each is read by the SDK's parser.
  strangersSuite('ec2', EC2_STRUCK, 24, 100);
});
