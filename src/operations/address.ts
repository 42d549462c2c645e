import type { Values } from '../model/values';
import { Refusal, type CreateRequest, type Family, type Found, type Plan, type PlanContext } from './family';
import { asRef } from './merge';
import { chooseCloud, keyAt } from './placement';
import { planCreateAtProvider } from './create-plan';
import { providerFamily } from './provider-family';

const ADDRESS = 'Address';
const AT = 'addressTemplate';

/** Address (DSP0263 5.16.13): static ones made and deleted by the consumer, dynamic ones by the cloud. */
export const addressFamily: Family = providerFamily({
  type: ADDRESS,
  group: 'addresses',
  createNeeds: ['addresses', 'create'],
  create: planAddress,
  change: changeAddress,
});

async function planAddress(context: PlanContext, { template, values, collection }: CreateRequest): Promise<Plan> {
  const networkRef = asRef(template.network)?.href;
  const network = networkRef === undefined ? undefined : await context.resolve(networkRef, 'Network', `${AT}.network`);
  const cloud = chooseCloud(context, network ? [network] : [], values);
  if (!cloud.offers('addresses', 'create'))
    throw new Refusal(400, `cloud '${cloud.key}' does not create addresses`, { kind: 'unsupported' });
  const shows: Values = { allocation: template.allocation ?? 'static', protocol: template.protocol ?? protocolOf(template.ip) };
  for (const name of ['ip', 'hostname', 'defaultGateway', 'dns', 'mask'] as const)
    if (template[name] !== undefined) shows[name] = template[name];
  return planCreateAtProvider(context, {
    type: ADDRESS,
    group: 'addresses',
    cloud,
    collection,
    naming: values,
    template,
    shows: { ...shows, ...(network ? { network: { href: network.path } } : {}) },
    request: { ...shows, ...(network ? { network: keyAt(network, `${AT}.network`) } : {}) },
  });
}

function protocolOf(ip: Values[string]): string {
  return typeof ip === 'string' && ip.includes(':') ? 'IPv6' : 'IPv4';
}

/** A dynamic address may become static, never the other way (D014); what identifies it stays. */
function changeAddress(_context: PlanContext, found: Found, changed: Values): Values {
  const to: Values = {};
  if (changed.allocation === 'static' && found.values.allocation === 'dynamic') to.allocation = 'static';
  for (const name of ['hostname', 'dns'] as const) if (changed[name] !== undefined) to[name] = changed[name];
  const fixed = ['ip', 'protocol', 'mask', 'defaultGateway', 'network'].find((name) => changed[name] !== undefined);
  if (fixed !== undefined) throw new Refusal(400, `${fixed}: this cannot be changed of an address that exists; make another one`);
  return to;
}
