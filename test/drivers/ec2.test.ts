import { motoAvailable } from '../backends/moto';
import { describeWith } from '../backends/need';
import { driverContract } from './contract';
import { EC2_GROUPS, EC2_SKIPS, startEc2Counterpart } from './ec2-counterpart';

describeWith('moto', motoAvailable(), () => {
  driverContract('ec2', { start: () => startEc2Counterpart(), groups: EC2_GROUPS, skips: EC2_SKIPS });
});
