import { describeWith } from '../backends/need';
import { vcsimAvailable } from '../backends/vcsim';
import { conformanceSuite } from './kit/suite';
import { vsphere } from './vsphere';

describeWith('vcsim', vcsimAvailable(), () => conformanceSuite({ ...vsphere, only: ['5.13', '5.14', '5.15', '5.16', '5.17.1', '5.17.2'] }));
