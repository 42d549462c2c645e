import { describeWith } from '../backends/need';
import { vcsimAvailable } from '../backends/vcsim';
import { conformanceSuite } from './kit/suite';
import { vsphere } from './vsphere';

describeWith('vcsim', vcsimAvailable(), () =>
  conformanceSuite({ ...vsphere, only: ['4', '5.1', '5.2', '5.3', '5.4', '5.5', '5.6', '5.7', '5.8', '5.9', '5.10', '5.11', '5.12'] }),
);
