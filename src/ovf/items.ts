import { quoted } from './error';
import { atMost, attribute, flag, isRequired } from './values';
import { isOvf, refuse } from './xml';
import type { Element } from './xml';

/** Item of a hardware section, whichever of the three kinds (Item; StorageItem and EthernetPortItem of OVF 2). */
export interface Item {
  readonly element: Element;
  readonly id: string;
  readonly resourceType: number;
  readonly required: boolean;
  /** Text of its first setting of this name. */
  get(setting: string): string | undefined;
}

const ITEMS: ReadonlySet<string> = new Set(['Item', 'StorageItem', 'EthernetPortItem']);
/** Namespaces of CIM's classes of settings; OVF 2 has its own classes for storage and ports. */
const SETTINGS = /\/CIM_(?:Resource|Storage|EthernetPort)AllocationSettingData$/;
const MAX_ITEMS = 2_000;
const BOUNDS: ReadonlySet<string> = new Set(['normal', 'min', 'max']);

/** Settings of CIM_ResourceAllocationSettingData and of what is derived from it, and the older spelling of InstanceID. */
const KNOWN: ReadonlySet<string> = new Set(
  (
    'Address AddressOnParent AllocationUnits AutomaticAllocation AutomaticDeallocation Caption ChangeableType ComponentSetting ' +
    'ConfigurationName Connection ConsumerVisibility Description ElementName Generation HostResource InstanceID InstanceId Limit ' +
    'MappingBehavior OtherResourceType Parent PoolID Reservation ResourceSubType ResourceType SoID SoOrgID VirtualQuantity ' +
    'VirtualQuantityUnits Weight BusNumber Access HostExtentName HostExtentNameFormat HostExtentNameNamespace ' +
    'HostExtentStartingAddress HostResourceBlockSize OtherHostExtentNameFormat OtherHostExtentNameNamespace ' +
    'VirtualResourceBlockSize DefaultPortVID DefaultPriority DesiredVLANEndpointMode OtherEndpointMode ' +
    'DesiredEndpointMode ManagerID NetworkPortProfileID NetworkPortProfileIDType OtherNetworkPortProfileIDTypeInfo PortCorrelationID ' +
    'PortVID Promiscuous ReceiveBandwidthLimit ReceiveBandwidthReservation SourceMACFilteringEnabled AllowedPriorities ' +
    'AllowedToReceiveMACAddresses AllowedToReceiveVLANs AllowedToTransmitMACAddresses AllowedToTransmitVLANs'
  ).split(' '),
);

/**
 * Items of a hardware section that hold for a deployment option: of those with one id, that which names it, else that which
 * names none. Ranges (`bound`) are checked, and left out but for their normal value.
 * @throws OvfError for what lacks an id or a type, an id that is there twice, and a range that makes no sense
 */
export function readItems(section: Element, configuration: string | undefined): Item[] {
  const elements = section.children.filter((each) => ITEMS.has(each.name) && isOvf(each));
  atMost(section, elements.length, MAX_ITEMS, 'items');
  checkRanges(elements.filter((each) => holdsFor(each, configuration) !== 'not'));
  const items = new Map<string, { item: Item; chosen: boolean }>();
  for (const element of elements) {
    const holds = holdsFor(element, configuration);
    const item = readItem(element);
    if (holds === 'not' || bound(element) !== 'normal') continue;
    const before = items.get(item.id);
    const chosen = holds === 'named';
    if (before && before.chosen === chosen) refuse(element, `the InstanceID ${quoted(item.id)} is there twice`);
    if (before === undefined || chosen) items.set(item.id, { item, chosen });
  }
  return [...items.values()].map(({ item }) => item);
}

function holdsFor(element: Element, configuration: string | undefined): 'named' | 'always' | 'not' {
  const named = attribute(element, 'configuration');
  if (named === undefined) return 'always';
  return configuration !== undefined && named.split(/\s+/).includes(configuration) ? 'named' : 'not';
}

const bound = (element: Element): string => attribute(element, 'bound')?.toLowerCase() ?? 'normal';

/** Refuses more than one minimum and one maximum for a type of resource, and those without a normal value (DSP0243 8.4). */
function checkRanges(elements: readonly Element[]): void {
  const ranges = new Map<string, Set<string>>();
  for (const element of elements) {
    const kind = bound(element);
    if (!BOUNDS.has(kind)) refuse(element, `has the bound ${quoted(kind)}; normal, min or max is expected`);
    if (kind === 'normal') continue;
    const type = settingOf(element, 'ResourceType') ?? '';
    const seen = ranges.get(type) ?? new Set();
    if (seen.has(kind)) refuse(element, `is the second ${kind} of the resource type ${quoted(type)}`);
    ranges.set(type, seen.add(kind));
    if (!elements.some((other) => bound(other) === 'normal' && settingOf(other, 'ResourceType') === type))
      refuse(element, `bounds the resource type ${quoted(type)}, and no item gives its normal value`);
    const quantity = settingOf(element, 'VirtualQuantity') ?? settingOf(element, 'Reservation');
    if (quantity !== undefined && !/^\d+$/.test(quantity))
      refuse(element, `has the quantity ${quoted(quantity)}; a whole number is expected`);
  }
}

function readItem(element: Element): Item {
  for (const child of element.children) {
    const isSetting = SETTINGS.test(child.uri);
    if (isSetting && !KNOWN.has(child.name) && isRequired(child)) refuse(child, 'is no setting that is known here, and it is required');
    if (!isSetting && !isOvf(child) && flag(child, 'required', false))
      refuse(child, `of ${quoted(child.uri)} is not known here, and it is required`);
  }
  const id = settingOf(element, 'InstanceID') ?? settingOf(element, 'InstanceId');
  if (id === undefined) refuse(element, 'lacks an InstanceID');
  const type = settingOf(element, 'ResourceType');
  if (type === undefined || !/^\d{1,5}$/.test(type)) refuse(element, 'lacks a ResourceType that is a number');
  return {
    element,
    id,
    resourceType: Number(type),
    required: isRequired(element),
    get: (name) => settingOf(element, name),
  };
}

function settingOf(element: Element, name: string): string | undefined {
  const found = element.children.find((child) => child.name === name && (isOvf(child) || SETTINGS.test(child.uri)));
  const text = found?.text.trim();
  return text === '' ? undefined : text;
}
