import { describeWith } from '../backends/need';
import { openstackAvailable } from '../backends/openstack';
import { driverContract } from './contract';
import { openstackShape, startOpenstackCounterpart } from './openstack-counterpart';

describeWith('OpenStack', openstackAvailable(), () => {
  driverContract('openstack, machines', { start: startOpenstackCounterpart, shape: openstackShape(), parts: ['machines'] });
});
