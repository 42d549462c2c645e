import { useRef, useState } from 'preact/hooks';
import { CimiError, type Accepted } from '../sdk/index.ts';
import { tidy, type Body } from './body.ts';
import { RequestView, useCreating, useKinds } from './create.tsx';
import type { Fields } from './fields.ts';
import { FieldList, FormParts, type Fault } from './form.tsx';
import { Buttons, Dialog, Form, nameOf, Problem, readable } from './parts.tsx';
import { usePolled } from './poll.ts';
import { pageOf, type Item } from './reading.ts';
import { cimi, failed, words } from './state.ts';
import { Table } from './table.tsx';

/** Imports of packages, and copies and moves of Systems and Machines between clouds, each with its plan first (docs/packages.md). */

const IMPORT = 'http://schemas.dmtf.org/cimi/1/action/import';
const ACTION_BODY = 'http://schemas.dmtf.org/cimi/1/Action';

/** Part of a package, and what becomes of it. */
interface Part {
  part?: string;
  becomes?: string;
  bytes?: number;
  detail?: string;
}

/** Plan of an import, and the package that it is of. */
interface Plan {
  source: string;
  parts: readonly Part[];
}

/** Outcome of an attempt that shows how far its Job is. */
interface Stage {
  /** Words of the step that goes on. */
  going?: string | undefined;
  progress?: number | undefined;
  fault?: Fault | undefined;
}

/** Job of what was accepted, which has ended. @throws CimiError */
async function ended({ job }: Accepted, show: (stage: Stage) => void): Promise<Item | undefined> {
  const onProgress = ({ progress, statusMessage }: { progress?: number; statusMessage?: string }): void =>
    show({ going: statusMessage ?? '', progress: progress ?? 0 });
  return (await cimi.value?.wait(job, { onProgress })) as unknown as Item | undefined;
}

/** Number of bytes that an import is to confirm, as its plan tells. */
function bytesToConfirm(plan: Plan | undefined): string | undefined {
  const [found] = (plan?.parts ?? []).flatMap(({ detail = '' }) => /needs confirm-bytes (\d+)/.exec(detail)?.[1] ?? []);
  return found;
}

/** Fields that a package's import has beside its cloud: the others of docs/packages.md go by name. */
const FIELDS: Fields = { name: { kind: 'string' }, properties: { kind: 'map' } };

/**
 * Dialog that imports a package, or brings a System or a Machine to another cloud.
 * @param item what is brought there; absent where a package's URL is asked for
 * @param path collection in which it is made
 */
export function PackageDialog({ item, path, close, done }: { item?: Item; path: string; close: () => void; done: () => void }) {
  const text = words();
  const { kinds, problem } = useKinds();
  const [source, setSource] = useState('');
  const [cloud, setCloud] = useState('');
  const [stops, setStops] = useState(false);
  const [values, setValues] = useState<Body>({});
  const [stage, setStage] = useState<Stage>({});
  const [plan, setPlan] = useState<Plan>();
  const [confirmed, setConfirmed] = useState(false);
  const needed = bytesToConfirm(plan);
  const url = `${cimi.value?.entryPoint.baseURI ?? ''}${path}`;
  const { name, properties } = (tidy(values) ?? {}) as { name?: string; properties?: Record<string, string> };
  const given = {
    ...(cloud !== '' && { cloud }),
    ...(name !== undefined && { name }),
    ...(item && stops && { source: 'stop' }),
    ...properties,
    ...(confirmed && needed !== undefined && { 'confirm-bytes': needed }),
  };
  const bodyOf = (from: string, more: object = {}): Body => ({
    ...{ resourceURI: ACTION_BODY, action: IMPORT, source: from },
    properties: { ...given, ...more },
  });
  const wishes = useRef(0);
  /** A plan, and what is confirmed of it, is of what was asked for when it was made. */
  const asks = (change: () => void): void => {
    change();
    wishes.current += 1;
    setPlan(undefined);
    setConfirmed(false);
  };
  const attempt = async (work: () => Promise<Plan>): Promise<void> => {
    const wish = wishes.current;
    const isLate = (): boolean => wish !== wishes.current;
    setStage({ going: '', progress: 0 });
    try {
      const made = await work();
      if (!isLate()) setPlan(made);
      setStage({});
    } catch (error) {
      setStage(isLate() ? {} : { fault: { at: error instanceof CimiError ? error.at : undefined, text: failed(error) } });
    }
  };
  const packageOf = async (exported: Item): Promise<string> => {
    const resource = await cimi.value?.get<'System'>(exported.id);
    const accepted = await resource?.act('export', { properties: { 'ovf.running': 'snapshot' } } as object);
    if (accepted) await ended(accepted, setStage);
    return accepted?.location ?? '';
  };
  const send = async (body: Body): Promise<Accepted> => {
    const answer = await cimi.value?.send({ method: 'POST', url, body });
    const job = answer?.header('CIMI-Job-URI');
    return { job: job === undefined ? undefined : { href: job }, location: answer?.header('Location') };
  };
  const look = (): Promise<void> =>
    attempt(async () => {
      const from = plan?.source ?? (item ? await packageOf(item) : source);
      const job = await ended(await send(bodyOf(from, { plan: 'true' })), setStage);
      return { source: from, parts: (job?.['plan'] ?? []) as readonly Part[] };
    });
  const what = item ? (stops ? text.move : text.copy) : text.import;
  const { fault, busy, send: carryOut } = useCreating(url, what, done);
  const submit = async (): Promise<void> => {
    if (!plan) await look();
    else if (await carryOut(bodyOf(plan.source))) close();
  };
  const isBusy = busy || stage.going !== undefined;
  return (
    <Dialog title={item ? text.elsewhere(nameOf(item)) : text.import} close={close}>
      <Problem text={problem} />
      <Form submit={submit}>
        {!item && (
          <label class="field">
            {text.packageUrl}
            <input
              value={source}
              placeholder="https://"
              onInput={({ currentTarget }) => asks(() => setSource(currentTarget.value.trim()))}
            />
          </label>
        )}
        <CloudChoice cloud={cloud} choose={(key) => asks(() => setCloud(key))} />
        {item && (
          <fieldset>
            <legend>{text.original}</legend>
            {[false, true].map((stopped) => (
              <label class="choice" key={String(stopped)}>
                <input type="radio" name="original" checked={stops === stopped} onChange={() => asks(() => setStops(stopped))} />
                {stopped ? text.stopOriginal : text.keepOriginal}
              </label>
            ))}
          </fieldset>
        )}
        {kinds && (
          <FormParts kinds={kinds} fault={stage.fault ?? fault}>
            <FieldList fields={FIELDS} path="" value={values} set={(next) => asks(() => setValues(next as Body))} />
          </FormParts>
        )}
        {stage.going !== undefined && (
          <p role="status">
            {text.goesOn(text.plan, stage.going)} <progress aria-label={text.progress} max={100} value={stage.progress ?? 0} />
          </p>
        )}
        {plan && <PlanTable parts={plan.parts} />}
        {needed !== undefined && (
          <label class="choice">
            <input type="checkbox" checked={confirmed} onChange={({ currentTarget }) => setConfirmed(currentTarget.checked)} />
            {text.copyBytes(sizeOf(Number(needed)))}
          </label>
        )}
        {plan && <RequestView url={url} body={bodyOf(plan.source)} />}
        <Buttons send={plan ? what : text.showPlan} disabled={isBusy || (!item && source === '')} close={close} />
      </Form>
    </Dialog>
  );
}

/** Choice of the cloud that takes something; without one the gateway decides, or says that it cannot. */
function CloudChoice({ cloud, choose }: { cloud: string; choose: (key: string) => void }) {
  const text = words();
  const { value, problem } = usePolled<{ etag: string | undefined; items: readonly Item[] }>(
    'clouds of packages',
    (last, signal) => pageOf('clouds', { unless: last?.etag, signal }),
    () => false,
  );
  return (
    <>
      <Problem text={problem} />
      <label class="field">
        {text.cloud}
        <select value={cloud} onChange={({ currentTarget }) => choose(currentTarget.value)}>
          <option value="">{text.anyCloud}</option>
          {value?.items.map((each) => (
            <option key={each.id} value={String(each['key'])}>{`${String(each['name'])} – ${String(each['state'])}`}</option>
          ))}
        </select>
      </label>
    </>
  );
}

const sizeOf = (bytes: number): string => readable('capacity', bytes / 1000);

function PlanTable({ parts }: { parts: readonly Part[] }) {
  const text = words();
  return (
    <section aria-labelledby="plan">
      <h3 id="plan">{text.plan}</h3>
      <Table label={text.plan} head={[text.part, text.becomes, text.bytes, text.detail]}>
        {parts.map(({ part, becomes, bytes, detail }, index) => (
          <tr key={index}>
            <th scope="row">{part}</th>
            <td>{becomes}</td>
            <td>{bytes !== undefined && <span title={String(bytes)}>{sizeOf(bytes)}</span>}</td>
            <td class="long">{detail}</td>
          </tr>
        ))}
      </Table>
    </section>
  );
}
