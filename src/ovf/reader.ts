import { contentElements, readContent } from './content';
import { readDisks, readNetworks } from './disk-section';
import { OvfError, quoted } from './error';
import type { Configuration, Package, Product, ReadOptions } from './package';
import { readProducts } from './products';
import { readFiles } from './references';
import { knownChildren } from './sections';
import { childText, flag, messagesOf, neededAttribute, once } from './values';
import type { Messages } from './values';
import { childOf, childrenOf, parseXml, refuse, VERSIONS } from './xml';
import type { Element } from './xml';

/**
 * Reads a descriptor (DSP0243): OVF 0.9, 1.x and 2.x, whatever the order of its sections. What may be left out and is not known
 * here is told among the package's warnings.
 * @param bytes the whole descriptor, UTF-8
 * @throws OvfError for a descriptor that is not well-formed, contradicts itself, needs what is not known here, or passes a limit: 4 MiB,
 *   64 machines, 64 disks each, 128 files, 8 levels of collections, 64 of them, 2,000 items each, 256 networks, the largest capacity; for a deployment option that is not there;
 *   for a value of a property that the package does not have, or that does not fit
 */
export function readDescriptor(bytes: Uint8Array, options: ReadOptions): Package {
  const envelope = parseXml(bytes);
  const version = VERSIONS.get(envelope.uri);
  if (envelope.name !== 'Envelope' || version === undefined)
    refuse(envelope, `of the namespace ${quoted(envelope.uri)} is the root element; an OVF Envelope is expected`);
  if (version === '0.9' && (envelope.attributes.get('version') ?? '0.9') !== '0.9')
    refuse(envelope, `is of the version ${quoted(envelope.attributes.get('version') ?? '')}; its namespace is that of OVF 0.9`);
  const warnings: string[] = [];
  knownChildren(envelope, 'envelope', warnings);
  const messages = messagesOf(envelope);
  const { configurations, configuration } = readConfigurations(envelope, messages, options.deploymentOption);
  const given = options.properties ?? new Map<string, string>();
  const products = new Map(
    contentElements(envelope).map((element) => [
      element,
      readProducts(childrenOf(element, 'ProductSection'), { messages, configuration, given }),
    ]),
  );
  const property = propertyLookUp([...products.values()].flat(), given);
  const files = readFiles(envelope);
  const disks = readDisks(childrenOf(envelope, 'DiskSection'), { files, options, property });
  const networks = readNetworks(childrenOf(envelope, 'NetworkSection'), messages);
  const content = readContent(envelope, { files, disks, networks, configuration, messages, products, warnings });
  return { version, files, disks, networks, configurations, configuration, content, warnings: bounded(warnings) };
}

const MAX_WARNINGS = 50;

/** Warnings, each once, and not more than somebody reads. */
function bounded(warnings: readonly string[]): string[] {
  const all = [...new Set(warnings)];
  return all.length <= MAX_WARNINGS ? all : [...all.slice(0, MAX_WARNINGS), `and ${all.length - MAX_WARNINGS} more`];
}

/** Finds values by whole keys, else by keys within a product. @throws OvfError for a given one that no product has */
function propertyLookUp(products: readonly Product[], given: ReadonlyMap<string, string>): (key: string) => string | undefined {
  const properties = products.flatMap((product) => product.properties);
  for (const key of given.keys())
    if (!properties.some((each) => each.key === key)) throw new OvfError(`the property ${quoted(key)}`, 'is none of the package');
  return (wanted) => (properties.find(({ key }) => key === wanted) ?? properties.find(({ name }) => name === wanted))?.value;
}

function readConfigurations(
  envelope: Element,
  messages: Messages,
  wanted: string | undefined,
): Pick<Package, 'configurations' | 'configuration'> {
  const section = childOf(envelope, 'DeploymentOptionSection');
  const elements = section ? childrenOf(section, 'Configuration') : [];
  const ids = new Set<string>();
  const configurations = elements.map((element): Configuration => {
    const id = neededAttribute(element, 'id');
    once(ids, element, id, 'the deployment option');
    return { id, label: childText(element, 'Label', messages), description: childText(element, 'Description', messages) };
  });
  if (wanted !== undefined && !ids.has(wanted)) {
    const there =
      configurations.length === 0 ? 'the package has none' : `there are ${configurations.map(({ id }) => quoted(id)).join(', ')}`;
    throw new OvfError(`the deployment option ${quoted(wanted)}`, `is none of the package: ${there}`);
  }
  // Without a mark the first is the default (DSP0243 9.8).
  const marked = elements.find((element) => flag(element, 'default', false)) ?? elements[0];
  return { configurations, configuration: wanted ?? marked?.attributes.get('id')?.trim() };
}
