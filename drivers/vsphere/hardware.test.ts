import { cardChanges } from './hardware';
import type { Network } from './places';

/** Cards of a copy that has fewer than it is to have: its guest has drivers for what it has. */
const network = (value: string): Network => ({ ref: { type: 'Network', value }, name: value }) as Network;
const NETWORKS = [network('network-1'), network('network-2')];
const added = (have: object[]): unknown[] =>
  cardChanges(have, NETWORKS).flatMap(({ operation, device }) => (operation === 'add' ? [device?.$type] : []));

test.each([
  ['that of its own', [{ $type: 'VirtualLsiLogicController' }, { $type: 'VirtualVmxnet3' }], ['VirtualVmxnet3']],
  ['one that goes with its controller', [{ $type: 'VirtualLsiLogicSASController' }], ['VirtualE1000e', 'VirtualE1000e']],
  ['the quick one where it has nothing', [], ['VirtualVmxnet3', 'VirtualVmxnet3']],
  ['no other device of the host', [{ $type: 'VirtualSriovEthernetCard' }], ['VirtualVmxnet3']],
])('further cards are of the model %s', (_what, have, models) => {
  expect(added(have)).toEqual(models);
});
