import { createHash } from 'node:crypto';
import { CompleteSnapshotCommand, GetSnapshotBlockCommand, ListSnapshotBlocksCommand, PutSnapshotBlockCommand } from '@aws-sdk/client-ebs';
import { RegisterImageCommand } from '@aws-sdk/client-ec2';
import type { CallContext } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import type { Wire } from './client';
import { BLOCK_BYTES, type EbsDirect } from './ebs';

/** A permission, what it is needed for, and a call that asks for it and does nothing. */
type Attempt = readonly [string, string, (clients: { wire: Wire; ebs: EbsDirect }, context: CallContext) => Promise<unknown>];

/** Well-formed id of nothing: the EBS direct APIs have no dry run, and look at permissions first. */
const SnapshotId = 'snap-00000000000000000';
const block = { SnapshotId, BlockIndex: 0 };
const BlockData = Buffer.alloc(BLOCK_BYTES);
const Checksum = createHash('sha256').update(BlockData).digest('base64');
const DATA = { BlockData, DataLength: BLOCK_BYTES, Checksum, ChecksumAlgorithm: 'SHA256' } as const;
const TO_WRITE = 'to make images of disks from elsewhere';
const TO_READ = 'to read the contents of images';

/** Asks of a snapshot that is not there: that EBS says so means that one may ask. */
async function ofNothing(asked: Promise<unknown>): Promise<void> {
  try {
    await asked;
  } catch (error) {
    if (!(error instanceof ProviderError) || error.code !== 'ResourceNotFoundException') throw error;
  }
}

/** Permissions for disks that go in and out. ebs:StartSnapshot is not tried: it would make a snapshot. */
export const DISK_ATTEMPTS: readonly Attempt[] = [
  ['ec2:RegisterImage', TO_WRITE, ({ wire }, c) => wire.send(new RegisterImageCommand({ DryRun: true, Name: 'cimi-check' }), c)],
  ['ebs:PutSnapshotBlock', TO_WRITE, ({ ebs }, c) => ofNothing(ebs.send(new PutSnapshotBlockCommand({ ...block, ...DATA }), c))],
  [
    'ebs:CompleteSnapshot',
    TO_WRITE,
    ({ ebs }, c) => ofNothing(ebs.send(new CompleteSnapshotCommand({ SnapshotId, ChangedBlocksCount: 0 }), c)),
  ],
  [
    'ebs:ListSnapshotBlocks',
    TO_READ,
    ({ ebs }, c) => ofNothing(ebs.send(new ListSnapshotBlocksCommand({ SnapshotId, MaxResults: 100 }), c)),
  ],
  ['ebs:GetSnapshotBlock', TO_READ, ({ ebs }, c) => ofNothing(ebs.send(new GetSnapshotBlockCommand({ ...block, BlockToken: 'none' }), c))],
];
