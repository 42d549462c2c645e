import type { Session } from './session';
import type { Value } from './value';

/** Leftovers of a run: what is in the provider's Collections at its end and was not at its beginning. */

/** Collections that keep what happened, or say what is so. */
const RECORDS = ['jobs', 'resourceMetadata', 'eventLogs', 'meters'];

/** URIs of everything in the Collections of the Cloud Entry Point. */
export async function inventory(session: Session): Promise<Set<string>> {
  const entry = session.entry('json');
  const attributes = entry.names().filter((name) => entry.href(name) !== undefined && !RECORDS.includes(name));
  const lists = await Promise.all(attributes.map((name) => itemsAt(session, entry.href(name) ?? '')));
  return new Set(lists.flat().map((item) => session.absolute(item.text('id') ?? '')));
}

async function itemsAt(session: Session, uri: string): Promise<Value[]> {
  const answer = await session.ask('GET', uri);
  return answer.status === 200 ? answer.body.items() : [];
}

/** Resources that the Jobs of the run's own requests, and those nested in them, have touched. */
async function touched(session: Session, jobs: Iterable<string>): Promise<Set<string>> {
  const found = new Set<string>();
  for (const uri of jobs) {
    const answer = await session.ask('GET', uri);
    if (answer.status !== 200) continue;
    const hrefs = (name: string): string[] => answer.body.list(name, '').map((each) => each.text('href') ?? '');
    for (const href of hrefs('affectedResources')) found.add(session.absolute(href));
    for (const each of await touched(session, hrefs('nestedJobs'))) found.add(each);
  }
  return found;
}

/** Resources that are new since `before`: the run's own, by the Jobs of its requests, and what others may have made meanwhile. */
export async function remains(
  session: Session,
  before: ReadonlySet<string>,
  jobs: Iterable<string>,
): Promise<{ own: string[]; others: string[] }> {
  const fresh = [...(await inventory(session))].filter((uri) => !before.has(uri));
  if (fresh.length === 0) return { own: [], others: [] };
  const mine = await touched(session, jobs);
  return { own: fresh.filter((uri) => mine.has(uri)), others: fresh.filter((uri) => !mine.has(uri)) };
}
