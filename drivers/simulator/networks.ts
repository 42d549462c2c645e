import type { Item, ReadGroup } from '../../src/clouds/driver';
import type { SimulatorClient } from './client';
import { reads } from './pages';
import type { Net } from './things';

const FIXED = 'The provider sets its networks up; they cannot be changed here';

function network(net: Net): Item {
  return {
    key: net.id,
    values: { name: net.label, state: 'STARTED', networkType: net.reach === 'public' ? 'PUBLIC' : 'PRIVATE' },
    refuses: { edit: FIXED, delete: FIXED, start: FIXED, stop: FIXED },
  };
}

/** Nets as Networks, to be read only. */
export function networks(client: SimulatorClient): ReadGroup {
  const { list, getMany } = reads(client, 'net', 'networks', network);
  return { list, getMany };
}
