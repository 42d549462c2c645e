import { useEffect, useRef, useState } from 'preact/hooks';
import { CimiError } from '../sdk/index.ts';
import { curlWith, memberOf, tidy, type Body } from './body.ts';
import { follow } from './changes.ts';
import { itemTypeOf, kindsOf, type Fields, type Kinds } from './fields.ts';
import { FieldList, FormParts, type Fault } from './form.tsx';
import { Buttons, Dialog, Form, Problem } from './parts.tsx';
import { cimi, failed, words } from './state.ts';
import { toast } from './toasts.tsx';

/** Sender of a request that makes something. */
export interface Creating {
  fault: Fault | undefined;
  busy: boolean;
  /** Forgets a refusal. */
  forget: () => void;
  /** Sends it, and follows its Job. @returns whether it was accepted */
  send: (body: unknown) => Promise<boolean>;
}

/**
 * Sends requests that make a resource of a collection; one whose answer was lost is sent again under the same key, and done once.
 * @param done called when the request was answered, and when the Job has ended
 */
export function useCreating(url: string, what: string, done: () => void): Creating {
  const [fault, setFault] = useState<Fault>();
  const [busy, setBusy] = useState(false);
  const key = useRef({ of: '', key: '' });
  const send = async (body: unknown): Promise<boolean> => {
    const client = cimi.value;
    if (!client) return false;
    const text = JSON.stringify(body);
    if (key.current.of !== text) key.current = { of: text, key: crypto.randomUUID() };
    setBusy(true);
    setFault(undefined);
    try {
      const options = { idempotencyKey: key.current.key };
      const { header, values } = await client.send({ method: 'POST', url, body: body ?? {}, ...options });
      const uri = header('CIMI-Job-URI');
      const made = header('Location') ?? String(values?.['id'] ?? url);
      done();
      void follow({ job: uri === undefined ? undefined : { href: uri }, location: made }, what, made).then(done);
      return true;
    } catch (error) {
      // What was refused is no longer the same request when it is sent again.
      if (error instanceof CimiError && error.status !== undefined) key.current = { of: '', key: '' };
      setFault({ at: error instanceof CimiError ? error.at : undefined, text: failed(error) });
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { fault, busy, send, forget: () => setFault(undefined) };
}

/** Request as it will be sent: its body, and the command that does the same. What is secret stands in neither. */
export function RequestView({ url, body, open = false }: { url: string; body: unknown; open?: boolean }) {
  const text = words();
  const shown = withoutSecrets(body) ?? {};
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(curlWith('POST', url, shown));
    toast(text.copied);
  };
  return (
    <details open={open}>
      <summary>{text.request}</summary>
      <pre tabIndex={0} aria-label="JSON">
        {JSON.stringify(shown, null, 2)}
      </pre>
      <pre tabIndex={0} aria-label="curl">
        {curlWith('POST', url, shown)}
      </pre>
      <button type="button" onClick={() => void copy()}>
        {text.curl}
      </button>
    </details>
  );
}

function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, name === 'password' ? '…' : withoutSecrets(each)]));
}

/** Types of the gateway, when they are known. */
export function useKinds(): { kinds: Kinds | undefined; problem: string | undefined } {
  const [kinds, setKinds] = useState<Kinds>();
  const [problem, setProblem] = useState<string>();
  const client = cimi.value;
  useEffect(() => {
    if (client) kindsOf(client).then(setKinds, (error: unknown) => setProblem(failed(error)));
  }, [client]);
  return { kinds, problem };
}

/** Fields of a request, which is shown before it is sent. */
export function RequestForm({
  url,
  fields,
  kinds,
  creating,
  wrap = (body) => body ?? {},
  close,
}: {
  url: string;
  fields: Fields;
  kinds: Kinds;
  creating: Creating;
  wrap?: (body: unknown) => unknown;
  close: () => void;
}) {
  const text = words();
  const [values, setValues] = useState<Body>({});
  const { fault, busy, send } = creating;
  const body = wrap(tidy(values));
  const submit = async (): Promise<void> => {
    if (await send(body)) close();
  };
  const cloud = memberOf(values, 'cloud');
  return (
    <Form submit={submit}>
      <FormParts kinds={kinds} fault={fault} cloud={typeof cloud === 'string' ? cloud : undefined}>
        <FieldList fields={fields} path="" value={values} set={(next) => setValues(next as Body)} />
      </FormParts>
      <RequestView url={url} body={body} />
      <Buttons send={text.send} disabled={busy} close={close} />
    </Form>
  );
}

/** Dialog that makes an item of any collection. @param path the collection, below the base */
export function CreateDialog({ path, close, done }: { path: string; close: () => void; done: () => void }) {
  const text = words();
  const url = (cimi.value?.entryPoint.baseURI ?? '') + path;
  const { kinds, problem: unknown } = useKinds();
  const [type, setType] = useState<string>();
  const [problem, setProblem] = useState<string>();
  useEffect(() => {
    cimi.value?.send({ url, query: { $first: 1, $last: 1, $select: 'id' } }).then(
      ({ values }) => setType(itemTypeOf(values?.['resourceURI'])),
      (error: unknown) => setProblem(failed(error)),
    );
  }, [url]);
  const creating = useCreating(url, text.create(type ?? path), done);
  return (
    <Dialog title={text.create(type ?? path)} close={close}>
      <Problem text={problem ?? unknown} />
      {kinds && type !== undefined ? (
        <RequestForm url={url} fields={kinds.creationOf(type)} kinds={kinds} creating={creating} close={close} />
      ) : (
        <p>{text.loading}</p>
      )}
    </Dialog>
  );
}
