import type { ListedGroup } from '../clouds/driver';
import type { WriteGroups } from '../clouds/cloud';
import type { Catalogue } from '../model/catalogue';
import type { ResourceHandler } from '../operations/resource-handler';

export const SYSTEM = 'System';

/** Component type of a System, as the declarations of its collections say (DSP0263 5.13.1, Tables 10 to 17). */
export interface ComponentKind {
  /** Type of the component. */
  type: string;
  /** The System's collection. */
  attribute: string;
  /** Type of that collection's items. */
  association: string;
  /** The item's reference to the component. */
  reference: string;
}

/** Kinds of components, in the order of the System's attributes. */
export function kindsOf(catalogue: Catalogue): readonly ComponentKind[] {
  return [...catalogue.nestedOf(SYSTEM)].flatMap(([attribute, { item }]) => {
    const { attributes, primary } = catalogue.resource(item);
    const [entry, more] = Object.entries(attributes);
    if (primary || !entry || more) return [];
    const [reference, declared] = entry;
    return declared.kind === 'ref' ? [{ type: declared.to, attribute, association: item, reference }] : [];
  });
}

export type ComponentGroup = keyof WriteGroups & ListedGroup;

/** Driver groups of the components that live at a provider, by type. */
export function componentGroupsOf(
  handlers: ReadonlyMap<string, ResourceHandler>,
  kinds: readonly ComponentKind[],
): { readonly [type: string]: ComponentGroup } {
  return Object.fromEntries(
    kinds.flatMap(({ type }) => {
      const group = handlers.get(type)?.group;
      return group === undefined ? [] : [[type, group as ComponentGroup] as const];
    }),
  );
}
