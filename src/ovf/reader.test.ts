import { OvfError } from './error';
import type { Content, Package, ReadOptions, VirtualSystem, VirtualSystemCollection } from './package';
import { readDescriptor } from './reader';

const NAMESPACES =
  'xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1" xmlns:vmw="http://www.vmware.com/schema/ovf" ' +
  'xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData"';

const envelope = (inner: string, references = '<File ovf:id="file1" ovf:href="disk.vmdk" ovf:size="512"/>'): string =>
  `<Envelope ${NAMESPACES}><References>${references}</References>${inner}</Envelope>`;
const item = (settings: Readonly<Record<string, string | number>>, attributes = ''): string =>
  `<Item ${attributes}>${Object.entries(settings)
    .map(([name, value]) => `<rasd:${name}>${value}</rasd:${name}>`)
    .join('')}</Item>`;
const system = (items: string, id = 'web', sections = ''): string =>
  `<VirtualSystem ovf:id="${id}"><Info/>${sections}<VirtualHardwareSection><Info/>${items}</VirtualHardwareSection></VirtualSystem>`;
const nested = (levels: number): string =>
  Array.from({ length: levels }, (_, n) => `<VirtualSystemCollection ovf:id="c${n}"><Info/>`).join('') +
  system('') +
  '</VirtualSystemCollection>'.repeat(levels);
const disks = (...attributes: string[]): string =>
  `<DiskSection><Info/>${attributes.map((each) => `<Disk ${each}/>`).join('')}</DiskSection>`;
const read = (text: string, options: Partial<ReadOptions> = {}): Package =>
  readDescriptor(Buffer.from(text), { maxDiskBytes: 2 ** 40, ...options });
const one = (text: string, options: Partial<ReadOptions> = {}): VirtualSystem => read(text, options).content as VirtualSystem;
const refusal = (text: string, options: Partial<ReadOptions> = {}): string => {
  try {
    read(text, options);
  } catch (error) {
    if (error instanceof OvfError) return error.message;
    throw error;
  }
  throw new Error('it was read');
};

const MACHINE = [
  item({ InstanceID: 1, ResourceType: 3, VirtualQuantity: 2, AllocationUnits: 'hertz * 10^6' }),
  item({ InstanceID: 2, ResourceType: 4, VirtualQuantity: 512, AllocationUnits: 'byte * 2^20' }),
  item({ InstanceID: 5, ResourceType: 5, Address: 0 }),
  item({ InstanceID: 3, ResourceType: 6, Address: 0, ResourceSubType: 'lsilogic, buslogic' }),
  item({ InstanceID: 10, ResourceType: 17, Parent: 3, AddressOnParent: 1, HostResource: '/disk/d2' }),
  item({ InstanceID: 11, ResourceType: 17, Parent: 3, AddressOnParent: 0, HostResource: 'ovf:/disk/d1', ElementName: 'Boot' }),
  item({ InstanceID: 12, ResourceType: 10, Connection: 'lan', Address: '00:50:56:00:00:01', ResourceSubType: 'VmxNet3' }),
  item(
    { InstanceID: 13, ResourceType: 15, Parent: 5, HostResource: 'ovf:/file/file1', AutomaticAllocation: 'false' },
    'ovf:required="false"',
  ),
  item({ InstanceID: 14, ResourceType: 35 }, 'ovf:required="false"'),
].join('');
const SECTIONS =
  disks(
    'ovf:diskId="d1" ovf:capacity="8" ovf:capacityAllocationUnits="byte * 2^30" ovf:fileRef="file1"',
    'ovf:diskId="d2" ovf:capacity="1048576"',
  ) + '<NetworkSection><Info/><Network ovf:name="lan"><Description>the office</Description></Network></NetworkSection>';

test('a machine is read with its hardware', () => {
  const { files, disks: described, networks, content, warnings, version } = read(envelope(SECTIONS + system(MACHINE)));
  expect({ version, warnings }).toEqual({ version: '1', warnings: [] });
  expect(files).toEqual([{ id: 'file1', location: { name: 'disk.vmdk' }, size: 512, gzip: false, chunkSize: undefined }]);
  expect(described).toMatchObject([
    { id: 'd1', capacity: 8 * 2 ** 30, file: 'file1' },
    { id: 'd2', capacity: 2 ** 20, file: undefined },
  ]);
  expect(networks).toEqual([{ name: 'lan', description: 'the office' }]);
  expect(content).toMatchObject({
    kind: 'system',
    id: 'web',
    hardware: {
      cpus: 2,
      memory: 512 * 2 ** 20,
      controllers: [
        { id: '5', resourceType: 5 },
        { id: '3', models: ['lsilogic', 'buslogic'], address: '0' },
      ],
      // By their addresses, not by their items: the machine starts from the first.
      disks: [
        { id: '11', name: 'Boot', disk: 'd1', controller: '3', address: 0 },
        { id: '10', disk: 'd2', address: 1 },
      ],
      interfaces: [{ network: 'lan', mac: '00:50:56:00:00:01', models: ['VmxNet3'], connected: true }],
      drives: [{ id: '13', file: 'file1', controller: '5', required: false }],
      others: [{ id: '14', resourceType: 35, required: false }],
    },
  });
});

test('a boot order goes before addresses', () => {
  const order = '<vmw:BootOrderSection vmw:instanceId="10" vmw:type="disk"><Info/></vmw:BootOrderSection>';
  expect(one(envelope(SECTIONS + system(MACHINE, 'web', order))).hardware.disks.map(({ disk }) => disk)).toEqual(['d2', 'd1']);
});

test('OVF 0.9 says the same with general elements, in any prefix', () => {
  const text = `<o:Envelope xmlns:o="http://www.vmware.com/schema/ovf/1/envelope" xmlns:x="http://www.w3.org/2001/XMLSchema-instance"
    xmlns:r="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData" o:version="0.9">
    <References><File o:id="f" o:href="a.vmdk"/></References>
    <Section x:type="o:DiskSection_Type"><Info/><Disk o:diskId="d" o:capacity="512" o:fileRef="f"/></Section>
    <Content x:type="o:VirtualSystem_Type" o:id="old"><Info/>
      <Section x:type="o:VirtualHardwareSection_Type"><Info/>
        <Item><r:InstanceId>1</r:InstanceId><r:ResourceType>4</r:ResourceType><r:AllocationUnits>MegaBytes</r:AllocationUnits><r:VirtualQuantity>64</r:VirtualQuantity></Item>
        <Item><r:InstanceId>2</r:InstanceId><r:ResourceType>17</r:ResourceType><r:HostResource>/disk/d</r:HostResource></Item>
      </Section></Content></o:Envelope>`;
  const { version, content } = read(text);
  expect(version).toBe('0.9');
  expect(content).toMatchObject({ id: 'old', hardware: { memory: 64 * 2 ** 20, disks: [{ disk: 'd' }] } });
  expect(refusal(text.replace('o:version="0.9"', 'o:version="1.3"'))).toMatch(/version '1.3'.*OVF 0.9/);
});

test('OVF 2 has items of their own classes', () => {
  const cim = 'http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2';
  const text = envelope(
    SECTIONS +
      system(
        `<StorageItem><s:InstanceID xmlns:s="${cim}/CIM_StorageAllocationSettingData">1</s:InstanceID>
          <s:ResourceType xmlns:s="${cim}/CIM_StorageAllocationSettingData">31</s:ResourceType>
          <s:HostResource xmlns:s="${cim}/CIM_StorageAllocationSettingData">ovf:/disk/d1</s:HostResource></StorageItem>
        <EthernetPortItem><e:InstanceID xmlns:e="${cim}/CIM_EthernetPortAllocationSettingData">2</e:InstanceID>
          <e:ResourceType xmlns:e="${cim}/CIM_EthernetPortAllocationSettingData">10</e:ResourceType>
          <e:Connection xmlns:e="${cim}/CIM_EthernetPortAllocationSettingData">lan</e:Connection></EthernetPortItem>`,
      ),
  ).replaceAll('/ovf/envelope/1', '/ovf/envelope/2');
  expect(read(text)).toMatchObject({ version: '2', content: { hardware: { disks: [{ disk: 'd1' }], interfaces: [{ network: 'lan' }] } } });
});

test('collections keep their tree and the order of starting', () => {
  const startup =
    '<StartupSection><Info/><Item ovf:id="db" ovf:order="1" ovf:startDelay="30"/><Item ovf:id="inner" ovf:order="2" ovf:waitingForGuest="true"/></StartupSection>';
  const inner = `<VirtualSystemCollection ovf:id="inner"><Info/>${system('', 'web')}</VirtualSystemCollection>`;
  const text = envelope(
    `<VirtualSystemCollection ovf:id="all"><Info/><Name>All</Name>${startup}${system('', 'db')}${inner}</VirtualSystemCollection>`,
  );
  const content = read(text).content as VirtualSystemCollection;
  expect(content).toMatchObject({ kind: 'collection', id: 'all', name: 'All' });
  expect(content.members).toMatchObject([{ id: 'db' }, { id: 'inner', kind: 'collection', members: [{ id: 'web' }] }]);
  expect(content.startup).toMatchObject([
    { member: 'db', order: 1, startDelay: 30, stopAction: 'powerOff' },
    { member: 'inner', order: 2, waitingForGuest: true },
  ]);
});

describe('deployment options', () => {
  const options =
    '<DeploymentOptionSection><Info/><Configuration ovf:id="small"><Label>S</Label></Configuration>' +
    '<Configuration ovf:id="large" ovf:default="true"><Label>L</Label></Configuration></DeploymentOptionSection>';
  const cpu = (quantity: number, attributes = ''): string =>
    item({ InstanceID: 1, ResourceType: 3, VirtualQuantity: quantity }, attributes);
  const product =
    '<ProductSection ovf:class="app"><Info/><Property ovf:key="size" ovf:type="uint8" ovf:value="1"><Value ovf:value="9" ovf:configuration="large"/></Property></ProductSection>';
  const text = envelope(
    options +
      '<DiskSection><Info/><Disk ovf:diskId="d" ovf:capacity="${app.size}" ovf:capacityAllocationUnits="byte * 2^30"/></DiskSection>' +
      system(cpu(1) + cpu(8, 'ovf:configuration="large huge"') + cpu(4, 'ovf:configuration="medium"'), 'web', product),
  );

  test('the default one counts, with its items and values', () => {
    const { configuration, configurations, content, disks: described } = read(text);
    expect({ configuration, configurations }).toMatchObject({ configuration: 'large', configurations: [{ id: 'small' }, { id: 'large' }] });
    expect(content).toMatchObject({ hardware: { cpus: 8 }, products: [{ properties: [{ key: 'app.size', value: '9' }] }] });
    expect(described[0]?.capacity).toBe(9 * 2 ** 30);
  });

  test('or the one that is asked for', () => {
    const { content, disks: described } = read(text, { deploymentOption: 'small' });
    expect(content).toMatchObject({ hardware: { cpus: 1 } });
    expect(described[0]?.capacity).toBe(2 ** 30);
  });

  test('one that is not there is refused with those that are', () => {
    expect(refusal(text, { deploymentOption: 'tiny' })).toMatch(/'tiny'.*'small', 'large'/);
  });
});

describe('properties', () => {
  const product = (properties: string): string =>
    envelope(
      system('', 'web', `<ProductSection ovf:class="c" ovf:instance="i"><Info/><Category>Net</Category>${properties}</ProductSection>`),
    );
  const property = (type: string, more = ''): string =>
    product(`<Property ovf:key="k" ovf:type="${type}" ovf:userConfigurable="true" ${more}><Label>K</Label></Property>`);
  const valueFor = (text: string, value: string): unknown =>
    one(text, { properties: new Map([['c.k.i', value]]) }).products[0]?.properties[0]?.value;

  test('their keys are made of class, key and instance', () => {
    expect(one(property('string', 'ovf:value="x" ovf:password="true"')).products[0]?.properties).toMatchObject([
      { key: 'c.k.i', name: 'k', type: 'string', value: 'x', password: true, userConfigurable: true, category: 'Net', label: 'K' },
    ]);
  });

  test.each([
    ['string', '', 'anything'],
    ['Boolean', '', 'True'],
    ['uint8', '', '255'],
    ['sint16', '', '-32768'],
    ['real32', '', '1.5e3'],
    ['string', 'ovf:qualifiers="MinLen(2),MaxLen(3)"', 'abc'],
    ['string', 'ovf:qualifiers="ValueMap{&quot;a&quot;, &quot;b&quot;}"', 'b'],
    ['string', 'ovf:qualifiers="ValueMap{&quot;say \\&quot;yes\\&quot;&quot;}"', 'say "yes"'],
  ])('%s %s takes %s', (type, more, value) => expect(valueFor(property(type, more), value)).toBe(value));

  test.each([
    ['boolean', '', 'yes'],
    ['uint8', '', '256'],
    ['uint8', '', '-1'],
    ['sint16', '', '32768'],
    ['int', '', '1.5'],
    ['real64', '', 'much'],
    ['string', 'ovf:qualifiers="MinLen(2)"', 'a'],
    ['string', 'ovf:qualifiers="MaxLen(2)"', 'secret'],
    ['string', 'ovf:qualifiers="ValueMap{&quot;a&quot;}"', 'secret'],
  ])('%s %s does not take %s, and the words do not repeat it', (type, more, value) => {
    const words = refusal(property(type, more), { properties: new Map([['c.k.i', value]]) });
    expect(words).toMatch(/the property 'c\.k\.i' (?:needs|takes)/);
    if (value.length > 5) expect(words).not.toContain(value);
  });

  test('what is not the user’s to give, and what is not there, is refused', () => {
    const fixed = product('<Property ovf:key="k" ovf:type="string"/>');
    expect(refusal(fixed, { properties: new Map([['c.k.i', 'x']]) })).toMatch(/not for its user/);
    expect(refusal(fixed, { properties: new Map([['k', 'x']]) })).toMatch(/'k'.*none of the package/);
  });
});

test('licences are those of the machine and of the envelope, from the message bundle where they are there', () => {
  const bundle = '<Strings xml:lang="en"><Msg ovf:msgid="m">Do no evil.</Msg></Strings>';
  const eula = (license: string): string => `<EulaSection><Info/>${license}</EulaSection>`;
  const text = envelope(eula('<License>First.</License>') + system('', 'web', eula('<License ovf:msgid="m"/>')) + bundle);
  expect(one(text).licenses).toEqual(['First.', 'Do no evil.']);
});

test('of message bundles in several languages the English one counts', () => {
  const bundle = (language: string, text: string): string => `<Strings xml:lang="${language}"><Msg ovf:msgid="m">${text}</Msg></Strings>`;
  const machine =
    '<VirtualSystem ovf:id="a"><Info/><Name ovf:msgid="m"/><VirtualHardwareSection><Info/></VirtualHardwareSection></VirtualSystem>';
  expect(one(envelope(machine + bundle('da-DK', 'Navn') + bundle('en-US', 'A name'))).name).toBe('A name');
});

test('warnings are no more than somebody reads', () => {
  const odd = Array.from({ length: 60 }, (_, n) => `<x:Odd${n} xmlns:x="urn:x" ovf:required="false"/>`).join('');
  const { warnings } = read(envelope(system('', 'web', odd)));
  expect(warnings).toHaveLength(51);
  expect(warnings.at(-1)).toBe('and 10 more');
});

test('the operating system, the annotation and the firmware are kept', () => {
  const sections =
    '<OperatingSystemSection ovf:id="96" ovf:version="12" vmw:osType="debian12_64Guest"><Info/><Description>Debian</Description></OperatingSystemSection>' +
    '<AnnotationSection><Info/><Annotation>  a web server </Annotation></AnnotationSection>';
  expect(one(envelope(system('<vmw:Config ovf:required="false" vmw:key="firmware" vmw:value="efi"/>', 'web', sections)))).toMatchObject({
    operatingSystem: { id: 96, version: '12', guestId: 'debian12_64Guest', description: 'Debian' },
    description: 'a web server',
    hardware: { firmware: 'efi' },
  });
});

describe('sections that are not known', () => {
  test('are required unless they say otherwise', () => {
    expect(refusal(envelope(system('') + '<ScaleOutSection><Info/></ScaleOutSection>'))).toMatch(
      /'ScaleOutSection' is required and not known/,
    );
    expect(refusal(envelope(system('', 'web', '<x:Odd xmlns:x="urn:x" ovf:required="true"/>')))).toMatch(/'Odd of urn:x'/);
  });
  test('are told where they may be left out', () => {
    expect(read(envelope(system('', 'web', '<InstallSection ovf:required="false"><Info/></InstallSection>'))).warnings).toEqual([
      "the section 'InstallSection' is left out",
    ]);
  });
  test('a section that is known stands at its own place', () => {
    expect(refusal(envelope(`<AnnotationSection/>${system('')}`))).toMatch(/AnnotationSection/);
  });
});

const capacity = (text: string): string => envelope(disks(`ovf:diskId="d" ${text}`) + system(''));
test.each([
  ['a delta disk', capacity('ovf:capacity="1" ovf:parentRef="base"'), /difference to the disk 'base'/],
  [
    'more than the largest disk',
    capacity('ovf:capacity="1025" ovf:capacityAllocationUnits="byte * 2^30"'),
    /1100585369600 bytes; at most 1099511627776/,
  ],
  [
    'a capacity beyond numbers',
    capacity('ovf:capacity="9007199254740991" ovf:capacityAllocationUnits="byte * 2^60"'),
    /more than any disk/,
  ],
  ['a capacity of nothing', capacity('ovf:capacity="0"'), /no capacity/],
  ['a negative capacity', capacity('ovf:capacity="-5"'), /'-5' for the capacity/],
  ['a capacity without its property', capacity('ovf:capacity="${none}"'), /no property 'none'/],
  ['a disk of an unknown file', capacity('ovf:capacity="1" ovf:fileRef="nix"'), /'nix', which is not in References/],
  [
    'a file twice, but for case',
    envelope(system(''), '<File ovf:id="a" ovf:href="X.vmdk"/><File ovf:id="b" ovf:href="x.vmdk"/>'),
    /there twice/,
  ],
  ['an unknown compression', envelope(system(''), '<File ovf:id="a" ovf:href="x" ovf:compression="xz"/>'), /compressed by 'xz'/],
  [
    'chunks without end',
    envelope(system(''), '<File ovf:id="a" ovf:href="x" ovf:size="1000000" ovf:chunkSize="1"/>'),
    /more than 10000 chunks/,
  ],
  [
    'too many files',
    envelope(system(''), Array.from({ length: 129 }, (_, n) => `<File ovf:id="${n}" ovf:href="f${n}"/>`).join('')),
    /more than 128 files/,
  ],
  [
    'too many machines',
    envelope(
      `<VirtualSystemCollection ovf:id="c"><Info/>${Array.from({ length: 65 }, (_, n) => system('', `m${n}`)).join('')}</VirtualSystemCollection>`,
    ),
    /more than 64 VirtualSystems/,
  ],
  [
    'too many disks',
    envelope(
      SECTIONS +
        system(Array.from({ length: 65 }, (_, n) => item({ InstanceID: n, ResourceType: 17, HostResource: 'ovf:/disk/d1' })).join('')),
    ),
    /more than 64 disks/,
  ],
  ['nine levels of collections', envelope(nested(9)), /more than 8 levels/],
  [
    'too many collections',
    envelope(
      `<VirtualSystemCollection ovf:id="c"><Info/>${Array.from({ length: 64 }, (_, n) => `<VirtualSystemCollection ovf:id="c${n}"><Info/></VirtualSystemCollection>`).join('')}</VirtualSystemCollection>`,
    ),
    /more than 64 VirtualSystemCollections/,
  ],
  ['too many items', envelope(system('<Item/>'.repeat(2_001))), /more than 2000 items/],
  [
    'too many networks',
    envelope(`<NetworkSection><Info/>${'<Network/>'.repeat(257)}</NetworkSection>${system('')}`),
    /more than 256 elements Network/,
  ],
  ['too many disks of a package', envelope(disks(...Array.from({ length: 4_097 }, () => '')) + system('')), /more than 4096 elements Disk/],
  ['two contents', envelope(system('', 'a') + system('', 'b')), /second content/],
  ['a network that is not there', envelope(system(item({ InstanceID: 1, ResourceType: 10, Connection: 'x' }))), /network 'x'/],
  ['memory in hertz', envelope(system(item({ InstanceID: 1, ResourceType: 4, VirtualQuantity: 1, AllocationUnits: 'hertz' }))), /'hertz'/],
  ['no processors', envelope(system(item({ InstanceID: 1, ResourceType: 3, VirtualQuantity: 0 }))), /no processors/],
  [
    'a disk of another kind',
    envelope(system(item({ InstanceID: 1, ResourceType: 17, HostResource: 'nfs://x/y' }))),
    /ovf:\/disk\/ID is expected/,
  ],
  ['another root', '<html/>', /an OVF Envelope is expected/],
  ['a foreign namespace', '<Envelope xmlns="urn:x"/>', /'urn:x'/],
])('%s is refused', (_, text, words) => expect(refusal(text)).toMatch(words));

test('eight levels of collections are read', () => {
  let { content } = read(envelope(nested(8)));
  let levels = 0;
  for (; content.kind === 'collection'; content = content.members[0] as Content) levels += 1;
  expect(levels).toBe(8);
});

test('a range keeps its normal value', () => {
  const memory = (id: number, quantity: number, bound: string): string =>
    item({ InstanceID: id, ResourceType: 4, VirtualQuantity: quantity, AllocationUnits: 'byte * 2^20' }, `ovf:bound="${bound}"`);
  expect(one(envelope(system(memory(1, 512, 'normal') + memory(1, 256, 'min') + memory(1, 1024, 'max')))).hardware.memory).toBe(2 ** 29);
  expect(refusal(envelope(system(memory(1, 256, 'min'))))).toMatch(/no item gives its normal value/);
});
