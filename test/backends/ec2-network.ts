import { type Ask, ONE_PAGE } from './ec2-storage';
import { errorXml, mapItems } from './ec2-xml';
import type { Call } from './fault-proxy';

/** Corrections of moto's networks where they are laxer or say less than AWS's; the fault proxy applies them. */

/** Memory of what moto forgets. */
export class NetworkMemory {
  /** Attachments that were told to end their interface with the instance. */
  readonly ending = new Set<string>();
}

/** A refusal in AWS's words. */
export interface Refusal {
  status: number;
  body: string;
}

const element = (xml: string, name: string): string | undefined => new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
const refusal = (code: string, words: string, status = 400): Refusal => ({ status, body: errorXml(code, words) });

interface Eni {
  id: string;
  instance: string | undefined;
  attachment: string | undefined;
  index: string | undefined;
}

function eniOf(item: string): Eni {
  const attachment = /<attachment>([\s\S]*?)<\/attachment>/.exec(item)?.[1] ?? '';
  return {
    id: element(item, 'networkInterfaceId') ?? '',
    instance: element(attachment, 'instanceId'),
    attachment: element(attachment, 'attachmentId'),
    index: element(attachment, 'deviceIndex'),
  };
}

/** Moto says of no interface that it made by itself that it ends with its instance. */
function endsWithInstance(item: string, memory: NetworkMemory): boolean {
  const { attachment } = eniOf(item);
  const told = item.includes('<deleteOnTermination>true</deleteOnTermination>');
  return told || element(item, 'description') === 'Primary network interface' || memory.ending.has(attachment ?? '');
}

/** Interfaces as AWS would tell of them: those of ended instances are gone, or free again. */
async function tellEnis(xml: string, ask: Ask, memory: NetworkMemory): Promise<string> {
  if (!xml.includes('<attachment>')) return xml;
  const ended = await ask({
    Action: 'DescribeInstances',
    'Filter.1.Name': 'instance-state-name',
    'Filter.1.Value.1': 'terminated',
    ...ONE_PAGE,
  });
  return mapItems(xml, 'networkInterfaceSet', (items) =>
    items.flatMap((item) => {
      const { instance } = eniOf(item);
      if (instance === undefined) return [item];
      const ends = endsWithInstance(item, memory);
      if (!ended.includes(`<instanceId>${instance}</instanceId>`)) {
        return [item.replace(/<deleteOnTermination>\w+</, `<deleteOnTermination>${ends}<`)];
      }
      if (ends) return [];
      return [item.replace(/<attachment>[\s\S]*?<\/attachment>/, '').replace('<status>in-use</status>', '<status>available</status>')];
    }),
  );
}

async function enis(ask: Ask, memory: NetworkMemory, filter: string, value: string): Promise<Eni[]> {
  const xml = await ask({ Action: 'DescribeNetworkInterfaces', 'Filter.1.Name': filter, 'Filter.1.Value.1': value });
  const found: Eni[] = [];
  mapItems(await tellEnis(xml, ask, memory), 'networkInterfaceSet', (items) => {
    found.push(...items.map(eniOf));
    return items;
  });
  return found;
}

async function associationOf(ask: Ask, filter: string, value: string): Promise<string | undefined> {
  const xml = await ask({ Action: 'DescribeAddresses', 'Filter.1.Name': filter, 'Filter.1.Value.1': value });
  return element(xml, 'associationId');
}

type Check = (parameters: URLSearchParams, ask: Ask, memory: NetworkMemory) => Promise<Refusal | undefined>;

/** Checks for what AWS refuses and moto does. */
const CHECKS: Readonly<Record<string, Check>> = {
  async DeleteSubnet(parameters, ask, memory) {
    const id = parameters.get('SubnetId') ?? '';
    if ((await enis(ask, memory, 'subnet-id', id)).length > 0)
      return refusal('DependencyViolation', `The subnet '${id}' has dependencies and cannot be deleted.`);
    // Moto's route tables would go on naming it.
    const tables = await ask({ Action: 'DescribeRouteTables', 'Filter.1.Name': 'association.subnet-id', 'Filter.1.Value.1': id });
    for (const [, item = ''] of tables.matchAll(/<item>((?:(?!<item>)[\s\S])*?)<\/item>/g)) {
      const AssociationId = element(item, 'routeTableAssociationId');
      if (AssociationId !== undefined && element(item, 'subnetId') === id) await ask({ Action: 'DisassociateRouteTable', AssociationId });
    }
    return undefined;
  },
  async DeleteVpc(parameters, ask) {
    const id = parameters.get('VpcId') ?? '';
    const gateways = await ask({ Action: 'DescribeInternetGateways', 'Filter.1.Name': 'attachment.vpc-id', 'Filter.1.Value.1': id });
    if (!gateways.includes('<internetGatewayId>')) return undefined;
    return refusal('DependencyViolation', `The vpc '${id}' has dependencies and cannot be deleted.`);
  },
  async AttachInternetGateway(parameters, ask) {
    const id = parameters.get('VpcId') ?? '';
    const gateways = await ask({ Action: 'DescribeInternetGateways', 'Filter.1.Name': 'attachment.vpc-id', 'Filter.1.Value.1': id });
    if (!gateways.includes('<internetGatewayId>')) return undefined;
    return refusal('InvalidParameterValue', `Network ${id} already has an internet gateway attached`);
  },
  async DeleteNetworkInterface(parameters, ask, memory) {
    const id = parameters.get('NetworkInterfaceId') ?? '';
    const [eni] = await enis(ask, memory, 'network-interface-id', id);
    return eni?.instance === undefined ? undefined : refusal('InvalidParameterValue', `Network interface '${id}' is currently in use.`);
  },
  async AttachNetworkInterface(parameters, ask, memory) {
    const id = parameters.get('NetworkInterfaceId') ?? '';
    const [eni] = await enis(ask, memory, 'network-interface-id', id);
    return eni?.instance === undefined ? undefined : refusal('InvalidNetworkInterface.InUse', `Interface: [${id}] in use.`);
  },
  async DetachNetworkInterface(parameters, ask, memory) {
    const [eni] = await enis(ask, memory, 'attachment.attachment-id', parameters.get('AttachmentId') ?? '');
    if (eni?.index !== '0') return undefined;
    return refusal('OperationNotPermitted', 'The network interface at device index 0 cannot be detached.');
  },
  async AllocateAddress(parameters, ask) {
    const ip = parameters.get('Address') ?? '';
    if (ip === '') return undefined;
    const held = await ask({ Action: 'DescribeAddresses', 'Filter.1.Name': 'public-ip', 'Filter.1.Value.1': ip });
    return held.includes('<allocationId>')
      ? refusal('InvalidIPAddress.InUse', `The specified IP address ${ip} is already in use.`)
      : undefined;
  },
  async ReleaseAddress(parameters, ask) {
    const id = parameters.get('AllocationId') ?? '';
    if ((await associationOf(ask, 'allocation-id', id)) === undefined) return undefined;
    return refusal('InvalidIPAddress.InUse', `The address with allocation id ${id} is in use.`);
  },
  async AssociateAddress(parameters, ask) {
    const eni = parameters.get('NetworkInterfaceId') ?? '';
    if ((await associationOf(ask, 'network-interface-id', eni)) === undefined) return undefined;
    return refusal('Resource.AlreadyAssociated', `resource ${eni} is already associated with associate-id`);
  },
  /** Static addresses outlive the instance, on AWS without an association; interfaces that end with it do end. */
  async TerminateInstances(parameters, ask, memory) {
    for (const [name, instance] of parameters) {
      if (!name.startsWith('InstanceId.')) continue;
      for (const { id, attachment = '' } of await enis(ask, memory, 'attachment.instance-id', instance)) {
        const AssociationId = await associationOf(ask, 'network-interface-id', id);
        if (AssociationId !== undefined) await ask({ Action: 'DisassociateAddress', AssociationId });
        if (!memory.ending.has(attachment)) continue;
        await ask({ Action: 'DetachNetworkInterface', AttachmentId: attachment });
        await ask({ Action: 'DeleteNetworkInterface', NetworkInterfaceId: id });
      }
    }
    return undefined;
  },
};

/** The refusal of a call that AWS would not take and moto would; undefined for all other calls. */
export async function refusedNetwork({ action, parameters }: Call, ask: Ask, memory: NetworkMemory): Promise<Refusal | undefined> {
  if (parameters.get('DryRun') === 'true') {
    // Moto makes the VPC all the same.
    return action === 'CreateVpc' ? refusal('DryRunOperation', 'Request would have succeeded, but DryRun flag is set.', 412) : undefined;
  }
  if (action === 'ModifyNetworkInterfaceAttribute' && parameters.get('Attachment.DeleteOnTermination') === 'true')
    memory.ending.add(parameters.get('Attachment.AttachmentId') ?? '');
  return CHECKS[action]?.(parameters, ask, memory);
}

/** The refusal for an interface that is asked for by id and of which AWS would not tell any more. */
export function missingEni({ action, parameters }: Call, xml: string): Refusal | undefined {
  if (action !== 'DescribeNetworkInterfaces') return undefined;
  const asked = [...parameters].flatMap(([name, value]) => (name.startsWith('NetworkInterfaceId.') ? value : []));
  const missing = asked.filter((id) => !xml.includes(`<networkInterfaceId>${id}</networkInterfaceId>`));
  if (missing.length === 0) return undefined;
  return refusal('InvalidNetworkInterfaceID.NotFound', `The networkInterface ID '${missing.join(', ')}' does not exist`);
}

/** DescribeNetworkInterfaces tells of what AWS would. */
export async function tellNetwork(call: Call, xml: string, ask: Ask, memory: NetworkMemory): Promise<string> {
  return call.action === 'DescribeNetworkInterfaces' ? tellEnis(xml, ask, memory) : xml;
}
