import { words, cimi } from './state.ts';
import { Problem, readable, Reference, State, Time, Title } from './parts.tsx';
import { usePolled } from './poll.ts';
import { JobTable } from './jobs.tsx';
import { pageOf, type Item } from './reading.ts';
import { Table } from './table.tsx';

/** Collections whose numbers are shown first. */
const COUNTED = ['systems', 'machines', 'volumes', 'networks', 'machineImages', 'credentials', 'meters'];

/** Clouds with their state, numbers, and the Jobs that run or failed. */
export function Overview() {
  const text = words();
  return (
    <>
      <Title text={text.overview} />
      <Clouds />
      <Counts />
      <section aria-labelledby="jobs">
        <h2 id="jobs">{text.jobs}</h2>
        <JobTable filter="state='RUNNING' or state='QUEUED' or state='FAILED'" size={10} />
      </section>
    </>
  );
}

function Clouds() {
  const text = words();
  const { value, problem } = usePolled<{ etag: string | undefined; items: readonly Item[] }>(
    'clouds',
    (last, signal) => pageOf('clouds', { unless: last?.etag, signal }),
    ({ items }) => items.some(({ state }) => state !== 'UP'),
  );
  return (
    <section aria-labelledby="clouds">
      <h2 id="clouds">{text.clouds}</h2>
      <Problem text={problem} />
      <Table label={text.clouds} head={[text.name, text.state, text.since, text.reason, text.driver, text.region, text.mode, text.quotas]}>
        {value?.items.map(({ id, ...cloud }) => (
          <tr key={id}>
            <th scope="row">
              <Reference href={id}>{String(cloud['name'])}</Reference>
            </th>
            <td>
              <State state={cloud['state']} />
            </td>
            <td>
              <Time at={cloud['since']} />
            </td>
            <td class="long">{String(cloud['reason'] ?? '')}</td>
            <td>{String(cloud['driver'])}</td>
            <td>{String(cloud['region'] ?? '')}</td>
            <td>{String(cloud['mode'])}</td>
            <td>
              <Quotas quotas={cloud['quotas']} />
            </td>
          </tr>
        ))}
      </Table>
    </section>
  );
}

/** Parts of an account's bounds that are used, as bars and in words; near a bound also by colour. */
function Quotas({ quotas }: { quotas: unknown }) {
  if (!Array.isArray(quotas)) return null;
  return (
    <>
      {(quotas as { of: string; limit: number; used: number }[]).map(({ of, limit, used }) => {
        const said = `${of}: ${readable(of, used)} / ${readable(of, limit)}`;
        return (
          <div key={of} class="quota">
            <meter aria-label={said} min={0} max={Math.max(limit, 1)} high={limit * NEARLY} optimum={0} value={used} /> <span>{said}</span>
          </div>
        );
      })}
    </>
  );
}

/** Part of a bound from which on it is shown as nearly reached. */
const NEARLY = 0.9;

/** Number of a collection's items, and the clouds that it is without. */
interface Counted {
  name: string;
  count: number | undefined;
  away: readonly string[];
  etag: string | undefined;
}

/** Counts a collection's items. @returns what was counted last, where that is still so */
async function countOf(name: string, last: Counted | undefined, signal: AbortSignal): Promise<Counted> {
  try {
    const page = await pageOf(name, { first: 1, last: 1, unless: last?.etag, signal });
    return page ? { name, count: page.count, away: page.unavailable, etag: page.etag } : (last ?? uncounted(name));
  } catch {
    return uncounted(name);
  }
}

const uncounted = (name: string): Counted => ({ name, count: undefined, away: [], etag: undefined });

function Counts() {
  const text = words();
  const entry = (cimi.value?.entryPoint ?? {}) as unknown as Record<string, { href?: string } | undefined>;
  const names = COUNTED.filter((name) => entry[name]?.href !== undefined);
  const { value } = usePolled<readonly Counted[]>(
    names.join(' '),
    async (last, signal) => {
      const counted = await Promise.all(names.map((name, index) => countOf(name, last?.[index], signal)));
      return counted.every((one, index) => one === last?.[index]) ? undefined : counted;
    },
    () => false,
  );
  return (
    <section aria-labelledby="counts">
      <h2 id="counts">{text.collections}</h2>
      <Table label={text.collections} head={[text.name, text.count]}>
        {value?.map(({ name, count, away }) => (
          <tr key={name}>
            <th scope="row">
              <a href={`#/c/${name}`}>{name}</a>
            </th>
            <td>
              {count ?? '–'} {away.length > 0 && <span class="state warn">{text.stale(away.join('; '))}</span>}
            </td>
          </tr>
        ))}
      </Table>
    </section>
  );
}
