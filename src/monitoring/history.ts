import type { ProviderEvent } from '../clouds/monitoring';
import { EVENT_TYPES } from '../model/event-types';
import type { EventRow } from '../store/event-record';

/**
 * History of one resource as its provider tells it when asked: what of it nobody has told here yet. The provider tells all from the
 * beginning each time, also what a Job did and what a look has seen, and stamps it with the beginning where the others stamp the end.
 */

/** An event as far as it says what was told of the resource. */
export type Recorded = Pick<EventRow, 'type' | 'content' | 'timestamp' | 'severity' | 'job' | 'told'>;

/** Everything that is known of the resource without its provider's history. */
export interface Known {
  recorded: readonly Recorded[];
  /** State that the watcher's last look found it in, and when, in ms since the epoch. */
  look?: { at: number; state: string } | undefined;
  /** True where the gateway made it: its create is told. */
  made: boolean;
}

/** An event of the history that is news; of a state with the one before it, where known. */
export interface Untold {
  event: ProviderEvent;
  previous: string | undefined;
}

/** Difference that the provider's clock and the gateway's may have, in ms. */
const SKEW_MS = 60_000;
/** Time after which work that fails has failed, in ms: an alarm that comes later is about something else. */
const FAILS_WITHIN_MS = 3_600_000;

/** Finds what of a history is news. @param history oldest first */
export function untold(history: readonly ProviderEvent[], known: Known): Untold[] {
  const own = new Set(history.map(({ id }) => id));
  const recorded = new Set(known.recorded.flatMap(({ told }) => (told && own.has(told.id) ? told.id : [])));
  // Older than what was told of this very history: it was told, and somebody has deleted it.
  const floor = history.reduce((newest, { id, at }) => (recorded.has(id) ? Math.max(newest, at) : newest), Number.NEGATIVE_INFINITY);
  const others = new Others(known.recorded.filter(({ told }) => !told || !own.has(told.id)));
  const news: Untold[] = [];
  history.forEach((event, place) => {
    if (recorded.has(event.id)) return;
    const isTold = others.tell(event, history.slice(place + 1)) || (known.made && event.change === 'create');
    if (!isTold && event.at > floor) news.push({ event, previous: previousOf(event, history.slice(0, place), known) });
  });
  return news;
}

/** Events that others have recorded, each of which tells one entry of the history at most. */
class Others {
  private readonly left: (Recorded & { at: number })[];

  constructor(recorded: readonly Recorded[]) {
    this.left = recorded.map((event) => ({ ...event, at: Date.parse(event.timestamp) })).sort((a, b) => a.at - b.at);
  }

  /** Tells whether others have told an entry. @param later entries after it */
  tell(event: ProviderEvent, later: readonly ProviderEvent[]): boolean {
    const from = event.at - SKEW_MS;
    if (event.kind === 'state') {
      const turned = later.find(({ kind, state }) => kind === 'state' && state !== event.state);
      return this.take(
        (one) => one.type === EVENT_TYPES.state && one.content.state === event.state,
        from,
        turned?.at ?? Number.POSITIVE_INFINITY,
      );
    }
    if (event.kind === 'alarm') {
      const grave = ({ type, severity }: Recorded) => type === EVENT_TYPES.alarm && (severity === 'high' || severity === 'critical');
      return this.take(grave, from, event.at + FAILS_WITHIN_MS);
    }
    const changes = this.left.filter(({ type, content }) => type === EVENT_TYPES.model && content.change === (event.change ?? 'update'));
    // A resource is made once and deleted once; of a Job that changes it there is an event at its beginning, and one at its end.
    if (event.change === 'create' || event.change === 'delete') return changes.length > 0;
    return changes.some(({ at, job }) => {
      const times = job === undefined ? [at] : changes.filter((one) => one.job === job).map((one) => one.at);
      return event.at >= Math.min(...times) - SKEW_MS && event.at <= Math.max(...times) + SKEW_MS;
    });
  }

  private take(fits: (event: Recorded) => boolean, from: number, until: number): boolean {
    const place = this.left.findIndex((event) => event.at >= from && event.at < until && fits(event));
    if (place >= 0) this.left.splice(place, 1);
    return place >= 0;
  }
}

/** State before an entry: the latest that the history, an event or the watcher's look tells. */
function previousOf(event: ProviderEvent, before: readonly ProviderEvent[], { recorded, look }: Known): string | undefined {
  if (event.kind !== 'state') return undefined;
  const states = [
    ...(look ? [look] : []),
    ...recorded.flatMap(({ type, content: { state }, timestamp }) =>
      type === EVENT_TYPES.state && typeof state === 'string' ? [{ at: Date.parse(timestamp), state }] : [],
    ),
    ...before.flatMap(({ kind, at, state }) => (kind === 'state' && state !== undefined ? [{ at, state }] : [])),
  ];
  const earlier = states.filter(({ at }) => at < event.at).sort((a, b) => a.at - b.at);
  return earlier.at(-1)?.state;
}
