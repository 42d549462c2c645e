import { motoAvailable } from '../backends/moto';
import { describeWith } from '../backends/need';
import { driverContract } from './contract';
import { EC2_SKIPS, ec2Shape, startEc2Counterpart } from './ec2-counterpart';

describeWith('moto', motoAvailable(), () => {
  driverContract('ec2', { start: () => startEc2Counterpart({}, true), shape: ec2Shape(), skips: EC2_SKIPS });
});
