import { quoted } from './error';
import { atMost, isRequired, named } from './values';
import { isOvf, refuse, VMWARE } from './xml';
import type { Element } from './xml';

type Place = 'envelope' | 'system' | 'collection';

const CONTENT = ['Info', 'Name', 'AnnotationSection', 'ProductSection', 'EulaSection'];

/** Elements that are read at each place. Anything else there is a section that is not known. */
const READ: Readonly<Record<Place, ReadonlySet<string>>> = {
  envelope: new Set([
    ...['References', 'DiskSection', 'NetworkSection', 'DeploymentOptionSection', 'EulaSection'],
    ...['VirtualSystem', 'VirtualSystemCollection', 'Strings'],
  ]),
  system: new Set([...CONTENT, 'OperatingSystemSection', 'VirtualHardwareSection']),
  collection: new Set([...CONTENT, 'StartupSection', 'VirtualSystem', 'VirtualSystemCollection', 'ResourceAllocationSection']),
};

/** VMware's sections that only a vSphere's placement is about, and the boot order, which is read with the hardware. */
const VMWARES: ReadonlySet<string> = new Set(['BootOrderSection', 'IpAssignmentSection', 'StorageGroupSection', 'StorageSection']);
/** Namespace of message bundles in OVF 0.9. */
const STRINGS09 = 'http://schemas.dmtf.org/ovf/strings/1';

/**
 * Refuses sections that are not known at their place unless they may be left out (`required="false"`; without it a section is
 * required, DSP0243 7.1); those that may are told in a warning.
 * @throws OvfError
 */
export function knownChildren(element: Element, place: Place, warnings: string[]): void {
  for (const child of element.children) {
    if (isOvf(child) && READ[place].has(child.name)) {
      // Reservations and limits: a cloud has its own.
      if (child.name === 'ResourceAllocationSection') warnings.push('ResourceAllocationSection is left out');
      continue;
    }
    if (child.name === 'Strings' && child.uri === STRINGS09 && place === 'envelope') continue;
    const understood = child.uri === VMWARE && VMWARES.has(child.name);
    if (understood && child.name === 'BootOrderSection') continue;
    if (!understood && isRequired(child)) refuse(child, `the section ${quoted(named(child))} is required and not known here`);
    warnings.push(`the section ${quoted(named(child))} is left out`);
  }
}

/**
 * Children of this name in sections of package level; what else is in them, of OVF's own, and required, is refused.
 * @param most number of them that a package may have
 * @throws OvfError
 */
export function entriesOf(sections: readonly Element[], name: string, most: number): Element[] {
  const entries = sections.flatMap((section) => section.children.filter(isOvf));
  for (const entry of entries)
    if (entry.name !== name && entry.name !== 'Info' && isRequired(entry)) refuse(entry, 'is not known here, and it is required');
  const found = entries.filter((entry) => entry.name === name);
  const [section] = sections;
  if (section) atMost(section, found.length, most, `elements ${name}`);
  return found;
}

/** Children of OVF's own with any of these names, in their order. */
export const childrenOfKind = (element: Element, names: readonly string[]): Element[] =>
  element.children.filter((child) => isOvf(child) && names.includes(child.name));
