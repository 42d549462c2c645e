import type { SentSpan } from '../backends/otlp';

/** Names of a span and of those above it, the lowest first: `a < b < c`. */
export function wayOf(span: SentSpan, spans: readonly SentSpan[]): string {
  const above = spans.find(({ spanId }) => spanId === span.parentSpanId);
  return above ? `${span.name} < ${wayOf(above, spans)}` : span.name;
}

export const ofTrace = (spans: readonly SentSpan[], traceId: string): SentSpan[] => spans.filter((span) => span.traceId === traceId);

/** Tells whether a Job has come to its end in a trace. */
export const hasEnded = (spans: readonly SentSpan[], job: string): boolean =>
  spans.some(({ attributes }) => attributes['cimi.job'] === job && attributes['cimi.job.state'] !== undefined);
