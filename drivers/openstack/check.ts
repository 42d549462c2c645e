import type { CallContext, Finding } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import { checkMeters } from './check-meters';
import type { Wire } from './client';
import { doc, number } from './documents';
import { atLeast } from './microversions';
import type { OpenstackOptions, Service } from './options';
import { type Kind, PLACES } from './things';

/** Features that are missing below a version, for the services that have versions. */
const FEATURES: Readonly<Partial<Record<Service, readonly (readonly [string, string])[]>>> = {
  compute: [
    ['2.19', 'descriptions of machines are kept in their metadata'],
    ['2.26', 'machines are looked up by reading the whole list'],
    ['2.52', 'machines get no tag at their creation and are looked up by reading the whole list'],
    ['2.93', 'machines on volumes cannot be restored'],
  ],
  volume: [
    ['3.42', 'attached volumes cannot grow'],
    ['3.66', 'attached volumes are captured with force'],
  ],
};

/** A cheap read of each service, and what it is needed for. */
const READS: readonly (readonly [Kind, string])[] = [
  ['server', 'machines'],
  ['flavor', 'machine configurations'],
  ['keypair', 'credentials'],
  ['image', 'machine images'],
  ['network', 'networks'],
  ['volume', 'volumes'],
];

/** Tries the login, every service, what it may read, its version, and tells what the quotas leave. Throws nothing. */
export async function check(wire: Wire, context: CallContext): Promise<Finding[]> {
  const login = await attempt(() => wire.session(context));
  const what = `Login at Keystone (${wire.options.authUrl ?? ''})`;
  if (login instanceof ProviderError) return [{ ok: false, what, message: advice(login, wire.options) }];
  const who = `as ${login.userName}, project ${login.projectName ?? 'none'}, roles ${login.roles.join(', ') || 'none'}`;
  const found = await Promise.all([
    ...(['compute', 'image', 'network', 'volume'] as const).map((service) => version(wire, service, context)),
    ...READS.map((each) => read(wire, each, context)),
    quota(wire, context),
    checkMeters(wire, context),
  ]);
  return [
    { ok: login.projectId !== undefined, what, message: login.projectId === undefined ? `${who}: a project is needed` : who },
    ...found.flat(),
  ];
}

async function version(wire: Wire, service: Service, context: CallContext): Promise<Finding[]> {
  const what = `Service ${service}`;
  const place = await attempt(() => wire.endpoint(service, context));
  if (place instanceof ProviderError) return [{ ok: false, what, message: place.message }];
  const spoken = await attempt(async () => ({ version: await wire.microversion(service, context) }));
  if (spoken instanceof ProviderError) return [{ ok: false, what, message: `${place.base}: ${spoken.message}` }];
  const missing = (FEATURES[service] ?? [])
    .filter(([needed]) => !atLeast(spoken.version, needed))
    .map(([needed, message]) => `below ${needed}: ${message}`);
  const words = [place.base, ...(spoken.version === undefined ? [] : [`version ${spoken.version}`]), ...missing].join('; ');
  return [{ ok: true, what, message: words }];
}

async function read(wire: Wire, [kind, purpose]: (typeof READS)[number], context: CallContext): Promise<Finding[]> {
  const what = `Reading ${purpose}`;
  const { service, path, many } = PLACES[kind];
  const answer = await attempt(() => wire.get(service, path, many, context, kind === 'keypair' ? {} : { query: { limit: 1 } }));
  if (!(answer instanceof ProviderError)) return [{ ok: true, what }];
  // A service that is not there was told already.
  if (answer.kind === 'unsupported') return [];
  return [
    { ok: false, what, message: `${answer.kind === 'forbidden' ? 'The user’s roles do not allow it' : 'Failed'}: ${answer.message}` },
  ];
}

/** Nova's limits: what, its maximum, what of it is used. */
const QUOTAS: readonly (readonly [string, string, string, string])[] = [
  ['machines', 'maxTotalInstances', 'totalInstancesUsed', ''],
  ['cores', 'maxTotalCores', 'totalCoresUsed', ''],
  ['memory', 'maxTotalRAMSize', 'totalRAMUsed', ' MiB'],
];

async function quota(wire: Wire, context: CallContext): Promise<Finding[]> {
  const answer = await attempt(() => wire.get('compute', '/limits', 'limits', context));
  if (answer instanceof ProviderError) return [];
  const limits = doc(doc(answer.limits).absolute);
  return [
    QUOTAS.reduce<Finding>(
      (finding, [name, most, used, unit]) => {
        const max = number(limits[most]) ?? -1;
        const left = max < 0 ? undefined : Math.max(0, max - (number(limits[used]) ?? 0));
        const message = `${name}: ${left === undefined ? 'no limit' : `${left}${unit} of ${max}${unit} left`}`;
        return {
          ...finding,
          ok: finding.ok && left !== 0,
          message: finding.message === undefined ? message : `${finding.message}, ${message}`,
        };
      },
      { ok: true, what: 'Quota of the project' },
    ),
  ];
}

async function attempt<T>(call: () => Promise<T>): Promise<T | ProviderError> {
  try {
    return await call();
  } catch (error) {
    return error instanceof ProviderError ? error : new ProviderError('unavailable', String(error));
  }
}

function advice(error: ProviderError, options: OpenstackOptions): string {
  const where = options.cloud === undefined ? 'the configuration' : `the entry ${options.cloud} of the clouds.yaml`;
  if (error.kind === 'auth')
    return `Keystone does not accept the login (${error.message}): check user, password or secret, domains and project in ${where}`;
  if (error.passing) return `${error.message}: check authUrl, DNS, certificates, proxies and the way out of this network`;
  return error.message;
}
