import { cimi, failed, words } from './state.ts';
import { isChanging, Problem, Reference, State, Time, Title } from './parts.tsx';
import { usePolled } from './poll.ts';
import { pageOf, type Item, type Window } from './reading.ts';
import { Table } from './table.tsx';
import { toast } from './toasts.tsx';

/** All Jobs, newest first. */
export function Jobs() {
  const text = words();
  return (
    <>
      <Title text={text.jobs} />
      <JobTable size={100} />
    </>
  );
}

/** Depth from which Jobs are moved in no further. */
const DEEPEST = 4;

/** Jobs with those that they began below them, as far as both are here. */
function treeOf(jobs: readonly Item[]): { job: Item; depth: number }[] {
  const here = new Set(jobs.map(({ id }) => id));
  const parentOf = (job: Item): string | undefined => {
    const { href } = (job['parentJob'] ?? {}) as { href?: string };
    return href !== undefined && here.has(href) && href !== job.id ? href : undefined;
  };
  const below = (parent: string | undefined, depth: number): { job: Item; depth: number }[] =>
    jobs.filter((job) => parentOf(job) === parent).flatMap((job) => [{ job, depth }, ...below(job.id, depth + 1)]);
  return below(undefined, 0);
}

/** Jobs with their progress; those that go on can be stopped. */
export function JobTable({ filter, size }: { filter?: string; size: number }) {
  const text = words();
  const { value, problem, again } = usePolled<Window>(
    `jobs ${filter ?? ''} ${size}`,
    (last, signal) => pageOf('jobs', { filter, first: 1, last: size, orderBy: 'created:desc', unless: last?.etag, signal }),
    ({ items }) => items.some(({ state }) => state === 'RUNNING' || isChanging(state)),
  );
  const stop = async ({ id }: Item): Promise<void> => {
    try {
      const job = await cimi.value?.get<'Job'>(id);
      await job?.act('stop');
      toast(text.accepted(text.stop));
    } catch (error) {
      toast(failed(error), { bad: true });
    }
    again();
  };
  return (
    <>
      <Problem text={problem} />
      {value?.items.length === 0 && <p>{text.noJobs}</p>}
      <Table label={text.jobs} head={[text.action, text.state, text.progress, text.message, text.affected, text.created]}>
        {treeOf(value?.items ?? []).map(({ job, depth }) => (
          <tr key={job.id}>
            <th scope="row" class={`depth-${Math.min(depth, DEEPEST)}`}>
              {depth > 0 && <span title={text.nestedJobs}>↳ </span>}
              <Reference href={job.id}>{String(job['action'] ?? 'Job').replace(/^.*\//, '')}</Reference>
            </th>
            <td>
              <State state={job['state']} />
            </td>
            <td>
              <progress aria-label={text.progress} max={100} value={Number(job['progress'] ?? 0)} /> {String(job['progress'] ?? 0)} %{' '}
              {job.operations?.some(({ rel }) => rel.endsWith('/stop')) && (
                <button type="button" onClick={() => void stop(job)}>
                  {text.stop}
                </button>
              )}
            </td>
            <td class="long">{String(job['statusMessage'] ?? '')}</td>
            <td>
              {affectedOf(job).map((href) => (
                <div key={href}>
                  <Reference href={href} />
                </div>
              ))}
            </td>
            <td>
              <Time at={job['created']} />
            </td>
          </tr>
        ))}
      </Table>
    </>
  );
}

function affectedOf(job: Item): string[] {
  const affected = Array.isArray(job['affectedResources']) ? (job['affectedResources'] as { href?: string }[]) : [];
  return affected.flatMap(({ href }) => href ?? []).slice(0, 5);
}
