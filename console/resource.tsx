import { useState } from 'preact/hooks';
import { CimiError, type Handle } from '../sdk/index.ts';
import { ASKED, follow, NEEDING, operate, operationsOf } from './changes.ts';
import { cimi, failed, toast, words } from './state.ts';
import { Dialog, isChanging, Problem, Title, Value } from './parts.tsx';
import { usePolled } from './poll.ts';
import { curlOf, type Item } from './reading.ts';
import { nameOf } from './list.tsx';

const HIDDEN = ['resourceURI', 'operations'];

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
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(curlOf(item.id));
    toast(text.copied);
  };
  const collections = Object.entries(item).filter(([, each]) => isOwn(item.id, each));
  const attributes = Object.entries(item).filter(([name, each]) => !HIDDEN.includes(name) && !isOwn(item.id, each));
  return (
    <>
      <Title text={nameOf(item)} />
      <Problem text={problem} />
      <div class="bar" role="group" aria-label={text.action}>
        {operationsOf(item.operations)
          .filter((name) => name === 'edit' || !NEEDING.includes(name))
          .map((name) => (
            <button key={name} type="button" onClick={() => (name === 'edit' || ASKED.includes(name) ? setOpen(name) : run(name))}>
              {name === 'edit' ? text.edit : name === 'delete' ? text.delete : name}
            </button>
          ))}
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
      <table>
        <thead>
          <tr>
            <th scope="col">{text.attribute}</th>
            <th scope="col">{text.value}</th>
          </tr>
        </thead>
        <tbody>
          {attributes.map(([name, each]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>
                <Value name={name} value={each} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {open === 'json' && (
        <Dialog title="JSON" close={close}>
          <pre tabIndex={0}>{JSON.stringify(item, null, 2)}</pre>
          <button type="button" onClick={close}>
            {text.close}
          </button>
        </Dialog>
      )}
      {open === 'edit' && <Edit resource={value} close={close} done={again} />}
      {open !== undefined && open !== 'json' && open !== 'edit' && (
        <Dialog title={text.really(open, nameOf(item))} close={close}>
          <div class="bar">
            <button type="button" onClick={() => run(open)}>
              {text.confirm}
            </button>
            <button type="button" onClick={close}>
              {text.cancel}
            </button>
          </div>
        </Dialog>
      )}
    </>
  );
}

/** Tells whether a value is a collection that lives in the resource. */
function isOwn(id: string, value: unknown): boolean {
  const href = typeof value === 'object' && value !== null ? (value as { href?: unknown }).href : undefined;
  return typeof href === 'string' && href.startsWith(`${id}/`);
}

/** Name and description, changed only in the version that was read. */
function Edit({ resource, close, done }: { resource: Handle<'Machine'>; close: () => void; done: () => void }) {
  const text = words();
  const [base, setBase] = useState(resource);
  const [name, setName] = useState(resource.name ?? '');
  const [description, setDescription] = useState(resource.description ?? '');
  const [problem, setProblem] = useState<string>();
  const [theirs, setTheirs] = useState<Item>();
  const save = async (): Promise<void> => {
    try {
      const changed = await base.update({ name, description });
      close();
      done();
      await follow(changed, text.edit);
      done();
    } catch (error) {
      setProblem(failed(error));
      if (!(error instanceof CimiError) || error.kind !== 'changed') return;
      const now = await base.refresh();
      setBase(now);
      setTheirs((now as unknown as { toJSON(): Item }).toJSON());
    }
  };
  return (
    <Dialog title={text.edit} close={close}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <Problem text={problem} />
        {theirs && (
          <div class="note">
            <p>{text.theirs}</p>
            <p>
              {text.name}: {String(theirs['name'] ?? '')}
            </p>
            <p>
              {text.description}: {String(theirs['description'] ?? '')}
            </p>
          </div>
        )}
        <div class="bar">
          <label>
            {text.name}
            <input value={name} onInput={({ currentTarget }) => setName(currentTarget.value)} />
          </label>
          <label>
            {text.description}
            <textarea rows={3} value={description} onInput={({ currentTarget }) => setDescription(currentTarget.value)} />
          </label>
        </div>
        <div class="bar">
          <button type="submit">{text.save}</button>
          <button type="button" onClick={close}>
            {text.cancel}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
