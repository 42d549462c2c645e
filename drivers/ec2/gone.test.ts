import { Gone, isGone, ProviderError } from '../../src/clouds/errors';
import { type ById, oneById, readByIds } from './client';
import { proofOf, thing, unlessGone } from './gone';

const fault = (code: string, message: string) => ({ code, message, requestId: 'r' });

test.each([
  ['InvalidInstanceID.NotFound', "The instance ID 'i-0a' does not exist", { InstanceIds: ['i-0a'] }, 'instance', 'i-0a'],
  ['InvalidAMIID.NotFound', "The image id '[ami-0a]' does not exist", { ImageIds: ['ami-0a'] }, 'image', 'ami-0a'],
  ['InvalidAMIID.Unavailable', "The image ID 'ami-0a' is no longer available", { ImageId: 'ami-0a' }, 'image', 'ami-0a'],
  ['InvalidVolume.NotFound', "The volume 'vol-0a' does not exist.", { VolumeId: 'vol-0a' }, 'volume', 'vol-0a'],
  ['InvalidSnapshot.NotFound', '', { SnapshotIds: ['snap-0a'] }, 'snapshot', 'snap-0a'],
  ['InvalidSubnetID.NotFound', "The subnet ID 'subnet-0a' does not exist", { SubnetId: 'subnet-0a' }, 'subnet', 'subnet-0a'],
  ['InvalidVpcID.NotFound', "The vpc ID 'vpc-0a' does not exist", { VpcId: 'vpc-0a' }, 'VPC', 'vpc-0a'],
  [
    'InvalidNetworkInterfaceID.NotFound',
    "The networkInterface ID 'eni-0a' does not exist",
    { Filters: [{ Values: ['eni-0a'] }] },
    'network interface',
    'eni-0a',
  ],
  [
    'InvalidAllocationID.NotFound',
    "The allocation ID 'eipalloc-0a' does not exist",
    { AllocationId: 'eipalloc-0a' },
    'Elastic IP',
    'eipalloc-0a',
  ],
  [
    'InvalidAttachmentID.NotFound',
    "attachment 'eni-attach-0a' …",
    { AttachmentId: 'eni-attach-0a' },
    'network interface attachment',
    'eni-attach-0a',
  ],
  ['InvalidKeyPair.NotFound', "The key pair 'cimi-x' does not exist", { KeyName: 'cimi-x' }, 'key pair', 'cimi-x'],
  [
    'InvalidInstanceType',
    'The following supplied instance types do not exist: [t9.huge]',
    { InstanceTypes: ['t9.huge'] },
    'instance type',
    't9.huge',
  ],
])('%s proves of what it names that it is gone', (code, message, input, type, key) => {
  const proof = proofOf(fault(code, message), input);
  expect(proof).toMatchObject({ thing: { type, key }, kind: 'notFound', code, maybeDone: false });
  expect(proof?.message).toMatch(/\S/);
});

test.each([
  ['a code of another type of thing', 'InvalidSnapshot.NotFound', "The snapshot 'snap-0a' does not exist", { VolumeId: 'vol-0a' }],
  ['words that name another thing', 'InvalidVolume.NotFound', "The volume 'vol-0b' does not exist", { VolumeId: 'vol-0a' }],
  ['an id that begins alike', 'InvalidVolume.NotFound', "The volume 'vol-0a1' does not exist", { VolumeId: 'vol-0a' }],
  ['no words, and several asked', 'InvalidVolume.NotFound', '', { VolumeIds: ['vol-0a', 'vol-0b'] }],
  ['a code that is no proof', 'InvalidParameterValue', "The volume 'vol-0a' does not exist", { VolumeId: 'vol-0a' }],
  [
    'a type that is there and does not fit',
    'InvalidInstanceType',
    'The instance type t3.micro is not supported',
    { InstanceType: 't3.micro' },
  ],
  ['a code of everything', 'toString', 'x', { VolumeId: 'vol-0a' }],
])('%s proves nothing', (_what, code, message, input) => {
  expect(proofOf(fault(code, message), input)).toBeUndefined();
});

test('only the proof of the very thing ends a delete well', async () => {
  const proof = Gone.told(thing('volume', 'vol-0a'), fault('InvalidVolume.NotFound', 'x'));
  await unlessGone(thing('volume', 'vol-0a'), Promise.reject(proof));
  await expect(unlessGone(thing('volume', 'vol-0b'), Promise.reject(proof))).rejects.toBe(proof);
  await expect(unlessGone(thing('snapshot', 'vol-0a'), Promise.reject(proof))).rejects.toBe(proof);
});

describe('reading by id', () => {
  const there = new Set(['vol-01', 'vol-02', 'vol-03']);
  const asked: string[][] = [];
  /** EC2, in one of the ways in which its answers name what is missing. */
  const read = (words: (missing: string[], all: string[]) => string) => (ids: readonly string[]) => {
    const one = async (batch: string[]): Promise<string[]> => {
      asked.push(batch);
      const missing = batch.filter((id) => !there.has(id));
      if (missing.length === 0) return Promise.resolve(batch);
      const told = fault('InvalidVolume.NotFound', words(missing, batch));
      throw proofOf(told, { VolumeIds: batch }) ?? new ProviderError('invalid', told.message, { code: told.code });
    };
    return readByIds('volume', ids, one, (id) => id);
  };
  const keys = ['vol-01', 'vol-0e', 'vol-02', 'vol-0f', 'x y', 'vol-03'];
  const told = ({ found, gone }: ById<string>) => [[...found].sort(), gone.map(({ key }) => key).sort()];

  test.each<[string, (missing: string[], all: string[]) => string]>([
    ['the first missing', ([first]) => `The volume '${first}' does not exist.`],
    ['all missing', (missing) => `The volumes '${missing.join(', ')}' do not exist.`],
    ['none', () => ''],
    ['all asked', (_missing, all) => `The volume '{${all.join("', '")}}' does not exist.`],
  ])('words that name %s: each key has its item or its proof', async (_what, words) => {
    expect(told(await read(words)(keys))).toEqual([
      ['vol-01', 'vol-02', 'vol-03'],
      ['vol-0e', 'vol-0f', 'x y'],
    ]);
  });

  test('what is there costs one call; what a good answer leaves out stays unknown', async () => {
    asked.length = 0;
    await read(() => '')(['vol-01', 'vol-02']);
    expect(asked).toEqual([['vol-01', 'vol-02']]);
    const silent = (ids: readonly string[]) => readByIds('volume', ids, () => Promise.resolve([]), String);
    expect(await silent(['vol-01', 'vol-02'])).toEqual({ found: [], gone: [] });
    await expect(oneById('volume', 'vol-01', silent)).rejects.toMatchObject({ kind: 'unavailable' });
  });

  test('a proof of another thing is no answer', async () => {
    const other = Gone.told(thing('volume', 'vol-0b'), fault('InvalidVolume.NotFound', 'x'));
    await expect(readByIds('volume', ['vol-0a'], () => Promise.reject(other), String)).rejects.toBe(other);
    expect(isGone(other, thing('volume', 'vol-0a'))).toBe(false);
  });
});
