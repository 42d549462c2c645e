import { useState } from 'preact/hooks';
import type { Handle } from '../sdk/index.ts';
import { ActionDialog, parametersOf } from './actions.tsx';
import { ASKED, ELSEWHERE, operate, operationsOf } from './changes.ts';
import { MeterChart } from './chart.tsx';
import { Confirm } from './confirm.tsx';
import { Edit } from './edit.tsx';
import { Events } from './events.tsx';
import { JobTable } from './jobs.tsx';
import { SystemGraph } from './graph.tsx';
import { cimi, words } from './state.ts';
import { PackageDialog } from './packages.tsx';
import { Dialog, isChanging, nameOf, Problem, Title, Value } from './parts.tsx';
import { usePolled } from './poll.ts';
import { curlOf, type Item } from './reading.ts';
import { Table } from './table.tsx';
import { toast } from './toasts.tsx';

const HIDDEN = ['resourceURI', 'operations'];
/** Dialog of a copy or move to another cloud, and all that are no operation's. */
const ELSEWHERE_CLOUD = 'to another cloud';
const OWN_DIALOGS = ['json', 'edit', ELSEWHERE_CLOUD];
/** Types of what can be brought to another cloud. */
const MOVABLE = /\/(System|Machine)$/;
/** Types that events are not told of. */
const WITHOUT_EVENTS = /\/(Event|EventLog|ResourceMetadata|CloudEntryPoint|Sample)$/;

/** One resource: its attributes, what is in it, and what can be done with it now. */
export function ResourcePage({ path }: { path: string }) {
  const text = words();
  const [open, setOpen] = useState<string>();
  const uri = (cimi.value?.entryPoint.baseURI ?? '') + path;
  const { value, problem, again } = usePolled<Handle<'Machine'>>(
    path,
    async (last, signal) => (last ? last.refresh({ signal }) : cimi.value?.get<'Machine'>(uri, { signal })),
    ({ state }) => isChanging(state) || (state as string) === 'RUNNING',
  );
  const item = value && (value as unknown as { toJSON(): Item }).toJSON();
  if (!item) return problem === undefined ? <p>{text.loading}</p> : <Problem text={problem} />;
  const close = (): void => setOpen(undefined);
  const run = (name: string): void => {
    close();
    void operate(item.id, name, again);
  };
  const isAsked = (name: string): boolean => name === 'edit' || ASKED.includes(name) || parametersOf(item, name) !== undefined;
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(curlOf(item.id));
    toast(text.copied);
  };
  const canGo = MOVABLE.test(String(item['resourceURI'])) && operationsOf(item.operations).includes('export');
  const asked = open !== undefined && !OWN_DIALOGS.includes(open) ? open : undefined;
  const collections = Object.entries(item).filter(([, each]) => isOwn(item.id, each));
  const attributes = Object.entries(item).filter(([name, each]) => !HIDDEN.includes(name) && !isOwn(item.id, each));
  return (
    <>
      <Title text={nameOf(item)} />
      <Problem text={problem} />
      <div class="bar" role="group" aria-label={text.action}>
        {operationsOf(item.operations)
          .filter((name) => name === 'edit' || !ELSEWHERE.includes(name))
          .map((name) => (
            <button key={name} type="button" onClick={() => (isAsked(name) ? setOpen(name) : run(name))}>
              {name === 'edit' ? text.edit : name === 'delete' ? text.delete : name}
            </button>
          ))}
        {canGo && (
          <button type="button" onClick={() => setOpen(ELSEWHERE_CLOUD)}>
            {text.toElsewhere}
          </button>
        )}
        <button type="button" onClick={() => setOpen('json')}>
          {text.json}
        </button>
        <button type="button" onClick={() => void copy()}>
          {text.curl}
        </button>
      </div>
      {collections.length > 0 && (
        <nav class="bar" aria-label={text.inside}>
          {collections.map(([name]) => (
            <a key={name} href={`#/c/${path}/${name}`}>
              {name}
            </a>
          ))}
        </nav>
      )}
      <Table label={text.attribute} head={[text.attribute, text.value]}>
        {attributes.map(([name, each]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>
              <Value name={name} value={each} />
            </td>
          </tr>
        ))}
      </Table>
      {isOf(item, 'Meter') && <MeterChart item={item} />}
      {isOf(item, 'System') && <SystemGraph item={item} />}
      {item['nestedJobs'] !== undefined && (
        <section aria-labelledby="nested">
          <h2 id="nested">{text.nestedJobs}</h2>
          <JobTable filter={`parentJob='${item.id}'`} size={100} />
        </section>
      )}
      {!WITHOUT_EVENTS.test(String(item['resourceURI'])) && <Events item={item} />}
      {open === 'json' && (
        <Dialog title="JSON" close={close}>
          <pre tabIndex={0}>{JSON.stringify(item, null, 2)}</pre>
          <button type="button" onClick={close}>
            {text.close}
          </button>
        </Dialog>
      )}
      {open === 'edit' && <Edit resource={value} close={close} done={again} />}
      {open === ELSEWHERE_CLOUD && <PackageDialog item={item} path="systems" close={close} done={again} />}
      {asked !== undefined && parametersOf(item, asked) !== undefined && (
        <ActionDialog item={item} name={asked} close={close} done={again} />
      )}
      {asked !== undefined && parametersOf(item, asked) === undefined && (
        <Confirm what={asked} items={[item]} run={() => run(asked)} close={close} />
      )}
    </>
  );
}

/** Tells whether a resource is of a type of the standard. */
function isOf({ resourceURI }: Item, type: string): boolean {
  return String(resourceURI).endsWith(`/${type}`);
}

/** Tells whether a value is a collection that lives in the resource. */
function isOwn(id: string, value: unknown): boolean {
  const href = typeof value === 'object' && value !== null ? (value as { href?: unknown }).href : undefined;
  return typeof href === 'string' && href.startsWith(`${id}/`);
}
