import type { ListedGroup } from '../../src/clouds/driver';
import { type OpenstackAccount, until } from '../backends/openstack-account';

/** Sees to it that there are `count` things; answers what takes them away. */
type Populate = (account: OpenstackAccount, count: number) => Promise<() => Promise<void>>;

const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n);
interface Things {
  [key: string]: { id: string; status?: string; device_owner?: string }[];
}

async function volumes({ direct }: OpenstackAccount, count: number): Promise<string[]> {
  const made = await Promise.all(
    numbers(count).map((n) =>
      direct.call<{ volume: { id: string } }>('POST', 'volumev3', '/volumes', { volume: { size: 1, name: `v${n}` } }),
    ),
  );
  const ids = made.map(({ volume }) => volume.id);
  await volumesAre(direct, ids, 'available');
  return ids;
}

async function volumesAre(direct: OpenstackAccount['direct'], ids: readonly string[], status: string): Promise<void> {
  await until(`volumes are ${status}`, async () => {
    const { volumes = [] } = await direct.call<Things>('GET', 'volumev3', '/volumes/detail');
    return ids.every((id) => volumes.some((volume) => volume.id === id && volume.status === status));
  });
}

/** Deletes and waits until none is listed any more. */
async function dropped(direct: OpenstackAccount['direct'], kind: 'volumes' | 'snapshots', ids: readonly string[]): Promise<void> {
  for (const id of ids) await direct.call('DELETE', 'volumev3', `/${kind}/${id}`);
  await until(`${kind} are gone`, async () => {
    const left = (await direct.call<Things>('GET', 'volumev3', `/${kind}/detail`))[kind] ?? [];
    return !left.some(({ id }) => ids.includes(id));
  });
}

const net =
  (kind: 'networks' | 'ports', body: (account: OpenstackAccount, n: number) => object): Populate =>
  async (account, count) => {
    const { direct } = account;
    const made = await direct.call<Things>('POST', 'network', `/v2.0/${kind}`, { [kind]: numbers(count).map((n) => body(account, n)) });
    return async () => {
      for (const { id } of made[kind] ?? []) await direct.call('DELETE', 'network', `/v2.0/${kind}/${id}`);
    };
  };

const servers =
  (more: object): Populate =>
  async (account, count) => {
    const ids = await account.launch(count, more);
    return () => account.terminate(ids);
  };

/** Ways to have things of each group in an account, made without the driver. */
export const STORAGE_AND_NETWORKS: Readonly<Partial<Record<ListedGroup, Populate>>> = {
  volumes: async (account, count) => {
    const ids = await volumes(account, count);
    return () => dropped(account.direct, 'volumes', ids);
  },
  volumeImages: async (account, count) => {
    const { direct } = account;
    const of = await volumes(account, 1);
    const made = await Promise.all(
      numbers(count).map((n) =>
        direct.call<{ snapshot: { id: string } }>('POST', 'volumev3', '/snapshots', { snapshot: { volume_id: of[0], name: `s${n}` } }),
      ),
    );
    const ids = made.map(({ snapshot }) => snapshot.id);
    await until('snapshots are there', async () => {
      const { snapshots = [] } = await direct.call<Things>('GET', 'volumev3', '/snapshots/detail');
      return ids.every((id) => snapshots.some((each) => each.id === id && each.status === 'available'));
    });
    return async () => {
      await dropped(direct, 'snapshots', ids);
      await dropped(direct, 'volumes', of);
    };
  },
  attachments: async (account, count) => {
    const [ids, [server = '']] = await Promise.all([volumes(account, count), account.launch(1, { networks: 'none' })]);
    for (const volumeId of ids)
      await account.direct.call('POST', 'compute', `/servers/${server}/os-volume_attachments`, { volumeAttachment: { volumeId } });
    await volumesAre(account.direct, ids, 'in-use');
    return async () => {
      await account.terminate([server]);
      await volumesAre(account.direct, ids, 'available');
      await dropped(account.direct, 'volumes', ids);
    };
  },
  disks: servers({ networks: 'none' }),
  interfaces: servers({}),
  networks: net('networks', (_, n) => ({ name: `n${n}` })),
  networkPorts: net('ports', ({ network }, n) => ({ name: `p${n}`, network_id: network })),
  addresses: net('ports', ({ network }) => ({ network_id: network, device_owner: 'cimi:address' })),
  forwardingGroups: async ({ direct }, count) => {
    const made = await Promise.all(
      numbers(count).map((n) => direct.call<{ router: { id: string } }>('POST', 'network', '/v2.0/routers', { router: { name: `r${n}` } })),
    );
    return async () => {
      for (const { router } of made) await direct.call('DELETE', 'network', `/v2.0/routers/${router.id}`);
    };
  },
};
