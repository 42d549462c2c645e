import type { Values } from './values';

/** Parts of every CIMI service, whatever its resources: parameters, headers, faults, ways to log in. */

const text = { type: 'string' };
const uri = { type: 'string', format: 'uri' };

/** A parameter in the query. */
export const query = (name: string, description: string, schema: Values, example?: string): Values => ({
  name,
  in: 'query',
  description,
  schema,
  ...(example === undefined ? {} : { example }),
});
const header = (name: string, description: string): Values => ({ name, in: 'header', description, schema: text });

export const parameters: Readonly<Record<string, Values>> = {
  filter: query('$filter', 'Leaves out items that it is not true of; several are joined by and (4.1.6.1).', text, "state='STARTED'"),
  orderby: query('$orderby', 'Attributes to sort by, each with :asc or :desc (4.1.6.6).', text, 'name:asc'),
  first: query('$first', 'Ordinal position of the first item wanted, from 1 (4.1.6.2).', { type: 'integer' }),
  last: query('$last', 'Ordinal position of the last item wanted (4.1.6.2).', { type: 'integer' }),
  select: query('$select', 'The attributes wanted; in a PUT the attributes that are changed (4.1.6.3, 4.2.1.3.1).', text, 'id,name'),
  expand: query(
    '$expand',
    'References whose resources stand inline; * or no name: all (4.1.6.4). A path leads further: networkInterfaces/addresses/address.',
    text,
  ),
  format: query('$format', 'The representation wanted; it wins over Accept (4.1.6.5).', { type: 'string', examples: ['json', 'xml'] }),
  ifMatch: header('If-Match', 'The change is made only if the resource still is as this ETag says.'),
  ifNoneMatch: header('If-None-Match', 'Answers 304 if the representation still is the one of this ETag.'),
  prefer: header(
    'Prefer',
    'wait=SECONDS: waits so long for the Job, and answers as if it had been done at once; respond-async: does not wait (RFC 7240).',
  ),
  preferNews: header('Prefer', 'wait=SECONDS: where nothing is in the window as yet, waits so long for what is new in it (RFC 7240).'),
  lastEventId: header(
    'Last-Event-ID',
    'Of a stream: the id of the last item that was read; it goes on after that, without loss and without doubles.',
  ),
  idempotencyKey: header('Idempotency-Key', 'The same request with the same key is done once and answered twice.'),
};

export const headers: Readonly<Record<string, Values>> = {
  ETag: { description: 'Version of the representation, for If-Match and If-None-Match.', schema: text },
  Age: { description: 'Seconds since the cloud was asked.', schema: { type: 'integer', minimum: 0 } },
  Location: { description: 'URI of what is created; of what then failed only where something of it may be at the cloud.', schema: uri },
  Link: { description: 'The Job that is in the way, with rel="http://cimi-gateway.org/rel/blocking-job".', schema: text },
  'Retry-After': { description: 'Seconds to wait before asking again.', schema: { type: 'integer', minimum: 0 } },
  'CIMI-Job-URI': { description: 'URI of the Job of this change (4.2.1.7).', schema: uri },
  'Preference-Applied': { description: 'What of Prefer was granted (RFC 7240).', schema: text },
  'CIMI-Unavailable-Clouds': { description: 'Keys of the clouds that did not answer: their items are missing.', schema: text },
  Allow: { description: 'The methods that it takes.', schema: text },
  'WWW-Authenticate': { description: 'The ways to log in.', schema: text },
};

export const securitySchemes: Readonly<Record<string, Values>> = {
  basic: { type: 'http', scheme: 'basic', description: 'Name and password.' },
  bearer: { type: 'http', scheme: 'bearer', description: 'A token made with the command line.' },
};

/** Headers of a response, by name. */
export function headersOf(names: readonly string[]): Values {
  return names.length === 0 ? {} : { headers: Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }])) };
}

/** Lists one schema in both representations. */
export function content(schema: Values): Values {
  return { 'application/json': { schema }, 'application/xml': { schema } };
}

/** Words on the streams of what can be watched. */
export const STREAM_WORDS =
  'with Accept: text/event-stream a stream of server-sent events that goes on until the client, its login or the resource ends, each with a new item as JSON in its data and the place to go on from as its id.';
/** The representation that such a stream is. */
export const STREAM: Values = { 'text/event-stream': { schema: { ...text, description: 'Server-sent events (HTML, 9.2).' } } };

/** A refused change leaves a Job that can be read: its own, whichever other is in the way. */
const JOB_URI = ['CIMI-Job-URI'];
/** Headers of a create that was accepted and failed before the answer. */
const FAILED = ['Location', ...JOB_URI];
const FAULTS: Readonly<Record<number, readonly [words: string, headers: readonly string[]]>> = {
  400: ['The request is not understood, or asks for what cannot be.', FAILED],
  401: ['Nobody is logged in.', ['WWW-Authenticate']],
  403: ['This caller may not do that, or the cloud forbids it.', FAILED],
  404: ['There is nothing here for this caller.', JOB_URI],
  405: ['The resource does not take this method.', ['Allow', ...JOB_URI]],
  406: ['No representation that the client accepts can be made.', JOB_URI],
  409: [
    'The resource is being changed by another Job, or is in a state in which this is not possible.',
    ['Retry-After', 'Link', ...FAILED],
  ],
  412: ['The resource is not what If-Match or If-None-Match wants.', JOB_URI],
  415: ['The body is of another media type or charset than are read.', JOB_URI],
  422: ['The Idempotency-Key came with another request before.', ['Link', ...JOB_URI]],
  503: ['A cloud does not answer, or asks to wait.', ['Retry-After', ...FAILED]],
};
/** Faults of a read and of a change. */
export const READ_FAULTS: readonly number[] = [401, 403, 404, 406, 503];
export const CHANGE_FAULTS: readonly number[] = [400, 401, 403, 404, 405, 406, 409, 412, 415, 422, 503];

/** Reusable responses: each fault is a FAILED Job that says in words what is wrong (4.1.6.8). @param job its schema. */
export function faultResponses(job: Values): Values {
  const known = Object.entries(FAULTS).map(([status, [description, names]]) => [
    `Fault${status}`,
    { description, ...headersOf(names), content: content(job) },
  ]);
  return {
    ...(Object.fromEntries(known) as Values),
    Fault: { description: 'Any other fault, as a FAILED Job.', ...headersOf(['Retry-After', ...FAILED]), content: content(job) },
  };
}

/** The faults of an operation, by status. */
export function faults(statuses: readonly number[]): Values {
  const known = statuses.map((status) => [String(status), { $ref: `#/components/responses/Fault${status}` }]);
  return { ...(Object.fromEntries(known) as Values), default: { $ref: '#/components/responses/Fault' } };
}

/** References to parameters, by key. */
export const parametersOf = (keys: readonly string[]): Values[] => keys.map((key) => ({ $ref: `#/components/parameters/${key}` }));
