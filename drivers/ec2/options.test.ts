import { ALIASES } from './aliases';
import { capabilities } from './capabilities';
import { ec2Options } from './options';
import { alwaysEnabled, partition } from './regions';

const REGION = { region: 'eu-central-1' };
const KEYS = { accessKeyId: 'AKIAX', secretAccessKey: 'none' };

test.each([
  ['profile', { profile: 'a', ...KEYS }],
  ['secretAccessKey', { accessKeyId: 'AKIAX' }],
  ['sessionToken', { sessionToken: 'x' }],
  ['externalId', { externalId: 'x' }],
  ['roleSessionName', { roleSessionName: 'abc' }],
  ['stsEndpoint', { stsEndpoint: 'https://sts.example.org' }],
  ['availabilityZone', { availabilityZone: 'us-east-1a' }],
  ['imageNames', { imageNames: ['x*'] }],
  ['imageArchitectures', { imageArchitectures: ['arm64'] }],
  ['propertyTags', { propertyTags: ['CostCenter'], tags: { CostCenter: '1' } }],
  ['rootVolume', { rootVolume: { encrypted: false, kmsKey: 'alias/x' } }],
  ['volumes', { volumes: { encrypted: false, kmsKey: 'alias/x' } }],
  ['throughput', { rootVolume: { type: 'gp2', throughput: 200 } }],
  ['iops', { rootVolume: { type: 'standard', iops: 200 } }],
  ['httpEndpoint', { metadataOptions: { httpEndpoint: 'disabled', httpTokens: 'required' } }],
  ['tags', { tags: { 'aws:x': '1' } }],
  ['tags', { tags: { 'cimi:id': '1' } }],
  ['tags', { tags: { Name: 'x' } }],
  ['images', { images: ['debian-1'] }],
])('what contradicts itself is refused, with %s named', (option, options) => {
  const answer = ec2Options.safeParse({ ...REGION, ...options });
  expect(answer.success).toBe(false);
  expect(answer.error?.issues.map(({ path }) => path.join('.')).join()).toContain(option);
});

test.each([
  {},
  { ...KEYS, roleArn: 'arn:aws:iam::123456789012:role/path/gateway', externalId: 'x' },
  { availabilityZone: 'eu-central-1-ham-1a' },
  { imageOwners: ['self', 'amazon'], imageNames: ['al2023-*'], imageArchitectures: ['arm64'] },
  { rootVolume: { type: 'gp3', iops: 4000, throughput: 250, sizeGib: 20, kmsKey: 'alias/x' } },
  { metadataOptions: { httpTokens: 'required', httpPutResponseHopLimit: 2 }, tags: { CostCenter: '1' }, propertyTags: ['Owner'] },
  { images: Object.keys(ALIASES) },
])('what goes together is taken', (options) => {
  expect(ec2Options.safeParse({ ...REGION, ...options }).error).toBeUndefined();
});

test.each([
  ['eu-central-1', 'aws'],
  ['cn-north-1', 'aws-cn'],
  ['us-gov-west-1', 'aws-us-gov'],
  ['us-iso-east-1', 'aws-iso'],
  ['us-isob-east-1', 'aws-iso-b'],
  ['eu-isoe-west-1', 'aws-iso-e'],
  ['us-isof-south-1', 'aws-iso-f'],
  ['eusc-de-east-1', 'aws-eusc'],
  ['mx-central-1', 'aws'],
])('%s is a region, of the partition %s', (region, name) => {
  expect(ec2Options.safeParse({ region }).success).toBe(true);
  expect(partition(region)).toBe(name);
});

test('only regions that every account has are asked which others are enabled', () => {
  expect([alwaysEnabled('ap-east-1'), alwaysEnabled('eusc-de-east-1'), alwaysEnabled('us-iso-east-1')]).toEqual([
    'us-east-1',
    'eusc-de-east-1',
    undefined,
  ]);
});

test('many own tags take room from properties', () => {
  const room = (maxProperties?: number) => capabilities(0, 2, maxProperties).types.CloudEntryPoint?.capabilities?.MaxPropertyItems;
  expect([room(), room(30)]).toEqual([36, 30]);
});
