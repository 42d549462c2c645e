"""Spans of OTLP requests (one in base64 a line of standard input), by the protocol's published description, as a JSON list."""
import base64
import json
import sys

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status


def value_of(any_value):
    return getattr(any_value, any_value.WhichOneof('value'))


def attributes_of(pairs):
    return {pair.key: value_of(pair.value) for pair in pairs}


def spans_of(line):
    request = ExportTraceServiceRequest()
    request.ParseFromString(base64.b64decode(line))
    for resource_spans in request.resource_spans:
        for scope_spans in resource_spans.scope_spans:
            for span in scope_spans.spans:
                yield {
                    'traceId': span.trace_id.hex(),
                    'spanId': span.span_id.hex(),
                    'parentSpanId': span.parent_span_id.hex(),
                    'traceState': span.trace_state,
                    'name': span.name,
                    'kind': Span.SpanKind.Name(span.kind).removeprefix('SPAN_KIND_').lower(),
                    'start': span.start_time_unix_nano,
                    'end': span.end_time_unix_nano,
                    'failed': span.status.code == Status.STATUS_CODE_ERROR,
                    'said': span.status.message,
                    'attributes': attributes_of(span.attributes),
                    'events': [{'name': event.name, 'attributes': attributes_of(event.attributes)} for event in span.events],
                    'resource': attributes_of(resource_spans.resource.attributes),
                }


print(json.dumps([span for line in sys.stdin for span in spans_of(line)]))
