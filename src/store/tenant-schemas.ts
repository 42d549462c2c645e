import { z } from 'zod';
import type { Attribute, Attributes, ItemType } from '../model/define';
import { severities } from '../model/event';
import { isEvidence } from '../model/event-types';
import { isDeep, problemOf } from './json-text';
import { impossible } from './session';
import { FINISHED, type JobState } from './store';
import type { TenantTable } from './tenant-file';

/** Rows as a tenant's file may have them: the columns of the tables, each with what the gateway itself would have written there. */

/** Longest text of a document, characters: far above what any request may bring. */
const LONGEST = 16 * 1024 ** 2;
/** Longest text of another column. */
const LONG = 8_192;
/** Levels that a document is nested. */
const DEEPEST = 64;
/** Greatest number of what is counted: a column holds it, and so it does when it is raised. */
const MOST = 2 ** 31 - 2;
const DAY_MS = 86_400_000;
/** End of 2199, ms since the epoch: nothing waits longer. */
const LATEST = Date.UTC(2200, 0) - 1;

const text = (most = LONG) =>
  z
    .string()
    .max(most)
    .refine((value) => !impossible(value), 'holds NUL, which no database stores');
const path = text(1_024).min(1);
const flag = z.union([z.literal(0), z.literal(1)]);
const count = z.int().min(0).max(MOST);
const later = z.int().min(0).max(LATEST);
/** Time of this store's rows: RFC 3339, UTC, ms. */
const date = (latest: number) =>
  z.iso.datetime({ precision: 3 }).refine(
    (value) => {
      const at = Date.parse(value);
      return at >= 0 && at <= latest;
    },
    `is no date between 1970 and ${new Date(latest).toISOString().slice(0, 10)}`,
  );

/** Column of JSON. */
function json(schema: z.ZodType) {
  return z.string().superRefine((value, context) => {
    const words = problemOfJson(value, schema);
    if (words !== undefined) context.addIssue({ code: 'custom', message: words });
  });
}

function problemOfJson(value: string, schema: z.ZodType): string | undefined {
  if (value.length > LONGEST) return `is longer than ${LONGEST / 1024 ** 2} MiB`;
  if (isDeep(value, DEEPEST)) return `is nested more than ${DEEPEST} levels deep`;
  let parsed: unknown;
  try {
    parsed = JSON.parse(value);
  } catch {
    return 'is no JSON';
  }
  const { error } = schema.safeParse(parsed);
  return error && problemOf(error);
}

const object = z.record(z.string(), z.unknown());
const naming = z.strictObject({
  name: z.string().optional(),
  description: z.string().optional(),
  properties: z.record(z.string(), z.string()).optional(),
});
const failure = z.looseObject({ message: z.string(), returnCode: count, kind: z.string() });
const answer = z.strictObject({ status: z.int().min(100).max(599), location: path.optional() });

const jobId = text(64).min(1);
const states = FINISHED as readonly [JobState, ...JobState[]];

/** Makes the schemas of the rows of each table. @param now ms since the epoch: nothing was written after the day that follows it */
export function rowSchemas(now: number): Readonly<Record<TenantTable, z.ZodType>> {
  const written = date(now + DAY_MS);
  const seconds = z
    .int()
    .min(0)
    .max(Math.floor((now + DAY_MS) / 1000));
  return {
    resources: z.strictObject({
      ...{ path, type: text(256), tenant: text(), cloud: text(256).nullable(), provider_key: text().nullable(), owner: path.nullable() },
      ...{ state: text(256).nullable(), created: written, updated: written.nullable(), version: count.min(1) },
      ...{ document: json(object), name: text(LONGEST).nullable(), secrets: text(LONGEST).nullable(), internal: json(object) },
      ...{ event_log: path.nullable(), events_after: z.int().min(0).nullable() },
    }),
    refs: z.strictObject({ source: path, target: text().min(1) }),
    jobs: z.strictObject({
      ...{ id: jobId, tenant: text(), principal: text(), workflow: text(256).nullable(), workflow_version: count },
      ...{ naming: json(naming), action: text(), target: path, affected: json(z.array(path)), return_code: count },
      state: z.enum(states, 'is no state of a Job that has ended'),
      done: z.literal(1, 'is of a Job that has not ended'),
      ...{ progress: z.int().min(0).max(100), status_message: text(), created: written, changed: written, parent: jobId.nullable() },
      ...{ input: z.null(), results: z.null(), memory: z.null(), lease_owner: z.null(), lease_until: z.null(), doubtful: z.literal(0) },
      ...{ step: text(256).nullable(), undoing: flag, attempts: count, step_since: later.nullable(), due: later, epoch: count },
      ...{ failure: json(failure).nullable(), plan: json(z.array(object)).nullable(), answer: json(answer).nullable() },
      ...{ idempotency_key: text().nullable(), request_hash: text().nullable(), expires: later.nullable(), request_id: text().nullable() },
      ...{ taken_from: text().nullable(), trace: text().nullable() },
    }),
    events: z.strictObject({
      ...{ seq: z.int().min(1), timestamp: date(LATEST), recorded: written, tenant: text(), resource: path, resource_type: text(256) },
      type: text().refine((type) => !isEvidence(type), 'is that of an entry of the audit, which stays where it can be verified'),
      ...{ content: json(object), outcome: text(256), severity: z.enum(severities).nullable(), contact: text().nullable() },
      ...{ job: jobId.nullable(), cloud: text(256).nullable(), provider_event: text().nullable() },
      ...{ naming: json(naming).nullable(), updated: written.nullable() },
    }),
    series: z.strictObject({
      ...{
        id: z.int().min(0),
        path,
        reached: z
          .int()
          .min(0)
          .max(now + DAY_MS),
        ageing: flag,
      },
      memory: json(z.unknown()).nullable(),
    }),
    samples: z.strictObject({ meter: z.int().min(0), t: seconds, v: z.number() }),
    shares: z.strictObject({ meter: z.int().min(0), t: seconds, covered: text() }),
    agenda: z.strictObject({ path, work: text(300).min(1), due: later, epoch: count }),
  };
}

/**
 * Makes the schema of the values of a type by its declared attributes. Names that are not declared are taken: drivers and earlier
 * versions have their own.
 */
export function valuesSchema(attributes: Attributes): z.ZodType {
  const members = Object.entries(attributes).map(([name, attribute]) => [name, schemaOf(attribute).nullish()] as const);
  return z.looseObject(Object.fromEntries(members));
}

function schemaOf(declared: Attribute | ItemType): z.ZodType {
  switch (declared.kind) {
    case 'integer':
      return z.int();
    case 'boolean':
      return z.boolean();
    case 'any':
      return z.unknown();
    case 'struct':
      return valuesSchema(declared.fields);
    case 'array':
      return z.array(schemaOf(declared.item));
    case 'map':
      return z.record(z.string(), z.string());
    case 'ref':
    case 'collection':
    case 'uri':
      return z.union([z.string(), z.looseObject({ href: z.string().optional() })], 'is no reference');
    default:
      return z.string();
  }
}
