import { NOW, PROJECT } from './fake-keystone';

type Doc = Record<string, unknown>;

/** Things that a fresh service shows beside what the request said, by collection. */
export const FRESH: Readonly<Record<string, (given: Doc) => Doc>> = {
  servers: ({ flavorRef, imageRef, name }) => ({
    ...{ name, status: 'ACTIVE', 'OS-EXT-STS:vm_state': 'active', 'OS-EXT-STS:task_state': null, 'OS-EXT-STS:power_state': 1 },
    ...{ flavor: { original_name: 'small', vcpus: 1, ram: 1024, disk: 5, ephemeral: 0, swap: 0, extra_specs: {} }, metadata: {}, tags: [] },
    ...{ addresses: {}, image: { id: imageRef }, 'os-extended-volumes:volumes_attached': [], locked: false, config_drive: '' },
    ...{ 'OS-EXT-AZ:availability_zone': 'nova', created: NOW, updated: NOW, tenant_id: PROJECT, flavorRef },
  }),
  images: () => ({ status: 'queued', visibility: 'private', owner: PROJECT, protected: false, tags: [], min_disk: 1, min_ram: 0 }),
  volumes: () => ({
    status: 'available',
    attachments: [],
    bootable: 'false',
    availability_zone: 'nova',
    volume_type: 'lvm',
    encrypted: false,
  }),
  snapshots: ({ volume_id: volume }) => ({ status: 'available', volume_id: volume, size: 1, progress: '100%' }),
  networks: () => ({
    status: 'ACTIVE',
    admin_state_up: true,
    subnets: [],
    shared: false,
    'router:external': false,
    mtu: 1450,
    port_security_enabled: true,
  }),
  subnets: () => ({ ip_version: 4, enable_dhcp: true, gateway_ip: null, dns_nameservers: [], allocation_pools: [], host_routes: [] }),
  ports: () => ({
    ...{ status: 'DOWN', admin_state_up: true, mac_address: 'fa:16:3e:00:00:01', device_id: '', device_owner: '', security_groups: [] },
    ...{ fixed_ips: [{ subnet_id: 'none', ip_address: '10.128.0.9' }] },
  }),
  routers: () => ({ status: 'ACTIVE', admin_state_up: true, external_gateway_info: null, routes: [] }),
  floatingips: () => ({ status: 'DOWN', floating_ip_address: '198.51.100.7', fixed_ip_address: null, port_id: null, router_id: null }),
  trunks: () => ({ status: 'ACTIVE', sub_ports: [] }),
};
