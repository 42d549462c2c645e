/**
 * The face of the gateway to modules that declare resource types (`cimi-gateway/types`, docs/extending.md): the version of what they
 * export, and the attributes that a type may have.
 */

import type { AttributeOptions } from '../model/define';

export { any, array, boolean, bytes, dateTime, duration, integer, ref, string, struct, uri } from '../model/define';
export type { Attribute, AttributeOptions, Attributes, ConsumerConstraint, ItemType, ProviderConstraint } from '../model/define';
export type { Value, Values } from '../model/values';
export { TYPES_VERSION as CONTRACT_VERSION } from '../plugins/type-schema';
export type { EventDeclaration, Performed, ToldChange, ToldEvent, TypeDeclaration, TypesPackage } from '../plugins/type-schema';

/** A map of texts; `itemName` is the element of one entry in XML: `<label key="colour">red</label>`. */
export const map = <const N extends string, const O extends AttributeOptions>(itemName: N, options: O) => ({
  kind: 'map' as const,
  itemName,
  keyName: 'key',
  ...options,
});
