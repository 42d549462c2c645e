import { z } from 'zod';

/** Traces of requests and their Jobs. */
export const tracingSection = z
  .strictObject({
    endpoint: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe(
        'Collector that takes OTLP over HTTP, as http://127.0.0.1:4318: spans are sent to /v1/traces there. Default: OTEL_EXPORTER_OTLP_ENDPOINT, else http://localhost:4318.',
      ),
    headers: z
      .record(z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, 'must be a name of a header'), z.string().regex(/^[^\r\n\0]*$/))
      .default({})
      .describe('Headers for the collector, such as its key, by $file or ${ENV}. Default: OTEL_EXPORTER_OTLP_HEADERS.'),
    sample: z
      .number()
      .min(0)
      .max(1)
      .optional()
      .describe(
        'Share of the traces that begin here: 1 all, 0 none at all. Of those that a caller began (traceparent) the caller says. Default: OTEL_TRACES_SAMPLER, else 1.',
      ),
    service: z
      .string()
      .min(1)
      .max(255)
      .optional()
      .describe('Name of the service in traces. Default: OTEL_SERVICE_NAME, else cimi-gateway.'),
  })
  .optional()
  .describe(
    'Traces (OpenTelemetry) from a request through its Job to the calls to clouds. Default: there are none; tracing: {} sends them.',
  );
