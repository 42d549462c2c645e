import type { Driver, DriverModule } from '../../src/clouds/driver';
import { capabilities } from './capabilities';
import { Wire } from './client';
import { openstackOptions, type OpenstackOptions } from './options';

/** OpenStack: Keystone v3, Nova, Glance, Cinder v3 and Neutron of one project in one region. */
export const driver: DriverModule<OpenstackOptions> = {
  name: 'openstack',
  options: openstackOptions,
  connect(options: OpenstackOptions): Promise<Driver> {
    const wire = new Wire(options);
    return Promise.resolve({
      capabilities: capabilities(options.settleMs),
      check: () => Promise.resolve([]),
      close: () => wire.close(),
    });
  },
};
