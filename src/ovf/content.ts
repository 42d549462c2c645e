import { quoted } from './error';
import { MOST_LEVELS, MOST_SYSTEMS } from './limits';
import { readHardware } from './hardware';
import type { HardwareContext } from './hardware';
import type { Content, OperatingSystem, Product, StartupItem, VirtualSystem, VirtualSystemCollection } from './package';
import { childrenOfKind, knownChildren } from './sections';
import { attribute, atMost, childText, count, flag, neededAttribute, once, textOf } from './values';
import type { Messages } from './values';
import { childOf, childrenOf, refuse, VMWARE } from './xml';
import type { Element } from './xml';

/** Context in which the contents of an envelope are read. */
export interface ContentContext extends Omit<HardwareContext, 'bootOrder'> {
  readonly messages: Messages;
  /** Products by the content that they are in; they are read before, since capacities may name their properties. */
  readonly products: ReadonlyMap<Element, readonly Product[]>;
}

/** Elements of an envelope, or below one, that are contents, in no more levels than a package may have. @throws OvfError */
export function contentElements(parent: Element, depth = 0): Element[] {
  const direct = [...childrenOf(parent, 'VirtualSystem'), ...childrenOf(parent, 'VirtualSystemCollection')];
  if (depth > MOST_LEVELS && direct.length > 0) refuse(parent, `collections are nested more than ${MOST_LEVELS} levels deep`);
  return direct.flatMap((element) => (element.name === 'VirtualSystem' ? [element] : [element, ...contentElements(element, depth + 1)]));
}

/** Reads the one content of an envelope. @throws OvfError */
export function readContent(envelope: Element, context: ContentContext): Content {
  const elements = contentElements(envelope);
  const ids = new Set<string>();
  for (const element of elements) once(ids, element, neededAttribute(element, 'id'), 'the id');
  const systems = elements.filter(({ name }) => name === 'VirtualSystem');
  if (elements.length === 0) refuse(envelope, 'has no VirtualSystem and no VirtualSystemCollection');
  atMost(envelope, systems.length, MOST_SYSTEMS, 'VirtualSystems');
  atMost(envelope, elements.length - systems.length, MOST_SYSTEMS, 'VirtualSystemCollections');
  const [top, second] = childrenOfKind(envelope, ['VirtualSystem', 'VirtualSystemCollection']);
  if (second) refuse(second, 'is the second content of the envelope; only one is allowed, of several make a VirtualSystemCollection');
  const content = readOne(top as Element, context);
  return { ...content, licenses: [...licensesOf(envelope, context), ...content.licenses] };
}

const licensesOf = (element: Element, { messages }: ContentContext): string[] =>
  childrenOf(element, 'EulaSection').map((section) => textOf(childOf(section, 'License'), messages) ?? '');

function readOne(element: Element, context: ContentContext): Content {
  return element.name === 'VirtualSystem' ? readSystem(element, context) : readCollection(element, context);
}

function readCommon(element: Element, context: ContentContext): Omit<VirtualSystem, 'kind' | 'hardware'> {
  const { messages, products } = context;
  const annotations = childrenOf(element, 'AnnotationSection').map((section) => childText(section, 'Annotation', messages));
  const description = annotations.filter((text) => text !== undefined).join('\n\n');
  return {
    id: neededAttribute(element, 'id'),
    name: childText(element, 'Name', messages),
    description: description === '' ? undefined : description,
    products: products.get(element) ?? [],
    licenses: licensesOf(element, context),
  };
}

function readSystem(element: Element, context: ContentContext): VirtualSystem {
  knownChildren(element, 'system', context.warnings);
  const [hardware, ...more] = childrenOf(element, 'VirtualHardwareSection');
  if (!hardware) refuse(element, 'has no VirtualHardwareSection');
  if (more.length > 0)
    context.warnings.push(`${quoted(element.attributes.get('id') ?? '')} has several hardware sections: the first is taken`);
  const bootOrder = element.children
    .filter(({ name, uri }) => name === 'BootOrderSection' && uri === VMWARE)
    .flatMap(({ vmware }) => vmware.get('instanceId') ?? []);
  const [os] = childrenOf(element, 'OperatingSystemSection');
  return {
    kind: 'system',
    ...readCommon(element, context),
    operatingSystem: os && readOperatingSystem(os, context.messages),
    hardware: readHardware(hardware, { ...context, bootOrder }),
  };
}

function readOperatingSystem(section: Element, messages: Messages): OperatingSystem {
  const id = neededAttribute(section, 'id');
  return {
    // VMware's appliances have negative numbers of their own.
    id: /^\d{1,5}$/.test(id) ? Number(id) : 0,
    version: attribute(section, 'version'),
    guestId: section.vmware.get('osType')?.trim() || undefined,
    description: childText(section, 'Description', messages),
  };
}

function readCollection(element: Element, context: ContentContext): VirtualSystemCollection {
  knownChildren(element, 'collection', context.warnings);
  const members = childrenOfKind(element, ['VirtualSystem', 'VirtualSystemCollection']).map((child) => readOne(child, context));
  const ids = new Set(members.map(({ id }) => id));
  const startup = childrenOf(element, 'StartupSection').flatMap((section) => childrenOf(section, 'Item').map(readStartupItem));
  for (const { member } of startup)
    if (!ids.has(member)) context.warnings.push(`the start order names ${quoted(member)}, which is not in its collection: left out`);
  return { kind: 'collection', ...readCommon(element, context), members, startup: startup.filter(({ member }) => ids.has(member)) };
}

function readStartupItem(item: Element): StartupItem {
  return {
    member: neededAttribute(item, 'id'),
    order: count(item, 'order') ?? 0,
    startDelay: count(item, 'startDelay') ?? 0,
    stopDelay: count(item, 'stopDelay') ?? 0,
    waitingForGuest: flag(item, 'waitingForGuest', false),
    startAction: attribute(item, 'startAction') ?? 'powerOn',
    stopAction: attribute(item, 'stopAction') ?? 'powerOff',
  };
}
