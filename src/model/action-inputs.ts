import { boolean, string, uri } from './define';

/** Parameters that several actions share. */

/** Input `force`; absent: the provider's choice (MachineStopForceDefault); refused where MachineStopForce is not announced (D153). */
export const forceInput = { force: boolean({ provider: 'optional mutable', consumer: 'optional write-only' }) };

/** Input of export. Without a format `application/ovf`; without a destination the answer's Location names the package (5.13.1.2). */
export const exportInput = {
  format: string({ provider: 'mandatory mutable', consumer: 'optional write-only' }),
  destination: uri({ provider: 'mandatory mutable', consumer: 'optional write-only' }),
};

/** Input of import: the place of the package (D086: mandatory). */
export const importInput = { source: uri({ provider: 'mandatory mutable', consumer: 'mandatory write-only' }) };
