import { OwnAnswers } from './answers';
import { credentialsOf } from './login';
import type { Ec2Options } from './options';

/** Hosts of AWS's own, VPC endpoints among them: what speaks EC2's API elsewhere has no other service beside it. */
const AWS_HOST = /\.(?:amazonaws\.com(?:\.cn)?|amazonaws\.eu|api\.aws)$/;

/**
 * Tells whether there is another service beside EC2 for this account.
 * @param own the endpoint that the options name for it
 */
export function isBesideEc2({ endpoint }: Ec2Options, own: string | undefined): boolean {
  return own !== undefined || endpoint === undefined || AWS_HOST.test(new URL(endpoint).hostname);
}

/** A service of AWS in one region, at an endpoint other than its own where that is said. */
interface Place {
  service: string;
  region: string;
  endpoint: string | undefined;
}

/** Settings of each client of AWS's SDK: it retries nothing, and lets no stranger answer. */
export function clientSettings(options: Ec2Options, { service, region, endpoint }: Place) {
  return {
    region,
    ...(endpoint === undefined ? {} : { endpoint }),
    credentials: credentialsOf(options),
    maxAttempts: 1,
    requestHandler: new OwnAnswers(options, `${service} (${endpoint ?? `region ${region}`})`),
  };
}

const NO_WARNING = 'AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED';

/** Makes a client without the SDK's word on the version of Node, which is the gateway's own business (package.json). */
export function quietly<T>(make: () => T): T {
  const before = process.env[NO_WARNING];
  // The SDK has its say at its first client, by this switch.
  process.env[NO_WARNING] = 'true';
  try {
    return make();
  } finally {
    if (before === undefined) delete process.env[NO_WARNING];
    else process.env[NO_WARNING] = before;
  }
}
