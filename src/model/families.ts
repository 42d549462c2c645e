import type { Catalogue } from './catalogue';
import type { Resource } from './define';

/** A family of resource types: one clause of the standard, one page of the reference. */
export interface TypeFamily {
  /** Name of its page. */
  name: string;
  title: string;
  /** The clause that all its types stand below; absent for what the standard does not know. */
  clause?: string;
}

const FAMILIES: readonly TypeFamily[] = [
  { name: 'metadata', title: 'Resource metadata', clause: '5.11' },
  { name: 'entry-point', title: 'Cloud Entry Point', clause: '5.12' },
  { name: 'system', title: 'Systems', clause: '5.13' },
  { name: 'machine', title: 'Machines', clause: '5.14' },
  { name: 'volume', title: 'Volumes', clause: '5.15' },
  { name: 'network', title: 'Networks', clause: '5.16' },
  { name: 'monitoring', title: 'Jobs, meters and events', clause: '5.17' },
];
const OTHER: TypeFamily = { name: 'extensions', title: 'Extensions' };

/** The family of a type, by its clause. */
export function familyOfType({ clause }: Pick<Resource, 'clause'>): TypeFamily {
  return FAMILIES.find((family) => clause === family.clause || clause.startsWith(`${family.clause}.`)) ?? OTHER;
}

/** The families that have types in the catalogue, in the order of the standard, each with its types. */
export function familiesOf(catalogue: Catalogue): { family: TypeFamily; types: Resource[] }[] {
  return [...FAMILIES, OTHER]
    .map((family) => ({ family, types: catalogue.resources.filter((resource) => familyOfType(resource) === family) }))
    .filter(({ types }) => types.length > 0);
}
