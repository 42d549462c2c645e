import { cimi, failed, toast, words } from './state.ts';
import { isChanging, Problem, Reference, State, Time, Title } from './parts.tsx';
import { usePolled } from './poll.ts';
import { pageOf, type Item, type Window } from './reading.ts';

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
      <div class="scroll" tabIndex={0} role="group" aria-label={text.jobs}>
        <table>
          <thead>
            <tr>
              {[text.action, text.state, text.progress, text.message, text.affected, text.created].map((each) => (
                <th key={each} scope="col">
                  {each}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {value?.items.map((job) => (
              <tr key={job.id}>
                <th scope="row">
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
          </tbody>
        </table>
      </div>
    </>
  );
}

function affectedOf(job: Item): string[] {
  const affected = Array.isArray(job['affectedResources']) ? (job['affectedResources'] as { href?: string }[]) : [];
  return affected.flatMap(({ href }) => href ?? []).slice(0, 5);
}
