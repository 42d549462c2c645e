import { describeWith } from '../backends/need';
import { openstackAvailable } from '../backends/openstack';
import { driverContract } from './contract';
import { openstackShape, startOpenstackCounterpart, STORAGE_SKIPS } from './openstack-counterpart';

/** The other half of the contract: two workers run the halves at the same time. */
describeWith('OpenStack', openstackAvailable(), () => {
  driverContract('openstack, infrastructure', {
    start: startOpenstackCounterpart,
    shape: openstackShape(),
    parts: ['infrastructure'],
    skips: STORAGE_SKIPS,
  });
});
