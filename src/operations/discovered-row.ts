import type { NewResourceRow } from '../store/store';
import type { Found } from './resource-handler';

/** The row of what was not made by the gateway, once it has something to remember of it: its path stays the derived one. */
export function rowOfDiscovered(found: Found): NewResourceRow {
  return {
    path: found.path,
    type: found.type,
    tenant: found.tenant,
    cloud: found.cloud?.key ?? null,
    providerKey: found.key ?? null,
    owner: ownerOf(found.path),
    state: null,
    values: found.item?.values ?? {},
    secrets: null,
    internal: { discovered: true, ...(found.item?.created === undefined ? { undated: true } : {}) },
    ...(found.item?.created === undefined ? {} : { created: found.item.created }),
  };
}

/** Path of the owner, for parts of another resource. */
function ownerOf(path: string): string | null {
  const segments = path.split('/');
  return segments.length > 2 ? segments.slice(0, -2).join('/') : null;
}
