import { type Doc, doc, docs, flag, number, text, texts, time, told, whole } from './documents';

/** Members that all of Neutron's things have. */
export interface Thing {
  id: string;
  /** Floating IPs have none. */
  name?: string;
  description?: string;
  tags: readonly string[];
  created_at?: string;
  project_id?: string;
}

function common(given: Doc, id: string): { [K in keyof Thing]-?: Thing[K] | undefined } {
  return {
    id,
    name: text(given.name),
    description: text(given.description),
    tags: texts(given.tags),
    created_at: time(given.created_at),
    project_id: text(given.project_id) ?? text(given.tenant_id),
  };
}

function read<T extends { id: string }>(given: Doc, more: (id: string) => { [K in keyof T]: T[K] | undefined }): T | undefined {
  const id = text(given.id);
  return id === undefined ? undefined : told<T>(more(id));
}

export interface Network extends Thing {
  /** Status; absent where Neutron does not tell it. */
  status?: string;
  admin_state_up: boolean;
  mtu?: number;
  shared: boolean;
  'router:external': boolean;
}

export const networkFrom = (given: Doc): Network | undefined =>
  read<Network>(given, (id) => ({
    ...common(given, id),
    status: text(given.status),
    admin_state_up: flag(given.admin_state_up) ?? true,
    mtu: number(given.mtu),
    shared: given.shared === true,
    'router:external': given['router:external'] === true,
  }));

export interface FixedIp {
  subnet_id?: string;
  ip_address: string;
}

export interface Port extends Thing {
  /** "" where Neutron does not tell it. */
  network_id: string;
  status?: string;
  admin_state_up: boolean;
  mac_address?: string;
  /** Holder: a server's id with `compute:ZONE` as owner, something of Neutron's with `network:…`; "" for nobody, absent: not told. */
  device_id?: string;
  /** Kind of the holder; absent where Neutron does not tell. */
  device_owner?: string;
  /** Addresses; absent where Neutron does not tell them. */
  fixed_ips?: readonly FixedIp[];
  allowed_address_pairs: readonly { ip_address: string; mac_address?: string }[];
  /** Trunk of a port that is its parent. */
  trunk?: string;
}

/** Plugins have been seen to answer null for nobody. */
const nobody = (given: unknown): string | undefined => (given === null ? '' : typeof given === 'string' ? given : undefined);

export const portFrom = (given: Doc): Port | undefined =>
  read<Port>(given, (id) => ({
    ...common(given, id),
    network_id: text(given.network_id) ?? '',
    status: text(given.status),
    admin_state_up: flag(given.admin_state_up) ?? true,
    mac_address: text(given.mac_address),
    // Of a port that something has, null is no word.
    device_id: given.device_id === null && text(given.device_owner) !== undefined ? undefined : nobody(given.device_id),
    device_owner: nobody(given.device_owner),
    fixed_ips: whole(given.fixed_ips, (each) => {
      const ip = text(each.ip_address);
      return ip === undefined ? undefined : told<FixedIp>({ ip_address: ip, subnet_id: text(each.subnet_id) });
    }),
    allowed_address_pairs: docs(given.allowed_address_pairs).flatMap((each) => {
      const ip = text(each.ip_address);
      return ip === undefined
        ? []
        : told<{ ip_address: string; mac_address?: string }>({ ip_address: ip, mac_address: text(each.mac_address) });
    }),
    trunk: text(doc(given.trunk_details).trunk_id),
  }));

export interface Router extends Thing {
  /** Network of its gateway. */
  gateway?: string;
}

export const routerFrom = (given: Doc): Router | undefined =>
  read<Router>(given, (id) => ({ ...common(given, id), gateway: text(doc(given.external_gateway_info).network_id) }));

export interface FloatingIp extends Thing {
  floating_ip_address?: string;
  floating_network_id?: string;
  port_id?: string;
}

export const floatingIpFrom = (given: Doc): FloatingIp | undefined =>
  read<FloatingIp>(given, (id) => ({
    ...common(given, id),
    floating_ip_address: text(given.floating_ip_address),
    floating_network_id: text(given.floating_network_id),
    port_id: text(given.port_id),
  }));

export interface Subnet {
  id: string;
  network_id: string;
  cidr: string;
  ip_version?: number;
  gateway_ip?: string;
  dns_nameservers: readonly string[];
}

export const subnetFrom = (given: Doc): Subnet | undefined =>
  read<Subnet>(given, (id) => ({
    id,
    network_id: text(given.network_id) ?? '',
    cidr: text(given.cidr) ?? '',
    ip_version: number(given.ip_version),
    gateway_ip: text(given.gateway_ip),
    dns_nameservers: texts(given.dns_nameservers),
  }));

/** Thing of which only name and id are known: subnet pools, security groups. */
export interface Named {
  id: string;
  name: string;
}

export const namedFrom = (given: Doc): Named | undefined => read<Named>(given, (id) => ({ id, name: text(given.name) ?? id }));
