import { metricsAvailable } from '../backends/openstack';
import type { OpenstackAccount } from '../backends/openstack-account';
import { every, measure, past, USUAL } from '../backends/openstack-metrics';
import type { Monitoring } from './counterpart';

/** Options that say whether there is anything measured in the release that the tests meet. */
export const METERED = metricsAvailable() === true ? {} : { meters: 'none' };

/** Ways to have a machine measured, and something happen to it. */
export function monitoringOf(account: OpenstackAccount): Monitoring {
  const windows = new Map<string, { after: number; upTo: number }>();
  return {
    async measured(machine) {
      const known = windows.get(machine);
      if (known) return known;
      const after = past();
      const cpu = {
        policy: USUAL,
        measures: every(
          after,
          [0, 30, 60, 60, 90, 180, 210, 240].map((seconds) => seconds * 1e9),
        ),
      };
      const memory = { policy: 'ceilometer-low', measures: every(after, [100, 110, 120, 130, 140, 150, 160, 170]) };
      await measure(account, { type: 'instance', id: machine, metrics: { cpu, 'memory.usage': memory } });
      const window = { after, upTo: after + 7 * 300_000 };
      windows.set(machine, window);
      return window;
    },
    // One call for up to 1,000 resources of an aspect, and a look at each server of up to four (vCPUs).
    calls: (queries) => {
      const aspects = [...new Set(queries.map(({ type, aspect }) => `${type} ${aspect}`))];
      const batches = aspects.map((name) => Math.ceil(queries.filter(({ type, aspect }) => `${type} ${aspect}` === name).length / 1000));
      return batches.reduce((sum, each) => sum + each, 0) + 4;
    },
    async tell(machine) {
      await account.direct.call('POST', 'compute', `/servers/${machine}/action`, { reboot: { type: 'SOFT' } });
      return { code: 'reboot' };
    },
  };
}
