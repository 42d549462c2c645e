import { describeWith } from '../backends/need';
import { vcsimAvailable } from '../backends/vcsim';
import { driverContract } from './contract';
import { GROUPS_OFFERED, SKIPS, startCounterpart } from './vsphere-counterpart';

describeWith('vcsim', vcsimAvailable(), () => {
  driverContract('vsphere', { start: () => startCounterpart(), groups: GROUPS_OFFERED, skips: SKIPS });
});
