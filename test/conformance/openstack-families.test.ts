import { describeWith } from '../backends/need';
import { openstackAvailable } from '../backends/openstack';
import { conformanceSuite } from './kit/suite';
import { openstack } from './openstack';

// The services have to be started first; a System of Machines takes minutes where others use the machine.
jest.setTimeout(1_800_000);

describeWith('OpenStack', openstackAvailable(), () =>
  conformanceSuite({ ...openstack, only: ['5.13', '5.14', '5.15', '5.16', '5.17.1', '5.17.2'] }),
);
