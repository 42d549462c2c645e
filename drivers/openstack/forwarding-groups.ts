import type { CallContext, Created, Item, Marks, Naming, Pages } from '../../src/clouds/driver';
import type { Gone } from '../../src/clouds/errors';
import type { CreateForwardingGroup, ForwardingGroups } from '../../src/clouds/infrastructure';
import type { Neutron } from './neutron';
import { holdsNet, marksOf, namesOf } from './neutron-names';
import type { Router } from './neutron-things';
import { answers, UUID } from './reads';
import { dropInterfaces, join, part } from './routers';

/** Neutron routers as ForwardingGroups; which networks are in one, the networks say. */
export class OpenstackForwardingGroups implements ForwardingGroups {
  constructor(private readonly neutron: Neutron) {}

  async *list(context: CallContext): Pages {
    const own = await this.neutron.own(context);
    for await (const page of this.neutron.pages('router', context, own)) yield page.map(routerItem);
  }

  getMany(keys: readonly string[], context: CallContext): Promise<(Item | Gone)[]> {
    const read = (ids: readonly string[]) => this.neutron.byIds('router', ids, context);
    return answers('router', keys, read, (routers) => Promise.resolve(routers.map(routerItem)));
  }

  async find(marks: Marks, context: CallContext): Promise<Item[]> {
    const found = await this.neutron.marked('router', marks, context);
    return found.map(({ thing, unfinished }) => ({ ...routerItem(thing), ...(unfinished ? { unfinished } : {}) }));
  }

  holds(naming: Naming): Naming {
    return this.neutron.holds(naming, holdsNet);
  }

  async create(request: CreateForwardingGroup, context: CallContext): Promise<Created> {
    const { networks } = request;
    const { id } = await this.neutron.make('router', request, {}, context, async (router) => {
      for (const network of networks) await join(this.neutron, router.id, network, context);
    });
    return { key: id };
  }

  bind(key: string, { network }: { network: string }, context: CallContext): Promise<void> {
    return join(this.neutron, key, network, context);
  }

  release(key: string, { network }: { network: string }, context: CallContext): Promise<void> {
    return part(this.neutron, key, network, context);
  }

  rename(key: string, naming: Naming, context: CallContext): Promise<void> {
    return this.neutron.rename('router', key, naming, context);
  }

  /** Neutron deletes no router that has interfaces; its gateway goes with it. */
  async delete(key: string, context: CallContext): Promise<void> {
    if (!UUID.test(key)) return;
    await dropInterfaces(this.neutron, { device_id: key }, context);
    await this.neutron.delete('router', key, context);
  }
}

function routerItem(router: Router): Item {
  const { gateway } = router;
  return {
    key: router.id,
    values: { ...namesOf(router), ...(gateway === undefined ? {} : { gatewayNetwork: gateway }) },
    ...marksOf(router),
  };
}
