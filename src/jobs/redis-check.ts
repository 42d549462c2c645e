import { Redis } from 'ioredis';

const OLDEST: readonly [number, number] = [6, 2];
const CONNECT_MS = 5_000;

/**
 * What Redis says of itself: its version, and whether it may throw messages away.
 * @returns in words why it can't carry the queue; undefined where it can
 * @throws the client's error where Redis does not answer
 */
export async function unfitness(client: Redis): Promise<string | undefined> {
  const lines = (await client.info()).split(/\r?\n/);
  const facts = new Map(lines.map((line) => [line.split(':', 1)[0], line.slice(line.indexOf(':') + 1)]));
  const policy = facts.get('maxmemory_policy');
  const version = facts.get('redis_version') ?? '';
  if (policy !== undefined && policy !== 'noeviction')
    return `Redis may throw messages away: its maxmemory-policy is ${policy}, it must be noeviction`;
  if (isOlder(version)) return `Redis ${version} is too old, at least ${OLDEST.join('.')} is needed`;
  return undefined;
}

/**
 * Tries Redis once, changing nothing there.
 * @throws Error in words where it can't be reached, refuses the login or is not set up as it must be
 */
export async function checkRedis(url: string): Promise<void> {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null, maxRetriesPerRequest: 0, connectTimeout: CONNECT_MS });
  let reason: Error | undefined;
  client.on('error', (error: Error) => (reason = error));
  try {
    await client.connect();
    const trouble = await unfitness(client);
    if (trouble !== undefined) throw new Error(trouble);
  } catch (error) {
    throw reason ?? error;
  } finally {
    client.disconnect();
  }
}

function isOlder(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return version !== '' && (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]));
}
