import { leaveOpenstack, openstackAvailable } from '../backends/openstack';
import { startOpenstackAccount, type ApiService } from '../backends/openstack-account';
import type { OpenstackRule } from '../backends/openstack-proxy';
import type { MachineState, Start } from './clouds';

/** Calls of changes. */
const CHANGES: readonly OpenstackRule[] = [
  { service: 'compute', method: 'POST', path: /\/servers$/ },
  { service: 'compute', method: 'POST', path: /\/servers\/[^/]+\/action$/ },
  { service: 'compute', method: 'DELETE', path: /\/servers\/[^/]+$/ },
  ...['volumes', 'networks', 'ports', 'routers', 'floatingips'].flatMap((things): OpenstackRule[] => {
    const service = things === 'volumes' ? 'volume' : 'network';
    return [
      { service, method: 'POST', path: new RegExp(`/${things}$`) },
      { service, method: 'DELETE', path: new RegExp(`/${things}/[^/]+$`) },
    ];
  }),
];

/** Thing as any of the services lists it. */
interface Listed {
  status?: string;
  owner?: string;
  device_owner?: string;
  device_id?: string;
  tags?: string[];
  attachments?: object[];
}

/** A project of its own in the real services, behind a proxy. @throws Error where they are not installed, with the command that does it */
export const openstack: Start = async (key) => {
  const available = openstackAvailable();
  if (available !== true) throw new Error(`not here: ${available.missing}`);
  const account = await startOpenstackAccount();
  const { proxy, direct } = account;
  const list = async (service: ApiService, path: string, member: string): Promise<Listed[]> =>
    (await direct.call<Record<string, Listed[]>>('GET', service, path))[member] ?? [];
  const owned = `project_id=${direct.projectId}`;
  return {
    key,
    config: {
      driver: 'openstack',
      options: { ...account.options, settleMs: 1_000, networks: [account.network], floatingNetwork: 'public' },
    },
    // Its services share the machine with all else: a call takes a second.
    deadlineMs: 20_000,
    machineConfig: 'm1.small',
    machineImage: 'cirros',
    makes: ['machines', 'machineImages', 'volumes', 'networks', 'networkPorts', 'forwardingGroups', 'addresses'],
    comeWith: ['networkPorts'],
    loseAnswer: (random) => void proxy.add({ ...random.of(CHANGES), drop: 'after', times: 1 }),
    slow: () => void proxy.add({ delayMs: 2_000, times: 3 }),
    away: () => void proxy.add({ fail: { status: 503, body: { message: 'maintenance' } }, times: 6 }),
    calm: () => proxy.reset(),
    async there() {
      // Nova lists one that is DELETED for another moment.
      const servers = (await list('compute', '/servers/detail', 'servers')).filter(({ status }) => status !== 'DELETED');
      const volumes = await list('volumev3', '/volumes/detail', 'volumes');
      const ports = await list('network', `/v2.0/ports?${owned}`, 'ports');
      return {
        states: servers.map(({ status }): MachineState => (status === 'ACTIVE' ? 'STARTED' : 'STOPPED')),
        keys: (await list('compute', '/os-keypairs', 'keypairs')).length,
        counts: {
          machines: servers.length,
          machineImages: (await list('image', '/v2/images', 'images')).filter(({ owner }) => owner === direct.projectId).length,
          volumes: volumes.filter(({ attachments = [] }) => attachments.length === 0).length,
          networks: (await list('network', `/v2.0/networks?${owned}`, 'networks')).length,
          // What a server is plugged into by itself, and what serves a network, has no tags.
          networkPorts: ports.filter(({ device_id: device, tags = [] }) => (device ?? '') === '' || tags.length > 0).length,
          forwardingGroups: (await list('network', `/v2.0/routers?${owned}`, 'routers')).length,
          addresses: (await list('network', `/v2.0/floatingips?${owned}`, 'floatingips')).length,
        },
      };
    },
    async stop() {
      await account.clear();
      await account.stop();
      await leaveOpenstack();
    },
  };
};
