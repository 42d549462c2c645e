import { atOnceContract } from './contract-at-once';
import { auditContract } from './contract-audit';
import { feedContract } from './contract-feed';
import { draftContract } from './contract-drafts';
import { eventContract } from './contract-events';
import { jobWritesContract } from './contract-job-writes';
import { jobContract } from './contract-jobs';
import { keyContract } from './contract-keys';
import { listContract } from './contract-lists';
import { monitoringContract } from './contract-monitoring';
import { recordingContract } from './contract-recording';
import { quotaContract } from './contract-quotas';
import { resourceContract } from './contract-resources';
import { sharedContract } from './contract-shared';
import { retentionContract } from './contract-retention';
import type { Bench } from './fixture';

/** Tests what every store must do; `open` gives an empty one for each test. */
export function storeContract(name: string, open: () => Promise<Bench>): void {
  describe(`store contract: ${name}`, () => {
    let bench: Bench | undefined;
    const current = (): Bench => {
      if (!bench) throw new Error('no store is open');
      return bench;
    };
    beforeEach(async () => {
      bench = await open();
    });
    afterEach(async () => {
      await bench?.end();
      bench = undefined;
    });
    describe('resources', () => resourceContract(current));
    describe('jobs', () => jobContract(current));
    describe('writes to jobs', () => jobWritesContract(current));
    describe('at once', () => atOnceContract(current));
    describe('drafts', () => draftContract(current));
    describe('lists', () => listContract(current));
    describe('retention', () => retentionContract(current));
    describe('monitoring', () => monitoringContract(current));
    describe('audit', () => auditContract(current));
    describe('keys', () => keyContract(current));
    describe('feed', () => feedContract(current));
    describe('recording', () => recordingContract(current));
    describe('events', () => eventContract(current));
    describe('quotas', () => quotaContract(current));
    describe('shared', () => sharedContract(current));
  });
}
