import type { EC2Client } from '@aws-sdk/client-ec2';

type ReadSchema = (schema: unknown, value: unknown) => unknown;

/**
 * Makes the client's reading of answers forgiving: a member that is of another type than EC2's model says (a date that is
 * none, a text where a number belongs) reads as if it were missing, and `warn` is told once of each. The SDK would give up
 * the whole list for it.
 */
export function readLeniently(client: EC2Client, warn: (message: string, details: { member: string }) => void): void {
  const deserializer: unknown = Reflect.get(client.config.protocol, 'deserializer');
  if (typeof deserializer !== 'object' || deserializer === null) return;
  const strict: unknown = Reflect.get(deserializer, 'readSchema');
  if (typeof strict !== 'function') return;
  const warned = new Set<string>();
  const missing = (schema: unknown): undefined => {
    const member = nameOf(schema);
    if (!warned.has(member)) warn('EC2 answered a member of the wrong type; it is read as missing', { member });
    warned.add(member);
    return undefined;
  };
  const read: ReadSchema = (schema, value) => {
    try {
      const found: unknown = Reflect.apply(strict, deserializer, [schema, value]);
      if (Array.isArray(found) && found.includes(undefined)) return found.filter((item) => item !== undefined);
      return isBroken(found) ? missing(schema) : found;
    } catch {
      return missing(schema);
    }
  };
  // The deserializer reads what lies deeper by the same method: each member is read, or is missing, on its own.
  Reflect.set(deserializer, 'readSchema', read);
}

const isBroken = (value: unknown): boolean =>
  typeof value === 'number' ? !Number.isFinite(value) : typeof value === 'object' && value instanceof Date && Number.isNaN(value.getTime());

/** The member's name, where the schema is one that tells it. */
function nameOf(schema: unknown): string {
  if (typeof schema !== 'object' || schema === null || !('getMemberName' in schema) || typeof schema.getMemberName !== 'function')
    return 'a value';
  try {
    return String(Reflect.apply(schema.getMemberName, schema, []));
  } catch {
    return 'an item';
  }
}
