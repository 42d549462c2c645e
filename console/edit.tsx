import { useState } from 'preact/hooks';
import { CimiError, type Handle } from '../sdk/index.ts';
import { tidy, type Body } from './body.ts';
import { follow } from './changes.ts';
import type { Fields } from './fields.ts';
import { FieldList, FormParts, type Fault } from './form.tsx';
import { Buttons, Dialog, Form, Value } from './parts.tsx';
import { useKinds } from './create.tsx';
import type { Item } from './reading.ts';
import { failed, words } from './state.ts';

const NAMING: Fields = {
  name: { kind: 'string', required: false },
  description: { kind: 'string', long: true },
  properties: { kind: 'map' },
};
const NAMES = Object.keys(NAMING);

const itemOf = (resource: Handle<'Machine'>): Item => (resource as unknown as { toJSON(): Item }).toJSON();
const namingOf = (item: Item): Body => Object.fromEntries(NAMES.flatMap((name) => (item[name] === undefined ? [] : [[name, item[name]]])));

/** Returns what changed, for a PUT: null erases, and properties stand whole (4.2.1.3). */
function changesOf(before: Body, after: Body): Body {
  return Object.fromEntries(
    NAMES.flatMap((name) => {
      const now = tidy(after[name]);
      return JSON.stringify(now) === JSON.stringify(tidy(before[name])) ? [] : [[name, now ?? null]];
    }),
  );
}

/** Name, description and properties, changed only in the version that was read. */
export function Edit({ resource, close, done }: { resource: Handle<'Machine'>; close: () => void; done: () => void }) {
  const text = words();
  const { kinds } = useKinds();
  const [base, setBase] = useState(resource);
  const [values, setValues] = useState<Body>(namingOf(itemOf(resource)));
  const [fault, setFault] = useState<Fault>();
  const [theirs, setTheirs] = useState<Item>();
  const save = async (): Promise<void> => {
    const changes = changesOf(namingOf(itemOf(resource)), values);
    if (Object.keys(changes).length === 0) return close();
    try {
      const changed = await base.update(changes);
      close();
      done();
      await follow(changed, text.edit, base.id);
      done();
    } catch (error) {
      setFault({ at: error instanceof CimiError ? error.at : undefined, text: failed(error) });
      if (!(error instanceof CimiError) || error.kind !== 'changed') return;
      const now = await base.refresh();
      setBase(now);
      setTheirs(itemOf(now));
    }
  };
  return (
    <Dialog title={text.edit} close={close}>
      <Form submit={save}>
        {theirs && (
          <div class="note">
            <p>{text.theirs}</p>
            {NAMES.map((name) => (
              <div key={name}>
                {name}: <Value name={name} value={theirs[name]} />
              </div>
            ))}
          </div>
        )}
        {kinds && (
          <FormParts kinds={kinds} fault={fault}>
            <FieldList fields={NAMING} path="" value={values} set={(next) => setValues(next as Body)} />
          </FormParts>
        )}
        <Buttons send={text.save} close={close} />
      </Form>
    </Dialog>
  );
}
