import { useEffect, useRef, useState } from 'preact/hooks';
import { tidy, type Body } from './body.ts';
import { CreateDialog, RequestView, useCreating, useKinds } from './create.tsx';
import type { Kinds } from './fields.ts';
import { FaultNote, FieldList, FormParts } from './form.tsx';
import { Buttons, Form, Problem, Title } from './parts.tsx';
import { usePolled } from './poll.ts';
import { pageOf, type Item } from './reading.ts';
import { cimi, words } from './state.ts';
import { Choices } from './choices.tsx';
import { AccessStep, accessOf, NO_ACCESS, type Access } from './wizard-access.tsx';

/** All that is chosen before the request is made of it. */
interface Chosen {
  cloud?: string | undefined;
  image?: string | undefined;
  /** Configuration, or nothing where figures are given. */
  size?: string | undefined;
  byFigures: boolean;
  figures: Body;
  access: Access;
  /** Attributes of the template that have no step of their own. */
  storage: Body;
  named: Body;
  start: boolean;
}

type Step = 'cloud' | 'image' | 'size' | 'access' | 'storage' | 'summary';

/** Attributes of a MachineTemplate that the step for storage asks for. */
const STORAGE = ['volumes', 'volumeTemplates', 'meterTemplates', 'eventLogTemplate'];
/** Attributes of a MachineConfiguration that make a size. */
const FIGURES = ['cpu', 'memory', 'disks', 'cpuArch'];
/** Steps that ask for what a refusal names; all else is in the last. */
const ASKED_IN: readonly [Step, RegExp][] = [
  ['image', /^machineTemplate\.machineImage/],
  ['size', /^machineTemplate\.machineConfig/],
  ['access', /^machineTemplate\.(networkInterfaces|credential|userData)/],
  ['storage', new RegExp(`^machineTemplate\\.(${STORAGE.join('|')})`)],
  ['cloud', /^cloud/],
];

/** Makes the request of what was chosen: the template stands in it by value (4.2.1.1). */
function requestOf({ cloud, image, size, byFigures, figures, access, storage, named, start }: Chosen, kinds: Kinds): Body {
  const states = kinds.capability('Machine', 'InitialStates');
  const initialState = start ? 'STARTED' : 'STOPPED';
  const template = {
    ...(Array.isArray(states) && states.includes(initialState) && { initialState }),
    machineImage: { href: image },
    machineConfig: byFigures ? figures : { href: size },
    ...accessOf(access),
    ...storage,
  };
  return { ...named, cloud, machineTemplate: template };
}

/** Steps to a new Machine, and the request that comes of them. */
export function Wizard() {
  const text = words();
  const { kinds, problem } = useKinds();
  const { value: clouds } = usePolled<{ etag: string | undefined; items: readonly Item[] }>(
    'wizard clouds',
    (last, signal) => pageOf('clouds', { unless: last?.etag, signal }),
    () => false,
  );
  if (!kinds || !clouds) return problem === undefined ? <p>{text.loading}</p> : <Problem text={problem} />;
  return <Steps kinds={kinds} clouds={clouds.items} />;
}

function Steps({ kinds, clouds }: { kinds: Kinds; clouds: readonly Item[] }) {
  const text = words();
  const steps: readonly Step[] = [...(clouds.length > 1 ? (['cloud'] as const) : []), 'image', 'size', 'access', 'storage', 'summary'];
  const labels: Readonly<Record<Step, string>> = text;
  const [step, setStep] = useState<Step>(steps[0] ?? 'image');
  const [all, setAll] = useState(false);
  const [chosen, setChosen] = useState<Chosen>({ byFigures: false, figures: {}, access: NO_ACCESS, storage: {}, named: {}, start: true });
  const heading = useRef<HTMLHeadingElement>(null);
  const url = `${cimi.value?.entryPoint.baseURI ?? ''}machines`;
  const { fault, busy, send, forget } = useCreating(url, text.create('Machine'), () => undefined);
  const body = tidy(requestOf(chosen, kinds));
  const at = steps.indexOf(step);
  const choose = (more: Partial<Chosen>): void => setChosen((former) => ({ ...former, ...more }));
  const go = (next: Step | undefined): void => {
    forget();
    if (next !== undefined) setStep(next);
    setTimeout(() => heading.current?.focus());
  };
  useEffect(() => {
    if (fault?.at === undefined) return;
    const { at: place } = fault;
    setStep(ASKED_IN.find(([, places]) => places.test(place))?.[0] ?? 'summary');
  }, [fault]);
  const submit = async (): Promise<void> => {
    if (step !== 'summary') go(steps[at + 1]);
    else if (await send(body)) location.hash = '/c/machines';
  };
  return (
    <>
      <Title text={text.newMachine} />
      <ol class="steps" aria-label={text.steps}>
        {steps.map((each) => (
          <li key={each}>
            <button type="button" aria-current={each === step ? 'step' : undefined} onClick={() => go(each)}>
              {labels[each]}
            </button>
          </li>
        ))}
      </ol>
      <Form submit={submit}>
        <h2 ref={heading} tabIndex={-1}>
          {labels[step]}
        </h2>
        <FormParts kinds={kinds} fault={fault} cloud={chosen.cloud} part={step}>
          <StepView step={step} chosen={chosen} choose={choose} kinds={kinds} clouds={clouds} />
        </FormParts>
        {step === 'summary' && <RequestView url={url} body={body} open />}
        <Buttons
          send={step === 'summary' ? text.create('Machine') : text.onward}
          disabled={busy}
          before={
            <button type="button" disabled={at === 0} onClick={() => go(steps[at - 1])}>
              {text.back}
            </button>
          }
        >
          <button type="button" onClick={() => setAll(true)}>
            {text.allAttributes}
          </button>
        </Buttons>
      </Form>
      {all && <CreateDialog path="machines" close={() => setAll(false)} done={() => undefined} />}
    </>
  );
}

interface StepProps {
  step: Step;
  chosen: Chosen;
  choose: (more: Partial<Chosen>) => void;
  kinds: Kinds;
  clouds: readonly Item[];
}

function StepView({ step, chosen, choose, kinds, clouds }: StepProps) {
  const text = words();
  const { cloud } = chosen;
  const only = (names: readonly string[], type: string) =>
    Object.fromEntries(Object.entries(kinds.fieldsOf(type)).filter(([name]) => names.includes(name)));
  switch (step) {
    case 'cloud':
      return (
        <fieldset id="f-cloud" tabIndex={-1}>
          <legend>{text.cloud}</legend>
          <FaultNote path="cloud" />
          {[undefined, ...clouds].map((each) => {
            const key = each && String(each['key']);
            return (
              <label class="choice" key={key}>
                <input
                  type="radio"
                  name="cloud"
                  checked={cloud === key}
                  onChange={() => choose({ cloud: key, image: undefined, size: undefined, access: { ...chosen.access, networks: [] } })}
                />
                {each ? `${String(each['name'])} – ${String(each['state'])}` : text.anyCloud}
              </label>
            );
          })}
        </fieldset>
      );
    case 'image':
      return (
        <Choices
          path="machineImages"
          label={text.image}
          place="machineTemplate.machineImage"
          cloud={cloud}
          columns={['state', 'cpuArch', 'description', 'cloud']}
          chosen={chosen.image === undefined ? [] : [chosen.image]}
          choose={([image]) => choose({ image })}
        />
      );
    case 'size':
      return (
        <>
          <div class="bar">
            {[false, true].map((byFigures) => (
              <label class="choice" key={String(byFigures)}>
                <input type="radio" name="size-way" checked={chosen.byFigures === byFigures} onChange={() => choose({ byFigures })} />
                {byFigures ? text.figures : text.configuration}
              </label>
            ))}
          </div>
          {chosen.byFigures ? (
            <FieldList
              fields={only(FIGURES, 'MachineConfiguration')}
              path="machineTemplate.machineConfig"
              value={chosen.figures}
              set={(figures) => choose({ figures: figures as Body })}
            />
          ) : (
            <Choices
              path="machineConfigs"
              label={text.size}
              place="machineTemplate.machineConfig"
              cloud={cloud}
              columns={['cpu', 'memory', 'disks', 'cpuArch', 'cloud']}
              chosen={chosen.size === undefined ? [] : [chosen.size]}
              choose={([size]) => choose({ size })}
            />
          )}
        </>
      );
    case 'access':
      return <AccessStep access={chosen.access} cloud={cloud} choose={(access) => choose({ access })} />;
    case 'storage':
      return (
        <FieldList
          fields={only(STORAGE, 'MachineTemplate')}
          path="machineTemplate"
          value={chosen.storage}
          set={(storage) => choose({ storage: storage as Body })}
        />
      );
    case 'summary':
      return (
        <>
          <FieldList
            fields={only(['name', 'description', 'properties'], 'Machine')}
            path=""
            value={chosen.named}
            set={(named) => choose({ named: named as Body })}
          />
          <label class="choice">
            <input type="checkbox" checked={chosen.start} onChange={({ currentTarget }) => choose({ start: currentTarget.checked })} />
            {text.start}
          </label>
        </>
      );
  }
}
