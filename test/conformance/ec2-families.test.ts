import { motoAvailable } from '../backends/moto';
import { describeWith } from '../backends/need';
import { ec2 } from './ec2';
import { conformanceSuite } from './kit/suite';

describeWith('moto', motoAvailable(), () => conformanceSuite({ ...ec2, only: ['5.13', '5.14', '5.15', '5.16', '5.17.1', '5.17.2'] }));
