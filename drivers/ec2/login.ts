import type { EC2ClientConfig } from '@aws-sdk/client-ec2';
import { fromNodeProviderChain, fromTemporaryCredentials } from '@aws-sdk/credential-providers';
import { ProviderError } from '../../src/clouds/errors';
import type { Ec2Options } from './options';
import { ProxiedHandler } from './proxied';

/** Words for temporary credentials whose time is over: EBS's and STS's, and EC2's, which says the same of a clock that is wrong. */
const ENDED: readonly string[] = ['ExpiredToken', 'ExpiredTokenException', 'RequestExpired'];
/** EC2's and STS's own words for credentials they refuse. */
const REFUSALS: readonly string[] = [
  'AuthFailure',
  'InvalidClientTokenId',
  'SignatureDoesNotMatch',
  'UnrecognizedClientException',
  'ExpiredToken',
  'ExpiredTokenException',
];

/** Tells whether AWS refused the credentials themselves. */
export const refusesLogin = ({ code }: ProviderError): boolean => REFUSALS.includes(code ?? '');

/** Client of the SDK, as far as its credentials go. */
interface LoggedIn {
  config: { credentials(options: { forceRefresh: true }): Promise<unknown> };
}

/**
 * Sends something; once more with new credentials where AWS says that these have ended, in the middle of a disk or before: what is
 * refused for that had no effect.
 * @throws ProviderError as `send` does; the refusal where there are no new ones
 */
export async function renewing<T>({ config }: LoggedIn, send: () => Promise<T>): Promise<T> {
  try {
    return await send();
  } catch (error) {
    if (!(error instanceof ProviderError) || !ENDED.includes(error.code ?? '')) throw error;
    const renewed = await config.credentials({ forceRefresh: true }).then(
      () => true,
      () => false,
    );
    if (!renewed) throw error;
    return send();
  }
}

/** The credentials of a cloud: keys of the options, or the standard chain; with `roleArn`, those of the role they assume. */
export function credentialsOf(options: Ec2Options): NonNullable<EC2ClientConfig['credentials']> {
  const { roleArn, externalId, roleSessionName = 'cimi-gateway', stsEndpoint, region } = options;
  const own = ownCredentials(options);
  if (roleArn === undefined) return own;
  return fromTemporaryCredentials({
    masterCredentials: own,
    params: { RoleArn: roleArn, RoleSessionName: roleSessionName, ...(externalId === undefined ? {} : { ExternalId: externalId }) },
    clientConfig: { region, requestHandler: new ProxiedHandler(options), ...(stsEndpoint === undefined ? {} : { endpoint: stsEndpoint }) },
  });
}

function ownCredentials(options: Ec2Options) {
  const { accessKeyId, secretAccessKey, sessionToken, profile, region } = options;
  if (accessKeyId !== undefined && secretAccessKey !== undefined) {
    return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
  }
  return fromNodeProviderChain({
    ...(profile === undefined ? {} : { profile }),
    clientConfig: { region, requestHandler: new ProxiedHandler(options) },
  });
}

/** Describes where the credentials come from, in the order of precedence above. */
export function credentialsIn({ accessKeyId, profile, roleArn }: Ec2Options): string {
  const role = roleArn === undefined ? '' : `, and that they may assume ${roleArn} (roleArn)`;
  if (accessKeyId !== undefined) return `accessKeyId and secretAccessKey in the configuration${role}`;
  if (profile !== undefined) return `the profile '${profile}' in the shared AWS configuration (~/.aws)${role}`;
  return `the standard AWS chain (environment variables, ~/.aws, the role of this host)${role}`;
}
