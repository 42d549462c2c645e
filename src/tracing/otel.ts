import { AsyncLocalStorage } from 'node:async_hooks';
import {
  ROOT_CONTEXT,
  SpanKind as Kind,
  SpanStatusCode,
  TraceFlags,
  trace,
  type Context,
  type SpanContext,
  type Span as OtelSpan,
  type Tracer as OtelTracer,
} from '@opentelemetry/api';
import { parseTraceParent, TraceState } from '@opentelemetry/core';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  BasicTracerProvider,
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  type Sampler,
} from '@opentelemetry/sdk-trace-base';
import { Exporting, type ExportingOptions } from './exporting';
import type { Attributes, Span, SpanKind, SpanStart, TraceHeaders, Tracer } from './tracer';

/** Tracing as the configuration has it. */
export interface TracingSettings {
  /** Base address of a collector that speaks OTLP over HTTP; absent: OTEL_EXPORTER_OTLP_ENDPOINT and its like. */
  endpoint?: string | undefined;
  headers: Readonly<Record<string, string>>;
  /** Share of the traces that begin here, 0 to 1; absent: OTEL_TRACES_SAMPLER, else all. */
  sample?: number | undefined;
  /** Name of the service; absent: OTEL_SERVICE_NAME, else cimi-gateway. */
  service?: string | undefined;
}

export interface TracingOptions extends Omit<ExportingOptions, 'settings'> {
  settings: TracingSettings;
  version: string;
  /** Name of this process, unique among all. */
  instance: string;
  role: string;
}

/** The tracer of this process, to be closed at its end. */
export interface Tracing extends Tracer {
  /** Sends what is left, for at most CLOSE_MS. */
  close(): Promise<void>;
}

/** Name of what makes the spans. */
const SCOPE = 'cimi-gateway';
const KINDS: Readonly<Record<SpanKind, Kind>> = {
  server: Kind.SERVER,
  consumer: Kind.CONSUMER,
  internal: Kind.INTERNAL,
  client: Kind.CLIENT,
};

/** Begins tracing: spans are sent to a collector, by OTLP over HTTP. What OTEL_* variables say holds where the settings are silent. */
export function openTracing({ settings, version, instance, role, ...parts }: TracingOptions): Tracing {
  const exporting = new Exporting({ ...parts, settings });
  const own = { 'service.name': SCOPE, 'service.version': version, 'service.instance.id': instance, 'cimi.role': role };
  const said = settings.service === undefined ? {} : { 'service.name': settings.service };
  const provider = new BasicTracerProvider({
    resource: defaultResource()
      .merge(resourceFromAttributes(own))
      .merge(detectResources({ detectors: [envDetector] }))
      .merge(resourceFromAttributes(said)),
    spanProcessors: [exporting.before(new BatchSpanProcessor(exporting))],
    ...samplerOf(settings),
  });
  const tracer = new CurrentTracer(provider.getTracer(SCOPE, version));
  return Object.assign(tracer, { close: () => exporting.end(provider.shutdown()) });
}

function samplerOf({ sample }: TracingSettings): { sampler?: Sampler } {
  if (sample === undefined) return {};
  // Nothing means nothing, whatever a caller wants.
  if (sample === 0) return { sampler: new AlwaysOffSampler() };
  return { sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(sample) }) };
}

/** Tracer whose spans are found by what is called within them. It is not the process' own: several gateways can be in one. */
class CurrentTracer implements Tracer {
  private readonly inside = new AsyncLocalStorage<CurrentSpan>();

  constructor(private readonly tracer: OtelTracer) {}

  current(): Span | undefined {
    return this.inside.getStore();
  }

  async within<T>({ name, kind, attributes, from }: SpanStart, work: (span: Span) => Promise<T>): Promise<T> {
    const above = from === undefined ? (this.inside.getStore()?.context ?? ROOT_CONTEXT) : contextOf(from);
    const span = this.tracer.startSpan(name, { kind: KINDS[kind], ...(attributes && { attributes: { ...attributes } }) }, above);
    const current = new CurrentSpan(span, trace.setSpan(above, span));
    try {
      return await this.inside.run(current, () => work(current));
    } catch (error) {
      current.fail(kindOf(error));
      throw error;
    } finally {
      span.end();
    }
  }
}

class CurrentSpan implements Span {
  private failed = false;

  constructor(
    private readonly span: OtelSpan,
    readonly context: Context,
  ) {}

  get traceId(): string {
    return this.span.spanContext().traceId;
  }

  get place(): string {
    const { traceId, spanId, traceFlags, traceState } = this.span.spanContext();
    const parent = `00-${traceId}-${spanId}-${(traceFlags & 0xff).toString(16).padStart(2, '0')}`;
    const state = traceState?.serialize() ?? '';
    return state === '' ? parent : `${parent} ${state}`;
  }

  rename(name: string): void {
    this.span.updateName(name);
  }

  tell(attributes: Attributes): void {
    this.span.setAttributes({ ...attributes });
  }

  event(name: string, attributes: Attributes = {}): void {
    this.span.addEvent(name, { ...attributes });
  }

  fail(kind: string): void {
    // What was said first is nearer to the reason.
    if (this.failed) return;
    this.failed = true;
    this.span.setStatus({ code: SpanStatusCode.ERROR });
    this.span.setAttribute('error.type', kind);
  }
}

/** Kind of an error: its own word where it has one, else the name of its class; its message may say what is nobody's business. */
function kindOf(error: unknown): string {
  const kind: unknown = error instanceof Error && 'kind' in error ? error.kind : undefined;
  return typeof kind === 'string' ? kind : error instanceof Error ? error.name : 'unknown';
}

/** Context below a span elsewhere; the root where it is none, or not written as W3C Trace Context has it. */
function contextOf(from: TraceHeaders | string | null): Context {
  const spanContext = from === null ? undefined : spanContextOf(typeof from === 'string' ? headersOf(from) : from);
  return spanContext ? trace.setSpanContext(ROOT_CONTEXT, spanContext) : ROOT_CONTEXT;
}

function headersOf(place: string): TraceHeaders {
  const [traceparent, ...state] = place.split(' ');
  return { traceparent, tracestate: state.length > 0 ? state.join(' ') : undefined };
}

function spanContextOf({ traceparent, tracestate }: TraceHeaders): SpanContext | undefined {
  const parsed = traceparent === undefined ? null : parseTraceParent(traceparent);
  if (!parsed) return undefined;
  const state = tracestate === undefined ? undefined : new TraceState(tracestate);
  return {
    ...{ traceId: parsed.traceId, spanId: parsed.spanId, isRemote: true },
    traceFlags: parsed.traceFlags & TraceFlags.SAMPLED,
    ...(state && state.serialize() !== '' && { traceState: state }),
  };
}
