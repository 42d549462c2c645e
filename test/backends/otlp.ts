import { join } from 'node:path';
import { pythonPackage } from './python-package';

/** OTLP as OpenTelemetry itself publishes it, for Python: what is sent is read by it. */
const PACKAGE = pythonPackage('opentelemetry-proto', '1.45.2');
const DECODER = join(__dirname, 'otlp', 'decode.py');

export const { available: otlpAvailable, install: installOtlp } = PACKAGE;

/** A span as a collector has it. */
export interface SentSpan {
  traceId: string;
  spanId: string;
  /** Empty where it begins a trace. */
  parentSpanId: string;
  traceState: string;
  name: string;
  kind: 'server' | 'consumer' | 'internal' | 'client';
  /** ns since the epoch. */
  start: number;
  end: number;
  failed: boolean;
  said: string;
  attributes: Record<string, string | number | boolean>;
  events: { name: string; attributes: Record<string, string | number | boolean> }[];
  resource: Record<string, string | number | boolean>;
}

/** Reads the spans of requests as they came over the wire. @throws Error where they are not OTLP */
export async function spansByOtlp(bodies: readonly Buffer[]): Promise<SentSpan[]> {
  const lines = bodies.map((body) => `${body.toString('base64')}\n`).join('');
  return JSON.parse(await PACKAGE.run([DECODER], lines)) as SentSpan[];
}
