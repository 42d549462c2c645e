import type { CallContext, Created, Item, Marks, Naming, Pages } from '../../src/clouds/driver';
import type { CreateForwardingGroup, ForwardingGroups } from '../../src/clouds/infrastructure';
import { holdsNet, marksOf, namesOf, type Neutron } from './neutron';
import { dropInterfaces, join, part, type Router } from './routers';

/** Neutron routers as ForwardingGroups; which networks are in one, the networks say. */
export class OpenstackForwardingGroups implements ForwardingGroups {
  constructor(private readonly neutron: Neutron) {}

  async *list(context: CallContext): Pages {
    const own = await this.neutron.own(context);
    for await (const page of this.neutron.pages<Router>('routers', context, own)) yield page.map(routerItem);
  }

  async getMany(keys: readonly string[], context: CallContext): Promise<Item[]> {
    return (await this.neutron.byIds<Router>('routers', keys, context)).map(routerItem);
  }

  async find(marks: Marks, context: CallContext): Promise<Item[]> {
    const found = await this.neutron.marked<Router>('routers', marks, context);
    return found.map(({ thing, unfinished }) => ({ ...routerItem(thing), ...(unfinished ? { unfinished } : {}) }));
  }

  holds(naming: Naming): Naming {
    return holdsNet(naming);
  }

  async create(request: CreateForwardingGroup, context: CallContext): Promise<Created> {
    const { networks } = request;
    const { id } = await this.neutron.make<Router>('routers', request, {}, context, async (router) => {
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
    return this.neutron.rename('routers', key, naming, context);
  }

  /** Neutron deletes no router that has interfaces; its gateway goes with it. */
  async delete(key: string, context: CallContext): Promise<void> {
    await dropInterfaces(this.neutron, { device_id: key }, context);
    await this.neutron.delete('routers', key, context);
  }
}

function routerItem(router: Router): Item {
  const gateway = router.external_gateway_info?.network_id;
  return {
    key: router.id,
    values: { ...namesOf(router), ...(gateway === undefined ? {} : { gatewayNetwork: gateway }) },
    ...marksOf(router),
  };
}
