import type { CallContext, Finding } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import { leftOf, type QuotaOf } from '../../src/clouds/quotas';
import { roundDown, roundUp } from '../../src/model/units';
import { checkMeters } from './check-meters';
import type { Wire } from './client';
import { atLeast } from './microversions';
import type { OpenstackOptions, Service } from './options';
import { quotasOf } from './quotas';
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

/** Names of the limits, and how a number of each is said. */
const SAID: readonly (readonly [of: QuotaOf, said: (amount: number) => string])[] = [
  ['machines', String],
  ['cpus', String],
  ['memory', (kib) => `${roundDown(kib, 'kibibyte', 'mebibyte')} MiB`],
  ['volumes', String],
  ['capacity', (kb) => `${roundUp(kb, 'kilobyte', 'gibibyte')} GiB`],
];

async function quota(wire: Wire, context: CallContext): Promise<Finding[]> {
  const quotas = await attempt(() => quotasOf(wire, context));
  if (quotas instanceof ProviderError) return [];
  const found = SAID.map(([of, said]) => {
    const known = quotas.find((each) => each.of === of);
    const message = known ? `${said(leftOf(known))} of ${said(known.limit)} left` : 'no limit told';
    return { ok: known === undefined || leftOf(known) > 0, message: `${of}: ${message}` };
  });
  return [{ ok: found.every(({ ok }) => ok), what: 'Quota of the project', message: found.map(({ message }) => message).join(', ') }];
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
