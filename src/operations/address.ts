import type { Values } from '../model/values';
import { Refusal, type CreateRequest, type ResourceHandler, type Found, type ChangePlan, type PlanContext } from './resource-handler';
import { asRef } from './template-merge';
import { chooseCloud, keyAt } from './placement';
import { planCreateAtProvider } from './create-plan';
import { providerHandler } from './provider-handler';

const ADDRESS = 'Address';
const AT = 'addressTemplate';

/** Address (DSP0263 5.16.13): static ones made and deleted by the consumer, dynamic ones by the cloud. */
export const addressHandler: ResourceHandler = providerHandler({
  type: ADDRESS,
  group: 'addresses',
  createNeeds: ['addresses', 'create'],
  create: planAddress,
  change: changeAddress,
});

async function planAddress(context: PlanContext, { template, values, collection }: CreateRequest): Promise<ChangePlan> {
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

/** A dynamic address may become static, never the other way (D014). */
function changeAddress(_context: PlanContext, found: Found, { allocation, ...changed }: Values): Values {
  return allocation === 'static' && found.values.allocation === 'dynamic' ? { ...changed, allocation } : changed;
}
