import { MAKING, operationsOf } from './changes.ts';
import { catalogue } from './catalogue.generated.ts';
import { RequestForm, useCreating, useKinds } from './create.tsx';
import type { Fields } from './fields.ts';
import { Dialog, nameOf, Problem } from './parts.tsx';
import type { Item } from './reading.ts';
import { words } from './state.ts';

const ACTION_BODY = 'http://schemas.dmtf.org/cimi/1/Action';
/** Attributes of what is made of a resource. */
const MADE: Fields = { name: { kind: 'string' }, description: { kind: 'string', long: true }, properties: { kind: 'map' } };

/** Finds the parameters of an operation; undefined where it has none. */
export function parametersOf(item: Item, name: string): Fields | undefined {
  if (MAKING.includes(name)) return MADE;
  const type = String(item['resourceURI']).replace(/^.*\//, '');
  return catalogue.types[type]?.actions?.[name];
}

/** Dialog that asks for the parameters of an operation. */
export function ActionDialog({ item, name, close, done }: { item: Item; name: string; close: () => void; done: () => void }) {
  const text = words();
  const { kinds, problem } = useKinds();
  const { rel = name, href: url = item.id } = item.operations?.find((each) => operationsOf([each])[0] === name) ?? {};
  const creating = useCreating(url, name, done);
  const about = MAKING.includes(name) ? { imageLocation: item.id } : { resourceURI: ACTION_BODY, action: rel };
  return (
    <Dialog title={text.really(name, nameOf(item))} close={close}>
      <Problem text={problem} />
      {kinds && (
        <RequestForm
          url={url}
          fields={parametersOf(item, name) ?? {}}
          kinds={kinds}
          creating={creating}
          wrap={(body) => ({ ...about, ...(body as object | undefined) })}
          close={close}
        />
      )}
    </Dialog>
  );
}
