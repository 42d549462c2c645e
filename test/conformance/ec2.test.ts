import { motoAvailable } from '../backends/moto';
import { describeWith } from '../backends/need';
import { ec2 } from './ec2';
import { conformanceSuite } from './kit/suite';

describeWith('moto', motoAvailable(), () =>
  conformanceSuite({ ...ec2, only: ['4', '5.1', '5.2', '5.3', '5.4', '5.5', '5.6', '5.7', '5.8', '5.9', '5.10', '5.11', '5.12'] }),
);
