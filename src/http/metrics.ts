import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import { steadyTime } from '../model/steady-time';

export interface RequestSample {
  /** Path below the base as the client sent it; counted by its shape. Undefined where it could not be read. */
  path: string | undefined;
  method: string;
  status: number;
  /** `json`, `xml`, `stream` or `none`. */
  format: string;
  seconds: number;
}

export interface ProviderCallSample {
  cloud: string;
  group: string;
  method: string;
  /** `ok` or the kind of the ProviderError. */
  outcome: string;
  seconds: number;
}

/** Unfinished Jobs of one workflow. */
export interface JobLoadSample {
  workflow: string;
  waiting: number;
  running: number;
  oldestMs: number;
}

/** `ok`, `refused` (wrong name, password or token) or `throttled` (too many wrong ones before). */
export type LoginOutcome = 'ok' | 'refused' | 'throttled' | 'unavailable';

/** Metrics that the HTTP shell writes. */
export interface HttpMetrics {
  request(sample: RequestSample): void;
  /** Asked at every scrape: the number of requests that have come and are not answered yet. */
  watchRequests(underWay: () => number): void;
  /** The Prometheus text exposition. */
  scrape(): Promise<{ contentType: string; text: string }>;
}

/** Metrics of the gateway; made once by the composition root and handed to those who count. */
export interface Metrics extends HttpMetrics {
  readonly registry: Registry;
  providerCall(sample: ProviderCallSample): void;
  /** A Job ended, `seconds` after it was accepted; `workflow` is `none` for a change that needed no work. */
  jobEnded(workflow: string, outcome: string, seconds: number): void;
  /** This process took a Job over whose worker's lease had run out. */
  jobTakenOver(workflow: string): void;
  /** Asked at every scrape, at most every few seconds: the Jobs that have not ended, of all processes. */
  watchJobs(load: () => Promise<readonly JobLoadSample[]>): void;
  /** Somebody logged in, or tried to. */
  login(outcome: LoginOutcome): void;
  /** A provider state without an entry in a driver's table. */
  unmappedState(cloud: string, type: string, state: string): void;
  /** A cloud is in another state than before, by the calls of this process. */
  cloudHealth(cloud: string, state: string): void;
  /** Calls to a cloud or a part of it are refused because it does not answer, or are not any more. */
  cloudRefusing(cloud: string, refusing: boolean): void;
  /** Begins to count spans of traces, which there are only where tracing is on. */
  countSpans(): { sent(spans: number): void; dropped(spans: number, why: string): void };
  /** Asked at every scrape: words when the queue is in trouble. */
  watchQueue(trouble: () => string | undefined): void;
}

export interface MetricsOptions {
  /** Build that runs, as `cimi_build_info`. */
  build?: Readonly<{ version: string; commit?: string; node: string }>;
  /** True: also measures the process (memory, event loop, garbage collection). Default: true. */
  process?: boolean;
}

/** Makes a registry of its own with the gateway's metrics; two of them share nothing. */
export function createMetrics(options: MetricsOptions = {}): Metrics {
  const registry = new Registry();
  const registers = [registry];
  if (options.process ?? true) collectDefaultMetrics({ register: registry });
  if (options.build) {
    const { version, commit = '', node } = options.build;
    const labelNames = ['version', 'commit', 'node'];
    new Gauge({ name: 'cimi_build_info', help: 'What runs: always 1.', labelNames, registers }).set({ version, commit, node }, 1);
  }
  const requests = new Counter({
    name: 'cimi_http_requests_total',
    help: 'Requests by shape of the path, method, status and format of the answer.',
    labelNames: ['route', 'method', 'status', 'format'],
    registers,
  });
  const durations = new Histogram({
    name: 'cimi_http_request_duration_seconds',
    help: 'Time from the request line to the last byte handed to the socket.',
    labelNames: ['method', 'route'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60],
    registers,
  });
  const calls = new Histogram({
    name: 'cimi_provider_call_duration_seconds',
    help: 'Calls to providers by cloud, group, method and outcome (ok or the kind of error).',
    labelNames: ['cloud', 'group', 'method', 'outcome'],
    buckets: [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60],
    registers,
  });
  const jobs = new Counter({
    name: 'cimi_jobs_total',
    help: 'Jobs that ended, by workflow and outcome.',
    labelNames: ['workflow', 'outcome'],
    registers,
  });
  const lasted = new Histogram({
    name: 'cimi_job_duration_seconds',
    help: 'Time from the acceptance of a Job to its end, waits included, by workflow and outcome.',
    labelNames: ['workflow', 'outcome'],
    buckets: [0.1, 0.5, 1, 2.5, 5, 15, 30, 60, 180, 600, 1800, 7200],
    registers,
  });
  const takenOver = new Counter({
    name: 'cimi_job_takeovers_total',
    help: 'Jobs that this process took over because the lease of another worker had run out.',
    labelNames: ['workflow'],
    registers,
  });
  const logins = new Counter({
    name: 'cimi_logins_total',
    help: 'Requests with credentials, and logins by issuers, by outcome: ok, refused, throttled, unavailable.',
    labelNames: ['outcome'],
    registers,
  });
  for (const outcome of ['ok', 'refused', 'throttled', 'unavailable']) logins.inc({ outcome }, 0);
  const load = jobLoadGauges(registers);
  const unmapped = new Counter({
    name: 'cimi_unmapped_states_total',
    help: 'Provider states that no state table knows, shown as ERROR.',
    labelNames: ['cloud', 'type', 'state'],
    registers,
  });
  const healths = new Gauge({
    name: 'cimi_cloud_up',
    help: 'How each cloud answers this process: 1 all of it, 0.5 a part, 0 nothing.',
    labelNames: ['cloud'],
    registers,
  });
  const refusals = new Gauge({
    name: 'cimi_cloud_refusing',
    help: '1 while this process refuses calls to a cloud, or to a part of it, that has not answered for a while.',
    labelNames: ['cloud'],
    registers,
  });
  /** A gauge whose value is asked for at each scrape, in place of an earlier one of its name. */
  const asked = (name: string, help: string, value: () => number): void => {
    registry.removeSingleMetric(name);
    const gauge: Gauge = new Gauge({ name, help, registers, collect: () => gauge.set(value()) });
  };
  /** Series of requests, found without looking their labels up again; as many as the registry has. */
  const answered = new Map<string, { requests: Counter.Internal; durations: Histogram.Internal<string> }>();
  const states = new Set<string>();
  const routes = createRouteShapes();
  return {
    registry,
    request: ({ path, method, status, format, seconds }) => {
      const route = routes(path, status);
      const verb = METHODS.has(method) ? method : 'other';
      const key = `${verb} ${status} ${format} ${route}`;
      let series = answered.get(key);
      if (!series) {
        const labels = { route, method: verb };
        answered.set(key, (series = { requests: requests.labels({ ...labels, status, format }), durations: durations.labels(labels) }));
      }
      series.requests.inc();
      series.durations.observe(seconds);
    },
    scrape: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
    providerCall: ({ cloud, group, method, outcome, seconds }) => calls.observe({ cloud, group, method, outcome }, seconds),
    jobEnded: (workflow, outcome, seconds) => {
      jobs.inc({ workflow, outcome });
      if (workflow !== NO_WORK) lasted.observe({ workflow, outcome }, seconds);
    },
    jobTakenOver: (workflow) => takenOver.inc({ workflow }),
    watchJobs: load.watch,
    login: (outcome) => logins.inc({ outcome }),
    unmappedState: (cloud, type, state) => {
      if (states.size < MAX_STATES) states.add(state);
      unmapped.inc({ cloud, type, state: states.has(state) ? state : 'other' });
    },
    cloudHealth: (cloud, state) => healths.set({ cloud }, { UP: 1, DEGRADED: 0.5 }[state] ?? 0),
    cloudRefusing: (cloud, refusing) => refusals.set({ cloud }, refusing ? 1 : 0),
    countSpans: () => spanCounters(registers),
    watchRequests: (underWay) => asked(REQUESTS_UNDER_WAY, 'Requests that have come and are not answered yet.', underWay),
    watchQueue: (trouble) => asked(QUEUE_TROUBLE, '1 while the queue reports trouble, else 0.', () => (trouble() === undefined ? 0 : 1)),
  };
}

function spanCounters(registers: Registry[]): ReturnType<Metrics['countSpans']> {
  const sent = new Counter({ name: 'cimi_trace_spans_sent_total', help: 'Spans that the collector of traces has taken.', registers });
  const dropped = new Counter({
    name: 'cimi_trace_spans_dropped_total',
    help: 'Spans that no collector has: full, where too many waited to be sent; refused, where it did not take them.',
    labelNames: ['why'],
    registers,
  });
  for (const why of ['full', 'refused']) dropped.inc({ why }, 0);
  return { sent: (spans) => sent.inc(spans), dropped: (spans, why) => dropped.inc({ why }, spans) };
}

/** The gauges of Jobs that have not ended. A store that is away leaves them out. */
function jobLoadGauges(registers: Registry[]): { watch(load: () => Promise<readonly JobLoadSample[]>): void } {
  const labelNames = ['workflow'];
  let load: () => Promise<readonly JobLoadSample[]> = () => Promise.resolve([]);
  let last: { at: number; asked: Promise<void> } | undefined;
  const running = new Gauge({
    ...{ name: 'cimi_jobs_running', help: 'Jobs that a worker has in hand, of all processes.', labelNames, registers },
    collect: () => fill(),
  });
  const waiting = new Gauge({
    ...{ name: 'cimi_jobs_waiting', help: 'Jobs that are queued or between two attempts, of all processes.', labelNames, registers },
    collect: () => fill(),
  });
  const oldest = new Gauge({
    ...{ name: 'cimi_jobs_oldest_seconds', help: 'Age of the oldest Job that has not ended, of all processes.', labelNames, registers },
    collect: () => fill(),
  });
  const show = (samples: readonly JobLoadSample[]): void => {
    for (const gauge of [running, waiting, oldest]) gauge.reset();
    for (const { workflow, ...sample } of samples) {
      running.set({ workflow }, sample.running);
      waiting.set({ workflow }, sample.waiting);
      oldest.set({ workflow }, sample.oldestMs / 1000);
    }
  };
  const fill = (): Promise<void> => {
    if (!last || steadyTime() - last.at >= LOAD_AGE_MS) last = { at: steadyTime(), asked: load().then(show, () => show([])) };
    return last.asked;
  };
  return {
    watch: (next) => {
      load = next;
    },
  };
}

/** Name of a change that needed no work, among workflows. */
const NO_WORK = 'none';
/** Age up to which what was counted of Jobs is told again, in ms: they are counted by the database. */
const LOAD_AGE_MS = 5_000;
const METHODS = new Set(['GET', 'HEAD', 'PUT', 'POST', 'DELETE', 'OPTIONS', 'PATCH']);
const QUEUE_TROUBLE = 'cimi_queue_trouble';
const REQUESTS_UNDER_WAY = 'cimi_http_requests_in_progress';
/** Names of states come from outside: no provider may grow the registry without end. */
const MAX_STATES = 100;
const MAX_ROUTES = 250;
/** Paths whose shape is remembered. */
const MAX_LATELY = 1_000;

/**
 * The shape of a path: collections are kept, what stands between them is an id (`machines/{id}/disks`). Only shapes
 * that once answered with success become labels, and a bounded number of them: a stranger's paths are `other`.
 */
export function createRouteShapes(): (path: string | undefined, status: number) => string {
  const known = new Set<string>();
  const lately = new Map<string, string>();
  return (path, status) => {
    if (path === undefined) return 'other';
    const before = lately.get(path);
    if (before !== undefined) return before;
    const shape = path
      .split('/')
      .map((segment, index) => (index % 2 === 0 ? segment : '{id}'))
      .join('/');
    if (!known.has(shape)) {
      if (status >= 400 || known.size >= MAX_ROUTES) return 'other';
      known.add(shape);
    }
    // A stranger's paths have any length.
    if (status >= 400) return shape;
    if (lately.size >= MAX_LATELY) lately.clear();
    lately.set(path, shape);
    return shape;
  };
}
