import type { Client } from './client.ts';
import { CimiError } from './errors.ts';
import { filterText, type FilterOf } from './filter.ts';
import { pause } from './session.ts';
import type { Types } from './types.generated.ts';

type Event = Types['Event']['data'];

/** Options of following a log. */
export interface FollowOptions {
  filter?: FilterOf<'Event'> | undefined;
  /** Ends it. */
  signal?: AbortSignal | undefined;
  /** Number of kept events that are told first, the newest; none if not said otherwise. */
  kept?: 'all' | undefined;
  /** Called each time the stream is open: what happens from then on is told. */
  onOpen?: (() => void) | undefined;
}

/** Pause before a stream that ended is opened again where the server says none, ms. */
const AGAIN = 1000;

/**
 * Events of a log as they happen (text/event-stream). What is lost on the way is asked for again, from the last one that came.
 * @param events reference to the log's events
 * @throws CimiError where it is refused
 */
export async function* follow(
  cimi: Pick<Client, 'open'>,
  events: { readonly href: string },
  { filter, signal, kept, onOpen }: FollowOptions = {},
): AsyncGenerator<Event, void, undefined> {
  let lastId: string | undefined;
  let again = AGAIN;
  for (;;) {
    const query = { $filter: filterText(filter), $first: kept === 'all' && lastId === undefined ? 1 : undefined };
    const headers = { Accept: 'text/event-stream', 'Last-Event-ID': lastId };
    const response = await cimi.open({ url: events.href, query, headers, signal, retries: 12 });
    if (response.header('Content-Type')?.startsWith('text/event-stream') !== true)
      throw new CimiError('unsupported', `${events.href} tells no events as they happen`);
    onOpen?.();
    try {
      for await (const { id, data, retry } of blocksOf(response.chunks())) {
        lastId = id ?? lastId;
        again = retry ?? again;
        if (data !== '') yield JSON.parse(data) as Event;
      }
    } catch (error) {
      if (signal?.aborted || error instanceof SyntaxError) throw error;
    }
    await pause(again, signal);
  }
}

/** Block of a stream: its lines up to an empty one. */
interface Block {
  id?: string;
  retry?: number;
  data: string;
}

/** Blocks of a stream of server-sent events (HTML 9.2.6). */
async function* blocksOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Block> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const blocks = `${rest}${decoder.decode(chunk, { stream: true })}`.split(/\r?\n\r?\n/);
    rest = blocks.pop() ?? '';
    yield* blocks.map(blockOf);
  }
}

function blockOf(text: string): Block {
  const block: Block = { data: '' };
  for (const line of text.split(/\r?\n/)) {
    const [, field, value = ''] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
    if (field === 'data') block.data += `${block.data === '' ? '' : '\n'}${value}`;
    if (field === 'id') block.id = value;
    if (field === 'retry' && /^\d+$/.test(value)) block.retry = Number(value);
  }
  return block;
}
