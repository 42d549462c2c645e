import { assert } from './kit/assert';
import type { Context } from './kit/context';
import { check, clause } from './kit/define';
import { freshName, idOf, makeMachine } from './kit/ingredients';
import type { Value } from './kit/value';
import type { Answer } from './kit/wire';
import { actAndWatch } from './kit/watch';

const needs = (...actions: string[]) => ({ adds: ['machines'], actions: actions.map((name) => `Machine/${name}`) });

const START = { during: ['STARTING'], to: 'STARTED' };
const STOP = { during: ['STOPPING'], to: 'STOPPED' };
const RESTART = { during: ['STOPPING', 'STARTING'], to: 'STARTED' };
const PAUSE = { during: ['PAUSING'], to: 'PAUSED' };
const SUSPEND = { during: ['SUSPENDING'], to: 'SUSPENDED' };

/** URI of a Machine that these checks act on, one after the other, each format on its own; STARTED when it is given out. */
async function started(c: Context): Promise<string> {
  const uri = await c.shared(`machine to act on in ${c.format}`, async (s) => idOf(await makeMachine(s)));
  const free = (value: Value): boolean =>
    ['STARTED', 'STOPPED', 'PAUSED', 'SUSPENDED'].includes(value.text('state') ?? '') && value.operations().length > 1;
  const machine = await c.until(uri, 'in a steady state with nothing going on', free);
  if (machine.text('state') !== 'STARTED') await actAndWatch(c, uri, 'start', START);
  return uri;
}

async function stopped(c: Context): Promise<string> {
  const uri = await started(c);
  await actAndWatch(c, uri, 'stop', STOP);
  return uri;
}

/** Brings a Machine to a state in which it offers an action: an instance's own operations decide. @throws Skip where none does. */
async function readyFor(c: Context, action: string): Promise<Value> {
  const machine = await started(c);
  const on = await c.read(machine);
  if (c.operation(on, action) !== undefined) return on;
  await actAndWatch(c, machine, 'stop', STOP);
  const off = await c.read(machine);
  return c.operation(off, action) === undefined ? c.skip(`no Machine here offers ${action}, neither STARTED nor STOPPED`) : off;
}

/** Makes a MachineImage of a Machine at the link that the Machine shows. @returns its URI. */
async function imageBy(c: Context, machine: string, link: 'capture' | 'snapshot'): Promise<string> {
  const shown = await c.read(machine);
  const content = { name: freshName('image'), imageLocation: machine };
  const answer: Answer = await c.post(c.offered(shown, link), 'MachineImage', content);
  const image = (await c.owned(answer)) ?? '';
  await c.done(answer);
  await c.untilState(image, 'AVAILABLE');
  return image;
}

export const clauses = [
  clause('5.14.1.2', 'Machine operations', [
    check(
      'stop and start lead through STOPPING and STARTING to STOPPED and STARTED',
      ['R5.14.1.2-01', 'R5.14.1.2-02', 'R5.14.1.2-03', 'R5.14.1.2-08', 'R5.14.1.2-13', 'R5.14.1.2-14'],
      { needs: needs('start', 'stop') },
      async (c) => {
        const machine = await started(c);
        await actAndWatch(c, machine, 'stop', STOP);
        await actAndWatch(c, machine, 'start', START);
      },
    ),
    check(
      'stop with force true and false ends in STOPPED',
      ['R5.14.1.2-08', 'R5.14.1.2-14'],
      { needs: { ...needs('start', 'stop'), capabilities: ['Machine/MachineStopForce'] } },
      async (c) => {
        const machine = await started(c);
        await actAndWatch(c, machine, 'stop', STOP, { force: true });
        await actAndWatch(c, machine, 'start', START);
        await actAndWatch(c, machine, 'stop', STOP, { force: false });
      },
    ),
    check(
      'restart leads from STARTED and from STOPPED to STARTED',
      ['R5.14.1.2-20', 'R5.14.1.2-22', 'R5.14.1.2-27', 'R5.14.1.2-28'],
      { needs: needs('start', 'stop', 'restart') },
      async (c) => {
        const machine = await started(c);
        await actAndWatch(c, machine, 'restart', RESTART);
        await actAndWatch(c, machine, 'stop', STOP);
        await actAndWatch(c, machine, 'restart', RESTART);
      },
    ),
    check(
      'pause leads through PAUSING to PAUSED, start back',
      ['R5.14.1.2-31', 'R5.14.1.2-32', 'R5.14.1.2-33', 'R5.14.1.2-01', 'R5.14.1.2-03'],
      { needs: needs('start', 'pause') },
      async (c) => {
        const machine = await started(c);
        await actAndWatch(c, machine, 'pause', PAUSE);
        await actAndWatch(c, machine, 'start', START);
      },
    ),
    check(
      'suspend leads through SUSPENDING to SUSPENDED, start back',
      ['R5.14.1.2-38', 'R5.14.1.2-39', 'R5.14.1.2-40', 'R5.14.1.2-01', 'R5.14.1.2-03'],
      { needs: needs('start', 'suspend') },
      async (c) => {
        const machine = idOf(await readyFor(c, 'suspend'));
        await actAndWatch(c, machine, 'suspend', SUSPEND);
        await actAndWatch(c, machine, 'start', START);
      },
    ),
    check(
      'capture makes a MachineImage that Machines can be made of',
      ['R5.14.1.2-45'],
      { needs: { ...needs('stop', 'capture'), collections: ['machineImages'] } },
      async (c) => {
        const image = await imageBy(c, await stopped(c), 'capture');
        assert.equal((await c.read(image)).text('type'), 'IMAGE');
        await makeMachine(c, {}, { machineImage: { href: image } });
      },
    ),
    check(
      'snapshot makes a SNAPSHOT; restore leads through RESTORING to the state it was taken in',
      ['R5.14.1.2-46', 'R5.14.1.2-47', 'R5.14.1.2-49', 'R5.14.1.2-50'],
      { needs: { ...needs('start', 'stop', 'snapshot', 'restore'), collections: ['machineImages'] } },
      async (c) => {
        const machine = await started(c);
        const image = await imageBy(c, machine, 'snapshot');
        assert.equal((await c.read(image)).text('type'), 'SNAPSHOT');
        await actAndWatch(c, machine, 'stop', STOP);
        if (c.operation(await c.read(machine), 'restore') === undefined) {
          await actAndWatch(c, machine, 'start', START);
          await actAndWatch(c, machine, 'restore', { during: ['RESTORING'], to: 'STARTED' }, restoring(c, image));
          return;
        }
        const off = await imageBy(c, machine, 'snapshot');
        await actAndWatch(c, machine, 'restore', { during: ['RESTORING'], to: 'STARTED' }, restoring(c, image));
        await actAndWatch(c, machine, 'restore', { during: ['RESTORING'], to: 'STOPPED' }, restoring(c, off));
      },
    ),
    check(
      'restore takes an image that is no SNAPSHOT only where RestoreFromImage is announced, and nothing that is no image',
      ['R5.14.1.2-51', 'R5.14.1.2-48'],
      { needs: { ...needs('stop', 'restore'), collections: ['machineImages'] } },
      async (c) => {
        const plain = (await c.items('machineImages')).find((each) => each.text('type') === 'IMAGE') ?? c.skip('no image is an IMAGE');
        const uri = idOf(await readyFor(c, 'restore'));
        await c.fails(async () => c.act(await c.read(uri), 'restore'));
        await c.fails(async () => c.act(await c.read(uri), 'restore', restoring(c, uri)));
        const answer = await c.watched(async () => c.act(await c.read(uri), 'restore', restoring(c, idOf(plain))));
        await (c.can('Machine/RestoreFromImage') ? c.done(answer) : c.fails(answer));
      },
    ),
  ]),
];

/** `image` is a string in JSON and a reference in XML (5.14.1.2). */
const restoring = (c: Context, image: string) => ({ image: c.format === 'json' ? image : { href: image } });
