import type { ResourcePath } from '../store/store';
import type { CreateInput } from './create-input';

/**
 * Plans what is kept of a snapshot of a machine (5.14.1, 5.14.7): it is the machine's latest, related to the one before, and in the
 * machine's snapshots.
 */
export function keptSnapshot(
  machine: ResourcePath,
  image: ResourcePath,
  tenant: string,
): Required<Pick<CreateInput, 'inherit' | 'keep' | 'insert'>> {
  return {
    inherit: [{ attribute: 'relatedImage', from: machine, of: 'latestSnapshot' }],
    keep: [{ path: machine, values: { latestSnapshot: { href: image } } }],
    insert: [
      {
        path: `${machine}/snapshots/${image.split('/')[1] ?? ''}`,
        type: 'MachineSnapshot',
        tenant,
        cloud: null,
        providerKey: null,
        owner: machine,
        state: null,
        values: { snapshot: { href: image } },
        secrets: null,
        internal: {},
      },
    ],
  };
}
