import { createHash } from 'node:crypto';
import { type IncomingMessage, request } from 'node:http';
import { errorXml, mapItems } from './ec2-xml';
import type { Call, Rule } from './fault-proxy';
import type { Answer } from './onward';

/**
 * The part of the fault proxy that is the EBS direct APIs: a stand-in for what moto lacks of them. Moto keeps the blocks; here are
 * checksums, sizes, counts, pages and states as AWS has them, the blocks of snapshots that were not begun there, and images that are
 * registered on a snapshot.
 */

const BLOCK = 524_288;

/** An answer whose body is bytes. */
export interface BlocksAnswer {
  status: number;
  headers: Readonly<Record<string, string>>;
  body: Buffer;
}

/** A snapshot begun by StartSnapshot. */
interface Begun {
  gib: number;
  /** Digests of its blocks, by index. */
  digests: Map<number, string>;
  complete: boolean;
}

/** An image registered on a snapshot; text for DescribeImages. */
interface Registered {
  name: string;
  snapshot: string;
  device: string;
  told: string;
}

/** Memory of the stand-in. */
export class BlockMemory {
  readonly begun = new Map<string, Begun>();
  readonly images = new Map<string, Registered>();
  /** Every image that was registered on a snapshot: moto makes another snapshot behind it, which nobody is told of. */
  readonly made = new Set<string>();
  /** Calls of StartSnapshot that moto may have answered, and of which nobody is told yet. */
  readonly starting = new Set<Promise<unknown>>();
  /** Snapshots whose blocks are made up, with their sizes in GiB. */
  readonly seeded = new Map<string, number>();

  /** Snapshots that were begun and never completed. */
  get pending(): string[] {
    return [...this.begun].filter(([, { complete }]) => !complete).map(([id]) => id);
  }
}

/** Blocks that a snapshot of CreateSnapshot has, of however many GiB: the first, two together, and the last. */
export const seededIndexes = (gib: number): number[] => [0, 5, 6, (gib * 2 ** 30) / BLOCK - 1];

/** Contents of such a block. */
export const seededBlock = (id: string, index: number): Buffer => Buffer.alloc(BLOCK, `${id} ${index} `);

const ROUTES: readonly (readonly [string, RegExp, string])[] = [
  ['POST', /^\/snapshots$/, 'StartSnapshot'],
  ['PUT', /^\/snapshots\/[^/]+\/blocks\/\d+$/, 'PutSnapshotBlock'],
  ['POST', /^\/snapshots\/completion\/[^/]+$/, 'CompleteSnapshot'],
  ['GET', /^\/snapshots\/[^/]+\/blocks$/, 'ListSnapshotBlocks'],
  ['GET', /^\/snapshots\/[^/]+\/blocks\/\d+$/, 'GetSnapshotBlock'],
];

const urlOf = ({ url }: Pick<IncomingMessage, 'url'>): URL => new URL(url ?? '/', 'http://none');

/** The operation of a call to the EBS direct APIs; undefined of a call to another service. */
export function blocksCall(incoming: Pick<IncomingMessage, 'method' | 'url'>): string | undefined {
  const { pathname } = urlOf(incoming);
  return ROUTES.find(([method, path]) => method === incoming.method && path.test(pathname))?.[2];
}

/** A refusal of the EBS direct APIs. */
export const refusedBlocks = (code: string, message: string, status = 400, more: object = {}): BlocksAnswer =>
  json(status, { message, ...more }, { 'x-amzn-errortype': code });

const json = (status: number, body: object, headers: Readonly<Record<string, string>> = {}): BlocksAnswer => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: Buffer.from(JSON.stringify(body)),
});

const digestOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('base64');

/** Answers a call: as the rule says, as AWS would refuse it, else as moto does. */
export async function blocksAnswer(
  call: Call,
  rule: Rule,
  memory: BlockMemory,
  { target, incoming, body }: { target: string; incoming: IncomingMessage; body: Buffer },
): Promise<BlocksAnswer> {
  if (rule.fail) return refusedBlocks(rule.fail.code, rule.fail.message ?? 'as the test ordered', rule.fail.status, rule.fail.more);
  if (rule.answer) {
    const given = typeof rule.answer === 'function' ? rule.answer(call) : rule.answer;
    return { status: given.status, headers: { 'content-type': given.type }, body: Buffer.from(given.body, 'latin1') };
  }
  const onward = () => passedOn(target, incoming, body);
  const answer = await OPERATIONS[call.action]?.({ memory, incoming, body, onward, target });
  if (!answer) throw new Error(`no ${call.action} here`);
  return rule.rewrite ? { ...answer, body: Buffer.from(rule.rewrite(answer.body.toString('latin1'), call), 'latin1') } : answer;
}

interface Asked {
  memory: BlockMemory;
  incoming: IncomingMessage;
  body: Buffer;
  target: string;
  onward(): Promise<BlocksAnswer>;
}

const parts = (incoming: IncomingMessage): string[] =>
  urlOf(incoming)
    .pathname.split('/')
    .filter((part) => part !== '');
const noSnapshot = (id: string): BlocksAnswer =>
  refusedBlocks('ResourceNotFoundException', `The snapshot '${id}' does not exist.`, 404, { Reason: 'SNAPSHOT_NOT_FOUND' });
const invalid = (message: string): BlocksAnswer => refusedBlocks('ValidationException', message);

const OPERATIONS: Readonly<Record<string, (asked: Asked) => Promise<BlocksAnswer>>> = {
  StartSnapshot: async ({ memory, body, onward, target }) => {
    const { VolumeSize } = JSON.parse(body.toString()) as { VolumeSize: number };
    const start = async (): Promise<{ SnapshotId: string }> => {
      const answer = await onward();
      const begun = JSON.parse(answer.body.toString()) as { SnapshotId: string };
      memory.begun.set(begun.SnapshotId, { gib: VolumeSize, digests: new Map(), complete: false });
      return begun;
    };
    const starting = start();
    memory.starting.add(starting);
    const told = await starting.finally(() => memory.starting.delete(starting));
    // Moto makes a volume for each, and forgets it.
    const snapshot = await askEc2(target, { Action: 'DescribeSnapshots', 'SnapshotId.1': told.SnapshotId });
    await askEc2(target, { Action: 'DeleteVolume', VolumeId: /<volumeId>([^<]*)</.exec(snapshot)?.[1] ?? '' });
    return json(201, { ...told, BlockSize: BLOCK, Status: 'pending' });
  },
  PutSnapshotBlock: async ({ memory, incoming, body, onward }) => {
    const [, id = '', , index = ''] = parts(incoming);
    const { headers } = incoming;
    const begun = memory.begun.get(id);
    if (!begun) return noSnapshot(id);
    if (begun.complete) return invalid(`The snapshot ${id} is completed.`);
    if (body.length !== BLOCK || headers['x-amz-data-length'] !== String(BLOCK)) return invalid('BlockData must be 524288 bytes.');
    const digest = digestOf(body);
    if (headers['x-amz-checksum'] !== digest || headers['x-amz-checksum-algorithm'] !== 'SHA256')
      return invalid('The checksum is not that of the data.');
    if (Number(index) >= (begun.gib * 2 ** 30) / BLOCK) return invalid(`The block ${index} is beyond the end of the volume.`);
    await onward();
    begun.digests.set(Number(index), digest);
    return { status: 201, headers: { 'x-amz-checksum': digest, 'x-amz-checksum-algorithm': 'SHA256' }, body: Buffer.alloc(0) };
  },
  CompleteSnapshot: async ({ memory, incoming, onward }) => {
    const [, , id = ''] = parts(incoming);
    const begun = memory.begun.get(id);
    if (!begun) return noSnapshot(id);
    if (begun.complete) return invalid(`The snapshot ${id} is completed.`);
    const { headers } = incoming;
    if (headers['x-amz-changedblockscount'] !== String(begun.digests.size))
      return invalid(`ChangedBlocksCount is ${String(headers['x-amz-changedblockscount'])}, and ${begun.digests.size} blocks were put.`);
    const inOrder = [...begun.digests].sort(([a], [b]) => a - b).map(([, digest]) => Buffer.from(digest, 'base64'));
    const checksum = headers['x-amz-checksum'];
    if (
      checksum !== undefined &&
      (checksum !== digestOf(Buffer.concat(inOrder)) || headers['x-amz-checksum-aggregation-method'] !== 'LINEAR')
    )
      return invalid('The checksum is not that of the blocks.');
    await onward();
    begun.complete = true;
    return json(202, { Status: 'pending' });
  },
  ListSnapshotBlocks: async ({ memory, incoming, onward }) => {
    const [, id = ''] = parts(incoming);
    const { searchParams } = urlOf(incoming);
    const blocks = await listed(memory, id, onward);
    if (!blocks) return noSnapshot(id);
    const from = Number(searchParams.get('pageToken') ?? searchParams.get('startingBlockIndex') ?? 0);
    const left = blocks.filter(({ BlockIndex }) => BlockIndex >= from);
    const page = left.slice(0, Number(searchParams.get('maxResults') ?? 1000));
    const more = left[page.length];
    const VolumeSize = memory.begun.get(id)?.gib ?? memory.seeded.get(id);
    return json(200, { Blocks: page, BlockSize: BLOCK, VolumeSize, ...(more ? { NextToken: String(more.BlockIndex) } : {}) });
  },
  GetSnapshotBlock: async ({ memory, incoming, onward }) => {
    const [, id = '', , index = ''] = parts(incoming);
    const begun = memory.begun.get(id);
    const gib = memory.seeded.get(id);
    const known = begun
      ? begun.complete && begun.digests.has(Number(index))
      : gib !== undefined && seededIndexes(gib).includes(Number(index));
    if (!known) return noSnapshot(id);
    const body = begun ? (await onward()).body : seededBlock(id, Number(index));
    const headers = { 'x-amz-data-length': String(BLOCK), 'x-amz-checksum': digestOf(body), 'x-amz-checksum-algorithm': 'SHA256' };
    return { status: 200, headers: { 'content-type': 'application/octet-stream', ...headers }, body };
  },
};

type Listed = { BlockIndex: number; BlockToken: string };

async function listed(memory: BlockMemory, id: string, onward: () => Promise<BlocksAnswer>): Promise<Listed[] | undefined> {
  const begun = memory.begun.get(id);
  if (begun && !begun.complete) return undefined;
  if (begun) {
    const { Blocks } = JSON.parse((await onward()).body.toString()) as { Blocks: Listed[] };
    return Blocks.sort((a, b) => a.BlockIndex - b.BlockIndex);
  }
  const gib = memory.seeded.get(id);
  return gib === undefined ? undefined : seededIndexes(gib).map((BlockIndex) => ({ BlockIndex, BlockToken: `token-${BlockIndex}` }));
}

/** Sends a call on as it came, bytes and all. */
function passedOn(target: string, incoming: IncomingMessage, body: Buffer): Promise<BlocksAnswer> {
  return new Promise((done, failed) => {
    const headers = { ...incoming.headers, connection: 'close', 'content-length': String(body.length) };
    const onward = request(target + (incoming.url ?? '/'), { method: incoming.method ?? 'GET', headers, agent: false }, (answer) => {
      const got: Buffer[] = [];
      answer.on('data', (part: Buffer) => got.push(part));
      answer.once('error', failed);
      answer.once('end', () => {
        const whole = { status: answer.statusCode ?? 502, headers: answer.headers as Record<string, string>, body: Buffer.concat(got) };
        if (whole.status < 300) done(whole);
        else failed(new Error(`moto answered ${whole.status}: ${whole.body.toString().slice(0, 300)}`));
      });
    });
    onward.once('error', failed);
    onward.end(body);
  });
}

/** Asks moto's EC2, which it knows by the signature's scope. */
async function askEc2(target: string, parameters: Readonly<Record<string, string>>): Promise<string> {
  const scope = 'Credential=AKIAIOSFODNN7EXAMPLE/20260101/us-east-1/ec2/aws4_request';
  const headers = {
    authorization: `AWS4-HMAC-SHA256 ${scope}, SignedHeaders=host, Signature=none`,
    'content-type': 'application/x-www-form-urlencoded',
  };
  const body = new URLSearchParams({ ...parameters, Version: '2016-11-15' }).toString();
  return (await fetch(target, { method: 'POST', headers, body })).text();
}

const valueOf = (xml: string, name: string): string | undefined => new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];

/** The refusal of a RegisterImage that AWS would not take and moto would; undefined for all other calls. */
export function refusedImage({ action, parameters }: Call, memory: BlockMemory): Answer | undefined {
  const snapshot = parameters.get('BlockDeviceMapping.1.Ebs.SnapshotId');
  if (action !== 'RegisterImage' || snapshot === null) return undefined;
  const [[id] = []] = [...memory.images].filter(([, { name }]) => name === parameters.get('Name'));
  if (id !== undefined) {
    const body = errorXml('InvalidAMIName.Duplicate', `AMI name ${parameters.get('Name')} is already in use by AMI ${id}`);
    return { status: 400, type: 'text/xml', body };
  }
  if (memory.begun.get(snapshot)?.complete !== false) return undefined;
  const body = errorXml('InvalidParameterValue', `Snapshot '${snapshot}' is not in the 'completed' state.`);
  return { status: 400, type: 'text/xml', body };
}

/** Takes down what was registered, and tells of images and snapshots as AWS would. */
export async function tellBlocks(call: Call, xml: string, memory: BlockMemory, target: string): Promise<string> {
  const { action, parameters } = call;
  if (action === 'CreateSnapshot') memory.seeded.set(valueOf(xml, 'snapshotId') ?? '', Number(valueOf(xml, 'volumeSize') ?? 0));
  if (action === 'DeleteSnapshot') for (const kept of [memory.begun, memory.seeded]) kept.delete(parameters.get('SnapshotId') ?? '');
  if (action === 'DeregisterImage') memory.images.delete(parameters.get('ImageId') ?? '');
  if (action === 'RegisterImage') await registered(call, valueOf(xml, 'imageId') ?? '', memory, target);
  if (action === 'DescribeSnapshots') {
    // One that moto shows already, as completed, is pending as soon as its start was answered here.
    await Promise.allSettled(memory.starting);
    const pending = memory.pending;
    const others = (item: string): boolean => !memory.made.has(/for AMI (ami-\w+)/.exec(valueOf(item, 'description') ?? '')?.[1] ?? '');
    return mapItems(xml, 'snapshotSet', (items) =>
      items
        .filter(others)
        .map((item) =>
          pending.includes(valueOf(item, 'snapshotId') ?? '') ? item.replace('<status>completed<', '<status>pending<') : item,
        ),
    );
  }
  if (action !== 'DescribeImages') return xml;
  return mapItems(xml, 'imagesSet', (items) => items.map((item) => asRegistered(item, memory)));
}

async function registered({ parameters }: Call, id: string, memory: BlockMemory, target: string): Promise<void> {
  const snapshot = parameters.get('BlockDeviceMapping.1.Ebs.SnapshotId');
  if (snapshot === null) return;
  const told = {
    architecture: parameters.get('Architecture') ?? 'i386',
    bootMode: parameters.get('BootMode'),
    enaSupport: parameters.get('EnaSupport'),
  };
  const elements = Object.entries(told).flatMap(([name, value]) => (value === null ? [] : [`<${name}>${value}</${name}>`]));
  memory.images.set(id, {
    name: parameters.get('Name') ?? '',
    snapshot,
    device: parameters.get('RootDeviceName') ?? '',
    told: elements.join(''),
  });
  const tags = [...parameters].filter(([name]) => name.startsWith('TagSpecification.1.Tag.'));
  await askEc2(target, {
    Action: 'CreateTags',
    'ResourceId.1': id,
    ...Object.fromEntries(tags.map(([name, value]) => [name.replace('TagSpecification.1.', ''), value])),
  });
  memory.made.add(id);
}

function asRegistered(item: string, memory: BlockMemory): string {
  const image = memory.images.get(valueOf(item, 'imageId') ?? '');
  if (!image) return item;
  const ebs = `<ebs><snapshotId>${image.snapshot}</snapshotId><volumeSize>${memory.begun.get(image.snapshot)?.gib ?? 1}</volumeSize></ebs>`;
  return item
    .replace(/<(architecture|bootMode|enaSupport|rootDeviceName|rootDeviceType)>[^<]*<\/\1>/g, '')
    .replace(/<blockDeviceMapping>[\s\S]*?<\/blockDeviceMapping>/, '')
    .replace(
      /<\/item>$/,
      `${image.told}<rootDeviceType>ebs</rootDeviceType><rootDeviceName>${image.device}</rootDeviceName><blockDeviceMapping><item><deviceName>${image.device}</deviceName>${ebs}</item></blockDeviceMapping></item>`,
    );
}
