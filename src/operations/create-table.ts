import type { Fetcher } from '../fetch/fetcher';
import { madeKey, type CreateRow } from './create-row';
import { importCredential } from './create-credential';
import { CREATES } from './create-input';
import type { TransferRates } from '../clouds/rate';
import { copyRow, type MoveLimits } from './image-copy';
import { uploadRow } from './image-upload';
import { partsToTakeBack, partSteps } from './machine-storage';

/** Every kind of thing that is made at a provider, with what is its own; how each is made is said once (createAtProvider). */
export function createTable(fetcher: Fetcher, move?: MoveLimits, rates?: TransferRates): readonly CreateRow[] {
  return [
    {
      workflow: CREATES.machine,
      messages: { create: 'Creating the machine at the provider', ready: 'Waiting for the machine to come up', done: 'Created' },
      before: [partsToTakeBack, importCredential],
      parts: partSteps(madeKey),
      initialState: true,
    },
    {
      workflow: CREATES.capture,
      messages: {
        create: 'Capturing the machine at the provider',
        ready: 'Waiting for the image to become available',
        done: 'Captured',
      },
    },
    uploadRow(fetcher),
    copyRow(move, rates),
    {
      workflow: CREATES.other,
      messages: { create: 'Creating at the provider', ready: 'Waiting for the provider to have it ready', done: 'Created' },
      initialState: true,
    },
  ];
}
