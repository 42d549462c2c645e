import { z } from 'zod';
import { configSchema } from './schema';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const SCALARS = ['string', 'integer', 'number', 'boolean'];
const REFERENCE = {
  description: 'Taken from the environment (${NAME} or ${NAME:-default}) from a file, or from a command.',
  anyOf: [
    { type: 'string', pattern: '\\$\\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\\}' },
    { type: 'object', properties: { $file: { type: 'string' } }, required: ['$file'], additionalProperties: false },
    {
      type: 'object',
      properties: { $command: { type: 'array', items: { type: 'string' }, minItems: 1 } },
      required: ['$command'],
      additionalProperties: false,
    },
  ],
};

/**
 * JSON Schema of the configuration file, for editors; written to config/schema.json by scripts/make-config-schema.cjs.
 * Every single value may also be a reference to the environment or to a file.
 */
export function configJsonSchema(): Json {
  const schema = withReferences(JSON.parse(JSON.stringify(z.toJSONSchema(configSchema, { io: 'input' }))) as Json);
  return isObject(schema) ? { ...schema, $defs: { reference: REFERENCE } } : schema;
}

function withReferences(schema: Json): Json {
  if (!isObject(schema)) return schema;
  if (typeof schema['type'] === 'string' && SCALARS.includes(schema['type'])) {
    const { description, default: fallback, ...rest } = schema;
    return {
      ...(description === undefined ? {} : { description }),
      ...(fallback === undefined ? {} : { default: fallback }),
      anyOf: [rest, { $ref: '#/$defs/reference' }],
    };
  }
  const result = { ...schema };
  const { properties, items, additionalProperties } = schema;
  if (isObject(properties)) {
    result['properties'] = Object.fromEntries(Object.entries(properties).map(([name, property]) => [name, withReferences(property)]));
  }
  if (items !== undefined) result['items'] = withReferences(items);
  if (additionalProperties !== undefined) result['additionalProperties'] = withReferences(additionalProperties);
  return result;
}

function isObject(value: Json | undefined): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
