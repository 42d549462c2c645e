import { describeWith } from '../backends/need';
import { openstackAvailable } from '../backends/openstack';
import { conformanceSuite } from './kit/suite';
import { openstack } from './openstack';

// The services have to be started first; a System of Machines takes minutes where others use the machine.
jest.setTimeout(1_800_000);

describeWith('OpenStack', openstackAvailable(), () =>
  conformanceSuite({ ...openstack, only: ['4', '5.1', '5.2', '5.3', '5.4', '5.5', '5.6', '5.7', '5.8', '5.9', '5.10', '5.11', '5.12'] }),
);
