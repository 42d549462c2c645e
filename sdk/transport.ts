/** Request as a transport sends it. */
export interface TransportRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Answer as a transport gives it: the body is read once, whole or in pieces. */
export interface TransportResponse {
  readonly status: number;
  /** Value of a header, whatever its case. */
  header(name: string): string | undefined;
  text(): Promise<string>;
  chunks(): AsyncIterable<Uint8Array>;
}

/** Sends one request. Rejects where there is no answer, and with the signal's reason where that says so. */
export type Transport = (request: TransportRequest) => Promise<TransportResponse>;

/** Transport by the `fetch` of browsers and Node. */
export const fetchTransport: Transport = async ({ method, url, headers, body, signal }) => {
  const answer = await fetch(url, {
    method,
    headers,
    ...(body === undefined ? {} : { body }),
    ...(signal ? { signal } : {}),
  });
  return {
    status: answer.status,
    header: (name) => answer.headers.get(name) ?? undefined,
    text: () => answer.text(),
    chunks: () => chunksOf(answer.body),
  };
};

/** Pieces of a body; not every browser iterates over a stream. */
async function* chunksOf(body: ReadableStream<Uint8Array> | null): AsyncGenerator<Uint8Array> {
  const reader = body?.getReader();
  if (!reader) return;
  try {
    for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) if (value) yield value;
  } finally {
    await reader.cancel();
  }
}
