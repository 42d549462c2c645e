import { CimiError, type Accepted } from '../sdk/index.ts';
import { addressOf, cimi, failed, words } from './state.ts';
import { remove, tell, toast } from './toasts.tsx';

/** Operations of a resource in the console's order, by their short names. */
export function operationsOf(operations: readonly { rel: string }[] | undefined): string[] {
  return (operations ?? []).map(({ rel }) => rel.replace(/^.*\//, ''));
}

/** Operations after which something is gone or stands still: they are asked about first. */
export const ASKED: readonly string[] = ['delete', 'stop', 'restart', 'restore', 'removePackage'];
/** Operations that make something of another collection. */
export const MAKING: readonly string[] = ['capture', 'snapshot'];
/** Operations that have a place of their own, or none in the console. */
export const ELSEWHERE: readonly string[] = ['edit', 'import', 'add'];
/** Operations that are asked for one resource at a time. */
export const SINGLE: readonly string[] = [...ELSEWHERE, ...MAKING, 'restore', 'export', 'removePackage'];

/**
 * Asks for an operation of a resource as it is now, and follows its Job.
 * @param done called when the request was answered, and when the Job has ended
 */
export async function operate(id: string, name: string, done: () => void): Promise<void> {
  const client = cimi.value;
  let accepted: Accepted | undefined;
  try {
    // Read anew: what it offers may be otherwise by now.
    const resource = await client?.get<'Machine'>(id);
    accepted = await (name === 'delete' ? resource?.delete() : resource?.act(name as 'start'));
  } catch (error) {
    refused(error);
  }
  done();
  if (accepted) await follow(accepted, name, accepted.location ?? id);
  done();
}

/** Tells a refusal, with the Job that is in the way. */
function refused(error: unknown): void {
  const blocked = error instanceof CimiError ? error.blockedBy : undefined;
  toast(failed(error), { bad: true, ...(blocked !== undefined && { href: addressOf(blocked) }) });
}

/** Key of the Jobs that this tab follows: URIs, and what their words begin with. */
const FOLLOWED = 'cimi-followed';

const followed = (): Record<string, [what: string, href: string]> =>
  JSON.parse(sessionStorage.getItem(FOLLOWED) ?? '{}') as Record<string, [string, string]>;

function keep(job: string, words: [what: string, href: string] | undefined): void {
  const { [job]: _former, ...others } = followed();
  sessionStorage.setItem(FOLLOWED, JSON.stringify(words ? { ...others, [job]: words } : others));
}

/**
 * Follows the Job of a change on whatever screen, over a reload as well, and says how it ended.
 * @param what the change in a word or two
 * @param uri resource that it is about
 */
export async function follow({ job }: Accepted, what: string, uri: string): Promise<void> {
  if (job) await followJob('href' in job ? job.href : job.id, what, addressOf(uri));
  else toast(words().ended(what), { href: addressOf(uri) });
}

async function followJob(job: string, what: string, href: string): Promise<void> {
  const client = cimi.value;
  if (!client) return;
  const id = tell({ text: words().accepted(what), href, progress: 0 });
  keep(job, [what, href]);
  try {
    await client.wait(job, {
      onProgress: ({ progress, statusMessage = '' }) =>
        void tell({ text: words().goesOn(what, statusMessage), href: addressOf(job), progress: progress ?? 0 }, id),
    });
    toast(words().ended(what), { href, id });
  } catch (error) {
    // Another login than that which began it may not know of it.
    if (error instanceof CimiError && error.kind === 'notFound' && !error.job) remove(id);
    else toast(words().notDone(what, failed(error)), { bad: true, href: addressOf(job), id });
  }
  keep(job, undefined);
}

/** Goes on following what was followed before the page was loaded anew. */
export function followAgain(): void {
  for (const [job, [what, href]] of Object.entries(followed())) void followJob(job, what, href);
}

/** Follows nothing any more: the login is over. */
export function followNothing(): void {
  sessionStorage.removeItem(FOLLOWED);
}
