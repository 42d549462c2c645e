/**
 * Traces as the rest of the gateway sees them: spans around a request, the runs of its Job, and the calls to providers. Where tracing is
 * off there is no tracer, and nothing of OpenTelemetry is loaded (otel.ts).
 */

/** Values that a span or an event of one tells. Never what a request said or a provider answered: names and numbers of the gateway's own. */
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** Part that a span has in a trace. */
export type SpanKind = 'server' | 'consumer' | 'internal' | 'client';

/** Headers of W3C Trace Context, as a caller sent them. */
export interface TraceHeaders {
  traceparent: string | undefined;
  tracestate: string | undefined;
}

export interface SpanStart {
  name: string;
  kind: SpanKind;
  attributes?: Attributes;
  /**
   * Span that it is a child of: headers of a caller, or a place that was kept; null, and what is not valid: none, it begins a trace.
   * Absent: the span that it is begun in.
   */
  from?: TraceHeaders | string | null;
}

/** Span that is under way. */
export interface Span {
  /** Id of the whole trace: 32 hexadecimal digits. */
  readonly traceId: string;
  /** Place in the trace as text, for what goes on from it elsewhere or later: `traceparent`, and behind a blank `tracestate` where there is one. */
  readonly place: string;
  rename(name: string): void;
  tell(attributes: Attributes): void;
  event(name: string, attributes?: Attributes): void;
  /** Says that what it stands for has failed. @param kind of the failure, a word of few */
  fail(kind: string): void;
}

export interface Tracer {
  /** Does work in a span, which ends with it, and has failed where it throws. */
  within<T>(start: SpanStart, work: (span: Span) => Promise<T>): Promise<T>;
  /** The span that the caller runs in. */
  current(): Span | undefined;
}

/** Does work in a span where there is a tracer. */
export function spanned<T>(tracer: Tracer | undefined, start: () => SpanStart, work: (span?: Span) => Promise<T>): Promise<T> {
  return tracer ? tracer.within(start(), work) : work();
}

/** Id of the trace that a kept place is in. */
export function traceIdOf(place: string): string {
  return place.split('-', 2)[1] ?? '';
}
