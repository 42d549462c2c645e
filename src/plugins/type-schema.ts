import { z } from 'zod';
import type { Attribute, Attributes } from '../model/define';
import { severities, type Severity } from '../model/event';
import type { Values } from '../model/values';

/** The form of a module that declares resource types (docs/extending.md); what the schema can't say is in type-module.ts. */

/** Version of what modules of types export, major.minor: raised by what is added, and by what is changed of what there was. */
export const TYPES_VERSION = '1.1';

/** DSP0263 5.3. */
const identifier = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be an identifier: letters, digits and underscores, not a digit first (DSP0263 5.3)');

const constraints = {
  provider: z.enum(['mandatory mutable', 'mandatory immutable', 'optional mutable', 'optional immutable']),
  consumer: z.enum([
    ...(['mandatory read-only', 'mandatory read-write', 'mandatory write-only'] as const),
    ...(['optional read-only', 'optional read-write', 'optional write-only'] as const),
  ]),
  onCreate: z.boolean().optional(),
  initial: z.string().optional(),
  confidential: z.boolean().optional(),
};
const length = z.int().min(1).optional();
const values = z.array(z.string()).min(1).optional();

const KINDS = 'must be string, integer, boolean, dateTime, duration, uri, bytes, any, ref, array, struct or map';

const item = z.discriminatedUnion(
  'kind',
  [
    z.strictObject({ kind: z.enum(['string', 'integer', 'boolean', 'any', 'uri']) }),
    z.strictObject({ kind: z.literal('ref'), to: z.string() }),
    z.strictObject({
      kind: z.literal('struct'),
      get fields() {
        return attributes;
      },
    }),
  ],
  { error: 'must be string, integer, boolean, any, uri, ref or struct' },
);

const attribute: z.ZodType<Attribute, Attribute> = z.discriminatedUnion(
  'kind',
  [
    z.strictObject({
      ...constraints,
      kind: z.literal('string'),
      maxLength: length,
      plain: z.boolean().optional(),
      values,
      valuesOpen: z.boolean().optional(),
    }),
    z.strictObject({
      ...constraints,
      kind: z.literal('integer'),
      unit: z.string().optional(),
      minimum: z.int().optional(),
      maximum: z.int().optional(),
    }),
    z.strictObject({ ...constraints, kind: z.enum(['boolean', 'dateTime', 'duration', 'bytes', 'any']) }),
    z.strictObject({ ...constraints, kind: z.literal('uri'), maxLength: length, values, valuesOpen: z.boolean().optional() }),
    z.strictObject({ ...constraints, kind: z.literal('ref'), to: z.string() }),
    z.strictObject({ ...constraints, kind: z.literal('array'), itemName: identifier, item }),
    z.strictObject({
      ...constraints,
      kind: z.literal('struct'),
      get fields() {
        return attributes;
      },
    }),
    z.strictObject({ ...constraints, kind: z.literal('map'), itemName: identifier, keyName: identifier }),
  ],
  { error: KINDS },
) as unknown as z.ZodType<Attribute, Attribute>;

const attributes: z.ZodType<Attributes, Attributes> = z.record(
  identifier,
  z.lazy(() => attribute),
);

/**
 * Effect of an action on the resource that it is asked of: attributes with their new values, null where one goes; or the reason why
 * there is none.
 */
export type Performed = { changes: Values; events?: readonly ToldEvent[] } | { refused: string };

/** Event that a module's code tells of a resource of its. */
export interface ToldEvent {
  /** Name of the event type, as the module declares it. */
  type: string;
  content?: Values;
  /** One of DSP0263 Table 56, or of the type's own; absent: Success. */
  outcome?: string;
  /** Absent: that of the type, if it has one. */
  severity?: Severity;
}

/** Changes of resources that a type may tell events of, beside those of its actions. */
export type ToldChange = 'create' | 'update' | 'delete';

const action = z.strictObject({
  description: z.string().min(1),
  from: z.array(z.string()).min(1).optional(),
  to: z.string().optional(),
  input: attributes.optional(),
  perform: z.custom<(values: Values, input: Values) => Performed>((value) => typeof value === 'function', 'must be a function').optional(),
});

const event = z.strictObject({
  description: z.string().min(1),
  content: attributes.optional(),
  severity: z.enum(severities).optional(),
  outcomes: z
    .array(z.string().regex(/^[A-Z][A-Za-z]*$/, 'must be a word with a capital, as Failure'))
    .min(1)
    .optional(),
});

const capability = z.strictObject({
  description: z.string().min(1),
  value: z.union([z.boolean(), z.int(), z.string(), z.array(z.string())]),
  unit: z.string().optional(),
});

const type = z.strictObject({
  collection: identifier,
  attributes,
  actions: z.record(identifier, action).optional(),
  capabilities: z.record(identifier, capability).optional(),
  tell: z
    .custom<(change: ToldChange, now: Values, before: Values) => readonly ToldEvent[]>(
      (value) => typeof value === 'function',
      'must be a function',
    )
    .optional(),
});

/** Schema of a module's exports, beside the version of the contract. */
export const typeModuleSchema = z.strictObject({
  namespace: z.string(),
  types: z.record(identifier, type).default({}),
  attributes: z.record(z.string(), attributes).default({}),
  events: z.record(identifier, event).default({}),
});

export type TypeModule = z.output<typeof typeModuleSchema>;
export type TypeDeclaration = z.input<typeof type>;
export type ActionOfType = z.output<typeof action>;
export type EventOfType = z.output<typeof event>;
export type EventDeclaration = z.input<typeof event>;

/** Exports of a module of types; the configuration names it in `extensions`. */
export interface TypesPackage {
  /** The CONTRACT_VERSION that it was written for, as text of its own: `'1.0'`. */
  contractVersion: string;
  /** An absolute URI of its author's: types, actions and capabilities are named below it. */
  namespace: string;
  /** Types of resources, by name. */
  types?: Readonly<Record<string, TypeDeclaration>>;
  /** Attributes of types that the standard declares, by type. */
  attributes?: Readonly<Record<string, Attributes>>;
  /** Types of the events that its types tell, by name. */
  events?: Readonly<Record<string, EventDeclaration>>;
}
