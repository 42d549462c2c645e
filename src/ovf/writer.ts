import { EXTENSION } from '../model/define';
import { element, optional, together } from './elements';
import type { Markup } from './elements';
import { hardwareSection, ours } from './hardware-writer';
import type {
  Content,
  DiskDescription,
  LeftOut,
  NetworkDescription,
  OperatingSystem,
  Package,
  PackageFile,
  Product,
  StartupItem,
} from './package';

const MEBIBYTE = 2 ** 20;
const CIM = 'http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2';
const NAMESPACES = {
  xmlns: 'http://schemas.dmtf.org/ovf/envelope/1',
  'xmlns:ovf': 'http://schemas.dmtf.org/ovf/envelope/1',
  'xmlns:rasd': `${CIM}/CIM_ResourceAllocationSettingData`,
  'xmlns:vssd': `${CIM}/CIM_VirtualSystemSettingData`,
  'xmlns:vmw': 'http://www.vmware.com/schema/ovf',
};

/**
 * Writes a descriptor of OVF 1.1, valid by DSP8023 1.1.0. Deployment options are not written: a package has one chosen already. Nor are
 * values of properties that are passwords, and the order of starting from disks that are not in the order of their addresses.
 * Characters that XML can't carry become U+FFFD.
 */
export function writeDescriptor({ files, disks, networks, content }: Package): string {
  const envelope = element(
    'Envelope',
    NAMESPACES,
    element('References', {}, together(files.map(file))),
    disks.length > 0 ? section('DiskSection', 'Virtual disks of the package', disks.map(disk)) : undefined,
    networks.length > 0
      ? section('NetworkSection', 'Logical networks of the package', [...networks.map(network), ...networks.flatMap(block)])
      : undefined,
    one(content),
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n${envelope.markup}\n`;
}

const section = (name: string, info: string, parts: readonly (Markup | undefined)[], attributes = {}): Markup =>
  element(name, attributes, element('Info', {}, info), ...parts);

function file({ id, location, size, gzip, chunkSize }: PackageFile): Markup {
  const href = location.url ?? encodeURIComponent(location.name);
  return element('File', {
    'ovf:id': id,
    'ovf:href': href,
    'ovf:size': size,
    'ovf:compression': gzip ? 'gzip' : undefined,
    'ovf:chunkSize': chunkSize,
  });
}

function disk({ id, capacity, file: reference, format, populatedSize }: DiskDescription): Markup {
  const whole = capacity % MEBIBYTE === 0;
  return element('Disk', {
    'ovf:diskId': id,
    'ovf:capacity': whole ? capacity / MEBIBYTE : capacity,
    'ovf:capacityAllocationUnits': whole ? 'byte * 2^20' : 'byte',
    'ovf:fileRef': reference,
    'ovf:format': format,
    'ovf:populatedSize': populatedSize,
  });
}

const network = ({ name, description }: NetworkDescription): Markup =>
  element('Network', { 'ovf:name': name }, optional('Description', description));

const block = ({ name, cidr }: NetworkDescription): Markup[] => (cidr === undefined ? [] : [ours('block', cidr, { network: name })]);

function one(content: Content): Markup {
  const { id, name, description, products, licenses } = content;
  const head = [
    element('Info', {}, content.kind === 'system' ? 'A virtual machine' : 'Virtual machines that belong together'),
    optional('Name', name),
    description === undefined
      ? undefined
      : section('AnnotationSection', 'A description', [element('Annotation', {}, description)], { 'ovf:required': false }),
    together(products.map(product)),
    together(licenses.map((text) => section('EulaSection', 'A licence to accept', [element('License', {}, text)]))),
  ];
  if (content.kind === 'system') {
    const { operatingSystem } = content;
    const os = operatingSystem === undefined ? undefined : operatingSystemSection(operatingSystem);
    return element('VirtualSystem', { 'ovf:id': id }, ...head, os, hardwareSection(content));
  }
  const { members, startup } = content;
  const order = startup.length > 0 ? section('StartupSection', 'The order of starting', startup.map(startupItem)) : undefined;
  return element('VirtualSystemCollection', { 'ovf:id': id }, ...head, order, together(members.map(one)));
}

const operatingSystemSection = ({ id, version, guestId, description }: OperatingSystem): Markup =>
  section('OperatingSystemSection', 'The operating system', [optional('Description', description)], {
    'ovf:id': id,
    'ovf:version': version,
    'vmw:osType': guestId,
  });

function product(it: Product): Markup {
  let category: string | undefined;
  const properties = it.properties.flatMap((property) => {
    const heading = property.category === category ? [] : [element('Category', {}, property.category ?? '')];
    ({ category } = property);
    const { name, type, value, userConfigurable, password, qualifiers, label, description } = property;
    const attributes = {
      'ovf:key': name,
      'ovf:type': type,
      'ovf:value': password || value === '' ? undefined : value,
      'ovf:userConfigurable': userConfigurable,
      'ovf:password': password ? true : undefined,
      'ovf:qualifiers': qualifiers,
    };
    return [...heading, element('Property', attributes, optional('Label', label), optional('Description', description))];
  });
  const { product: what, notExported = [], vendor, version, fullVersion, productUrl, vendorUrl, appUrl } = it;
  const facts = {
    Product: what,
    Vendor: vendor,
    Version: version,
    FullVersion: fullVersion,
    ProductUrl: productUrl,
    VendorUrl: vendorUrl,
    AppUrl: appUrl,
  };
  return section(
    'ProductSection',
    'A product, and the properties by which it is set up',
    [...Object.entries(facts).map(([name, text]) => optional(name, text)), ...properties, ...notExported.map(leftOut)],
    { 'ovf:class': it.class || undefined, 'ovf:instance': it.instance || undefined },
  );
}

/** The schema has no place for an unknown section, but one for foreign elements at the end of a section of its own. */
const leftOut = ({ type, name, reason }: LeftOut): Markup =>
  element('cimi:NotExported', { 'xmlns:cimi': EXTENSION, 'ovf:required': false, type, name }, reason);

const startupItem = ({ member, order, startDelay, stopDelay, waitingForGuest, startAction, stopAction }: StartupItem): Markup =>
  element('Item', {
    'ovf:id': member,
    'ovf:order': order,
    'ovf:startDelay': startDelay,
    'ovf:stopDelay': stopDelay,
    'ovf:waitingForGuest': waitingForGuest,
    'ovf:startAction': startAction,
    'ovf:stopAction': stopAction,
  });
