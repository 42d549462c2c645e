import { Problem, State, Time, Value } from './parts.tsx';
import { usePolled } from './poll.ts';
import { pageOf, type Item, type Window } from './reading.ts';
import type { Cimi } from '../sdk/index.ts';
import { cimi, words } from './state.ts';
import { Table } from './table.tsx';

/** Number of events that are shown, the newest. */
const SIZE = 20;

/** Reads what happened to a resource last: from its own log, or from that of everything. */
async function eventsOf(item: Item, unless: string | undefined, signal: AbortSignal): Promise<Window | undefined> {
  const { baseURI = '' } = cimi.value?.entryPoint ?? {};
  const own = (item['eventLog'] as { href?: string } | undefined)?.href;
  const newest = { first: 1, last: SIZE, orderBy: 'timestamp:desc', unless, signal };
  if (own !== undefined) return pageOf(`${own.slice(baseURI.length)}/events`, newest);
  const log = await logOf(signal);
  return log === undefined ? undefined : pageOf(`${log.slice(baseURI.length)}/events`, { ...newest, filter: `about='${item.id}'` });
}

const logs = new WeakMap<Cimi, string>();

/** Finds the log of everything; undefined where there is none. */
async function logOf(signal: AbortSignal): Promise<string | undefined> {
  const client = cimi.value;
  if (!client) return undefined;
  const known = logs.get(client);
  if (known !== undefined) return known;
  const page = await pageOf('eventLogs', { filter: `targetResource='${client.entryPoint.id}'`, signal });
  const found = page?.items[0]?.id;
  if (found !== undefined) logs.set(client, found);
  return found;
}

/** Newest events of a resource. */
export function Events({ item }: { item: Item }) {
  const text = words();
  const { value, problem } = usePolled<Window>(
    `events ${item.id}`,
    (last, signal) => eventsOf(item, last?.etag, signal),
    () => false,
  );
  if (!value && problem === undefined) return null;
  return (
    <section aria-labelledby="events">
      <h2 id="events">{text.events}</h2>
      <Problem text={problem} />
      {value?.items.length === 0 && <p>{text.noEvents}</p>}
      {value && value.items.length > 0 && (
        <Table label={text.events} head={[text.at, text.severity, text.outcome, text.type, text.message]}>
          {value.items.map((event) => (
            <tr key={event.id}>
              <td>
                <Time at={event['timestamp']} />
              </td>
              <td>{String(event['severity'] ?? '')}</td>
              <td>
                <State state={event['outcome']} />
              </td>
              <td>{String(event['type'] ?? '').replace(/^.*\//, '')}</td>
              <td class="long">
                <Value name="content" value={event['content']} />
              </td>
            </tr>
          ))}
        </Table>
      )}
    </section>
  );
}
