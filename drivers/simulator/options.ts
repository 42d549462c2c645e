import { z } from 'zod';
import { sizesOption } from '../../src/clouds/sizes';

const ms = z.number().int().min(0).max(86_400_000);

/** Kinds that a failure may have; the provider's own codes for them are in errors.ts. */
const kinds = z.enum([
  'auth',
  'forbidden',
  'notFound',
  'conflict',
  'quota',
  'throttled',
  'invalid',
  'unavailable',
  'timeout',
  'unsupported',
]);

export const delaysSchema = z.strictObject({
  create: ms.default(600).describe('from pending to running; of volumes, nets and ports too'),
  start: ms.default(400),
  stop: ms.default(400),
  pause: ms.default(200),
  suspend: ms.default(300),
  restart: ms.default(500).describe('half of it stopping, half of it booting'),
  restore: ms.default(500),
  delete: ms.default(300),
  capture: ms.default(500),
});

/** A failure, or only a delay, of chosen calls. */
export const faultSchema = z.strictObject({
  method: z.string().describe('group and method of the Driver contract, such as machines.create; * for every call'),
  nth: z.number().int().min(1).default(1).describe('the first call that is hit, counted from when the rule was set'),
  times: z.number().int().min(1).default(1).describe('how many calls are hit'),
  kind: kinds.optional().describe('absent: the call is only delayed'),
  message: z.string().default('made to fail by a rule'),
  retryAfterMs: ms.optional(),
  delayMs: ms.default(0).describe('how long the call is held up, before the effect, or after it with afterEffect'),
  atByte: z
    .number()
    .int()
    .min(0)
    .default(0)
    .describe('of GROUP.download.read and GROUP.upload.receive: so many bytes of data have passed before'),
  flip: z.boolean().default(false).describe('of the same: the next bit that passes is turned'),
  afterEffect: z.boolean().default(false).describe('the call takes effect and its answer is lost'),
});

export const throttleSchema = z.strictObject({
  every: z.number().int().min(2).optional().describe('each n-th call is refused'),
  perSecond: z.number().int().min(1).optional().describe('more calls than that within a second are refused'),
  retryAfterMs: ms.default(100),
});

const bytes = z
  .number()
  .int()
  .min(0)
  .max(2 ** 50);
const seconds = z.number().int().min(0).max(40_000_000);

export const gapSchema = z.strictObject({
  from: z.number().int().describe('ms since the epoch'),
  to: z.number().int().describe('ms since the epoch; a point of that time is there'),
  id: z.string().optional().describe('id of the thing; absent: all'),
  quantity: z.string().optional().describe('cpu, memory, disk, received, sent, read, written, traffic; absent: all'),
});

/** Settings that can also be changed while the cloud runs (control.ts). */
export const settingsSchema = z.strictObject({
  delays: delaysSchema.prefault({}),
  pageSize: z.number().int().min(1).max(10_000).default(100),
  latencyMs: ms.default(0).describe('added to every call'),
  throttle: throttleSchema.optional(),
  ignoreTokens: z.boolean().default(false).describe('a repeated create makes a second one, as moto does'),
  visibilityDelayMs: ms.default(0).describe('how long new things don’t show in reads'),
  lingerMs: ms.default(2_000).describe('how long what is gone still shows as gone'),
  mixedNetworks: z.boolean().default(false).describe('whether a router may join public and private nets'),
  meterResolution: seconds.min(1).default(60).describe('distance of two measured points, in s'),
  meterDelay: seconds.default(0).describe('age at which a point shows, in s'),
  meterKept: seconds.default(1_296_000).describe('age up to which points are kept, in s'),
  meterGaps: z.array(gapSchema).default([]).describe('times of which there are no points'),
  meterOutage: z.boolean().default(false).describe('nothing is measured for anybody who asks: meters.sample fails'),
  contentSize: bytes
    .min(512)
    .default(2 ** 28)
    .describe('size of a machine image that was not uploaded, in bytes'),
  copySize: bytes
    .min(512)
    .optional()
    .describe('size of the contents of a copy of a volume that was not uploaded, in bytes; else, and at most, that of the volume'),
  contentAllocated: bytes.default(2 ** 21).describe('data in an image that was not uploaded, in bytes; the rest of it is zeros'),
  contentKept: bytes
    .max(2 ** 30)
    .default(2 ** 24)
    .describe('data of an upload up to which its bytes are kept, in bytes'),
  maxInstances: z.number().int().min(0).optional().describe('quota'),
});

export const optionsSchema = z.strictObject({
  ...settingsSchema.shape,
  file: z
    .string()
    .regex(/^[A-Za-z0-9._-]+$/)
    .default('simulator.sqlite')
    .describe('name of its state file in the data folder; clouds with one file are one account'),
  sizes: sizesOption,
  failures: z.array(faultSchema).default([]),
  seed: z.enum(['believable', 'none']).default('believable').describe('what a new account holds'),
  eventsOfOne: z.boolean().default(false).describe('notices of a thing are told with that thing only, as Nova’s are'),
  tasks: z.boolean().default(false).describe('writes answer with tasks, and what they make has a key only at their end, as vCenter does'),
  settleMs: ms.optional().describe('how long a write may stay invisible; default: visibilityDelayMs'),
});

export type Settings = z.infer<typeof settingsSchema>;
export type SimulatorOptions = z.infer<typeof optionsSchema>;
export type Fault = z.infer<typeof faultSchema>;
export type FaultInput = z.input<typeof faultSchema>;
