import { ExportResultCode, getNumberFromEnv, type ExportResult } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import type { ReadableSpan, SpanExporter, SpanProcessor } from '@opentelemetry/sdk-trace-base';
import { TraceFlags } from '@opentelemetry/api';

/** Collector that spans are sent to, and who is told of those that it does not have. */
export interface ExportingOptions {
  settings: { endpoint?: string | undefined; headers: Readonly<Record<string, string>> };
  log: { warn(fields: object, message: string): void };
  /** Counts spans that were sent, and that were dropped: `full` where too many waited, `refused` where the collector did not take them. */
  count: { sent(spans: number): void; dropped(spans: number, why: 'full' | 'refused'): void };
}

/** Time for what is left at the end, ms. */
const CLOSE_MS = 2_000;
/** Most spans that wait to be sent, where OTEL_BSP_MAX_QUEUE_SIZE says nothing: what the SDK has. */
const MOST_WAITING = 2_048;
/** Least time between two lines of the log about spans that were dropped, ms. */
const TOLD_MS = 60_000;
const TRACES = '/v1/traces';
const MOST_WORDS = 200;

/**
 * The way of spans to a collector. It never holds anybody up: so many wait, what comes beyond is dropped, and dropped is what the collector
 * does not take in time. That is counted, and told once a minute.
 */
export class Exporting implements SpanExporter {
  private readonly exporter: SpanExporter;
  private readonly most = getNumberFromEnv('OTEL_BSP_MAX_QUEUE_SIZE') ?? MOST_WAITING;
  /** Spans that have ended and are in no request to the collector yet. */
  private waiting = 0;
  /** Spans of which it is not known yet what came of them. */
  private open = 0;
  private untold = 0;
  private toldAt = -Infinity;
  private ending = false;

  constructor(private readonly options: ExportingOptions) {
    const { endpoint, headers } = options.settings;
    this.exporter = new OTLPTraceExporter({
      ...(endpoint !== undefined && { url: tracesAt(endpoint) }),
      ...(Object.keys(headers).length > 0 && { headers: { ...headers } }),
    });
  }

  /** Puts the bound before what gathers spans. */
  before(gathering: SpanProcessor): SpanProcessor {
    return {
      onStart: (span, context) => gathering.onStart(span, context),
      onEnd: (span) => {
        if ((span.spanContext().traceFlags & TraceFlags.SAMPLED) === 0) return;
        if (this.ending || this.waiting >= this.most) return this.dropped(1, 'full', 'they come faster than they can be sent');
        this.waiting += 1;
        this.open += 1;
        gathering.onEnd(span);
      },
      forceFlush: () => gathering.forceFlush(),
      shutdown: () => gathering.shutdown(),
    };
  }

  export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    this.waiting -= spans.length;
    this.exporter.export(spans, (result) => {
      this.open -= spans.length;
      if (result.code === ExportResultCode.SUCCESS) this.options.count.sent(spans.length);
      else this.dropped(spans.length, 'refused', result.error?.message ?? 'unknown');
      done(result);
    });
  }

  async forceFlush(): Promise<void> {
    await this.exporter.forceFlush?.();
  }

  shutdown(): Promise<void> {
    return this.exporter.shutdown();
  }

  /** Waits for the last ones, not longer than CLOSE_MS. @param gone resolves when they have been sent, or cannot be */
  async end(gone: Promise<void>): Promise<void> {
    this.ending = true;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, CLOSE_MS)));
    // What the collector refused was counted where it was refused.
    await Promise.race([gone.catch(() => undefined), late]);
    clearTimeout(timer);
    this.toldAt = -Infinity;
    if (this.open > 0) this.dropped(this.open, 'refused', 'the process ended before the collector had them');
    else if (this.untold > 0) this.tell('the process ends');
    this.open = 0;
  }

  private dropped(spans: number, why: 'full' | 'refused', reason: string): void {
    this.options.count.dropped(spans, why);
    this.untold += spans;
    if (performance.now() - this.toldAt >= TOLD_MS) this.tell(reason);
  }

  private tell(reason: string): void {
    this.options.log.warn({ spans: this.untold, reason: reason.slice(0, MOST_WORDS) }, 'spans of traces were dropped');
    this.toldAt = performance.now();
    this.untold = 0;
  }
}

/** Address of spans below a collector's; the address itself where it says so. */
function tracesAt(endpoint: string): string {
  const url = new URL(endpoint);
  if (!url.pathname.endsWith(TRACES)) url.pathname = url.pathname.replace(/\/+$/, '') + TRACES;
  return url.href;
}
