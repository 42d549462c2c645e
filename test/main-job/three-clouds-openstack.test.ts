import { motoAvailable } from '../backends/moto';
import { type Availability, describeWith } from '../backends/need';
import { openstackAvailable } from '../backends/openstack';
import { vcsimAvailable } from '../backends/vcsim';
import { brokerSuite } from './broker';
import { ec2Member, openstackMember, vsphereMember } from './members';

describeWith('EC2 (moto), OpenStack and vSphere (vcsim) in one configuration', allAvailable(), () =>
  brokerSuite(async () => Promise.all([ec2Member(), openstackMember(), vsphereMember()])),
);

function allAvailable(): Availability {
  const all = [motoAvailable(), openstackAvailable(), vcsimAvailable()];
  return all.find((each) => each !== true) ?? true;
}
