import { describeWith } from '../backends/need';
import { vcsimAvailable } from '../backends/vcsim';
import { driverContract } from './contract';
import { SKIPS, startCounterpart, vsphereShape } from './vsphere-counterpart';

describeWith('vcsim', vcsimAvailable(), () => {
  driverContract('vsphere', { start: () => startCounterpart(), shape: vsphereShape(), skips: SKIPS });
});
