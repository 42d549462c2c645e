import { Gone, isGone, type ProviderError, type Thing } from '../../src/clouds/errors';

/** Things of EC2 as its proofs name them. */
export type Ec2Type =
  | 'instance'
  | 'instance type'
  | 'image'
  | 'volume'
  | 'snapshot'
  | 'subnet'
  | 'VPC'
  | 'network interface'
  | 'network interface attachment'
  | 'Elastic IP'
  | 'association'
  | 'key pair'
  | 'route table'
  | 'internet gateway'
  | 'security group';

/** Shapes of keys. */
export const SHAPES: Readonly<Record<Ec2Type, RegExp>> = {
  instance: /^i-[0-9a-f]+$/,
  'instance type': /^[a-z][a-z0-9-]*\.[a-z0-9-]+$/,
  image: /^ami-[0-9a-f]+$/,
  volume: /^vol-[0-9a-f]+$/,
  snapshot: /^snap-[0-9a-f]+$/,
  subnet: /^subnet-[0-9a-f]+$/,
  VPC: /^vpc-[0-9a-f]+$/,
  'network interface': /^eni-[0-9a-f]+$/,
  'network interface attachment': /^eni-attach-[0-9a-f]+$/,
  'Elastic IP': /^eipalloc-[0-9a-f]+$/,
  association: /^(?:eipassoc|rtbassoc)-[0-9a-f]+$/,
  'key pair': /^[\x20-\x7e]{1,255}$/,
  'route table': /^rtb-[0-9a-f]+$/,
  'internet gateway': /^igw-[0-9a-f]+$/,
  'security group': /^sg-[0-9a-f]+$/,
};

/** Code of EC2's own fault document → the thing of which it is the proof that it is not there. */
const PROOFS: Readonly<Record<string, Ec2Type>> = {
  'InvalidInstanceID.NotFound': 'instance',
  InvalidInstanceType: 'instance type',
  'InvalidAMIID.NotFound': 'image',
  'InvalidAMIID.Unavailable': 'image',
  'InvalidVolume.NotFound': 'volume',
  'InvalidSnapshot.NotFound': 'snapshot',
  'InvalidSubnetID.NotFound': 'subnet',
  'InvalidVpcID.NotFound': 'VPC',
  'InvalidNetworkInterfaceID.NotFound': 'network interface',
  'InvalidNetworkInterfaceId.NotFound': 'network interface',
  'InvalidAttachmentID.NotFound': 'network interface attachment',
  'InvalidAllocationID.NotFound': 'Elastic IP',
  'InvalidAssociationID.NotFound': 'association',
  'InvalidKeyPair.NotFound': 'key pair',
  'InvalidRouteTableID.NotFound': 'route table',
  'InvalidInternetGatewayID.NotFound': 'internet gateway',
  'InvalidGroup.NotFound': 'security group',
};

/** A refusal without words, as the SDK tells it. */
const NO_WORDS: readonly string[] = ['', 'Unknown', 'UnknownError'];
/** An instance type is refused by one code for being unknown and for being unfit: only these words are a proof. */
const NO_SUCH_TYPE = /do(?:es)? not exist/;

/** A fault document of EC2's own. */
interface Fault {
  code: string;
  message: string;
  requestId: string | undefined;
}

/** A reference to one thing of EC2. */
export const thing = (type: Ec2Type, key: string): Thing => ({ type, key });

/**
 * The proof in a fault document of EC2's own: its code is that of a kind of thing, and its words name one that was asked
 * for; where they name none, the one that was asked for counts if it is the only one of its kind.
 * @param input what was asked, as the command has it
 * @returns undefined where nothing is proven
 */
export function proofOf(fault: Fault, input: unknown): Gone | undefined {
  const type = Object.hasOwn(PROOFS, fault.code) ? PROOFS[fault.code] : undefined;
  if (type === undefined || (type === 'instance type' && !NO_SUCH_TYPE.test(fault.message))) return undefined;
  const asked = [...new Set(textsIn(input))].filter((text) => SHAPES[type].test(text));
  const [named] = namedIn(fault.message, asked);
  const key = named ?? (asked.length === 1 && !namesAnother(fault.message, type) ? asked[0] : undefined);
  const message = NO_WORDS.includes(fault.message) || fault.message === fault.code ? `EC2 has no ${type} ${key ?? ''}` : fault.message;
  return key === undefined ? undefined : Gone.told(thing(type, key), { ...fault, message });
}

/** Tells whether a refusal says that things of this type are not there. Images that are gone are also told without an error. */
export function speaksOf(error: ProviderError, type: Ec2Type): boolean {
  if (error instanceof Gone) return error.thing.type === type;
  return error.code !== undefined && Object.hasOwn(PROOFS, error.code) && PROOFS[error.code] === type;
}

/** Returns those of the keys that the text names, each as a whole word: a short id may begin like a long one. */
export function namedIn(message: string, keys: readonly string[]): string[] {
  const said = new Set(message.match(/[\w.-]+\w/g) ?? []);
  return keys.filter((key) => said.has(key));
}

/** Tells whether the text names a thing of the type that was not asked for. Names of key pairs look like any word. */
const namesAnother = (message: string, type: Ec2Type): boolean =>
  type !== 'key pair' && (message.match(/[\w.-]+\w/g) ?? []).some((word) => SHAPES[type].test(word));

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return [];
  return Object.values(value).flatMap(textsIn);
}

/** Waits for a call that ends a thing: proven to be gone already, it is done. */
export async function unlessGone(what: Thing, call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!isGone(error, what)) throw error;
  }
}
