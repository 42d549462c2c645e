import { errorXml, mapInstances, mapItems } from './ec2-xml';
import type { Call } from './fault-proxy';

/** Corrections of moto's storage where it is laxer or says less than AWS's; the fault proxy applies them. */

/** Moto's own account: that of the tests. */
const ACCOUNT = '123456789012';

/** Asks the counterpart something of the proxy's own; answers XML. */
export type Ask = (parameters: Readonly<Record<string, string>>) => Promise<string>;

/** Moto tells of a hundred instances where nothing is asked, ended ones among them. */
export const ONE_PAGE = { MaxResults: '1000' };

const element = (xml: string, name: string): string | undefined => new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];

interface Held {
  instance: string;
  device: string;
  deleteOnTermination: boolean;
}

/** Reads what each instance says of the volumes it has: by volume id. */
async function holders(ask: Ask): Promise<Map<string, Held>> {
  const held = new Map<string, Held>();
  mapInstances(await ask({ Action: 'DescribeInstances', ...ONE_PAGE }), (instance, item) => {
    mapItems(item, 'blockDeviceMapping', (devices) => {
      for (const device of devices) {
        const deleteOnTermination = element(device, 'deleteOnTermination') === 'true';
        held.set(element(device, 'volumeId') ?? '', { instance, device: element(device, 'deviceName') ?? '', deleteOnTermination });
      }
      return devices;
    });
    return item;
  });
  return held;
}

/** DescribeVolumes tells of each attachment whether it ends the volume; DescribeSnapshots of "self" tells one's own alone. */
export async function tellStorage(call: Call, xml: string, ask: Ask): Promise<string> {
  if (call.action === 'DescribeSnapshots' && call.parameters.get('Owner.1') === 'self') {
    return mapItems(xml, 'snapshotSet', (items) => items.filter((item) => element(item, 'ownerId') === ACCOUNT));
  }
  if (call.action !== 'DescribeVolumes' || !xml.includes('<attachTime>')) return xml;
  const held = await holders(ask);
  const told = (volume: string, attachments: string) =>
    attachments.replaceAll(
      '</attachTime>',
      `</attachTime><deleteOnTermination>${held.get(volume)?.deleteOnTermination === true}</deleteOnTermination>`,
    );
  return mapItems(xml, 'volumeSet', (items) => items.map((item) => told(element(item, 'volumeId') ?? '', item)));
}

/** A call's body as moto understands it: CreateImage with tags for its snapshots is beyond it. */
export function understood({ action, parameters }: Call, body: string): string {
  const n = [...parameters].find(([name, value]) => name.endsWith('.ResourceType') && value === 'snapshot')?.[0].split('.')[1];
  if (action !== 'CreateImage' || n === undefined) return body;
  const left = [...parameters].filter(([name]) => !name.startsWith(`TagSpecification.${n}.`));
  return new URLSearchParams(left).toString();
}

/** Largest EBS volume, in GiB. */
const MAX_GIB = 65_536;

/** The refusal of a CreateVolume or AttachVolume that AWS would not take and moto would; undefined for all other calls. */
export async function refusedStorage(call: Call, ask: Ask): Promise<string | undefined> {
  const size = Number(call.parameters.get('Size') ?? 0);
  if (call.action === 'CreateVolume' && size > MAX_GIB)
    return errorXml('InvalidParameterValue', `Volume of ${size}GiB is too large; maximum is ${MAX_GIB}GiB.`);
  const [volume, instance] = [call.parameters.get('VolumeId') ?? '', call.parameters.get('InstanceId') ?? ''];
  if (call.action !== 'AttachVolume' || call.parameters.get('DryRun') === 'true') return undefined;
  const held = await holders(ask);
  if (held.has(volume)) return errorXml('VolumeInUse', `${volume} is already attached to an instance`);
  const device = call.parameters.get('Device') ?? '';
  const taken = [...held.values()].some((one) => one.instance === instance && one.device === device);
  if (!taken) return undefined;
  return errorXml('InvalidParameterValue', `Invalid value '${device}' for unixDevice. Attachment point ${device} is already in use`);
}
