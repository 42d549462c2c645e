import { assert } from './kit/assert';
import { CIMI, type Content } from './kit/body';
import type { Context } from './kit/context';
import { check, clause } from './kit/define';
import { freshName, idOf, machineCreate, machineParts, makeMachine } from './kit/ingredients';
import { countOf, PLAYGROUND, playground, TYPE } from './kit/playground';
import { assertSize } from './kit/size';
import { hrefOf, textOf, type Value } from './kit/value';
import { MEDIA } from './kit/wire';
import { stateByName, watch } from './kit/watch';

const machines = { adds: ['machines'] };
const byValue = { adds: ['machines'], capabilities: ['Machine/MachineTemplateByValue'] };
const templates = { adds: ['machines', 'machineTemplates'] };
const small = { cpu: 1, memory: 1048576 };

/** A throw-away MachineTemplate. */
const makeTemplate = async (c: Context, more: Content = {}): Promise<Value> =>
  c.create('machineTemplates', 'MachineTemplate', { name: freshName('template'), ...more, ...(await machineParts(c)) });

/** A throw-away Machine made of a template by reference, with overrides. */
async function fromTemplate(c: Context, template: Value, overrides: Content = {}, more: Content = {}): Promise<Value> {
  const content = { name: freshName('machine'), ...more, machineTemplate: { href: idOf(template), ...overrides } };
  const uri = await c.createUri('machines', 'MachineCreate', content);
  return c.untilState(uri, 'STARTED', 'STOPPED', 'PAUSED', 'SUSPENDED', 'ERROR');
}

/** A state that the provider lets one ask for and that is not the one it takes by itself. */
function otherState(c: Context): { usual: string; other: string } {
  const usual = c.capability('Machine/DefaultInitialState') ?? c.skip('capability Machine/DefaultInitialState is not announced');
  const other = c.capabilityValues('Machine/InitialStates')?.find((state) => state !== usual && ['STARTED', 'STOPPED'].includes(state));
  return { usual, other: other ?? c.skip('capability Machine/InitialStates names no other state') };
}

/** Finds or makes two configurations that differ in memory, the smaller first. */
async function twoConfigs(c: Context): Promise<[Value, Value]> {
  const { machineConfig } = await machineParts(c);
  const small = await c.read(String(machineConfig.href));
  const memory = Number(textOf(small, 'memory'));
  const bigger = (await c.items('machineConfigs')).find(
    (each) => Number(each.text('memory') ?? 0) > memory && each.text('cpuArch') === small.text('cpuArch'),
  );
  return [small, bigger ?? c.skip('machineConfigs holds no bigger one')];
}

export const clauses = [
  clause('4.2.1.1', 'Creating a new Resource', [
    check(
      'POST to the URI of add creates, and 201 says where',
      ['R4.2.1.1-01', 'R4.2.1.1-27', 'R4.2.1.1-28', 'R5.5.12.1-11'],
      { needs: playground },
      async (c) => {
        const answer = await c.post(await c.addUri(PLAYGROUND), TYPE, { name: 'made', ...small });
        const uri = await c.owned(answer);
        await c.done(answer);
        if (answer.status === 201) assert.ok(answer.location, answer.said());
        assert.equal(textOf(await c.read(uri ?? ''), 'name'), 'made');
        if (!answer.empty) {
          assert.equal(answer.mediaType, MEDIA[c.format]);
          assert.equal(answer.headers.get('content-length'), String(Buffer.byteLength(answer.text)));
        }
      },
    ),
    check('a Machine is CREATING while it is being created', ['R4.2.1.1-06'], { needs: machines }, async (c) => {
      const content = await machineCreate(c);
      const creating = c.post(await c.addUri('machines'), 'MachineCreate', content);
      const { answer, states, unsure } = await watch(c, creating, () => stateByName(c, 'machines', String(content.name)));
      const uri = await c.owned(answer);
      await c.done(answer);
      const made = textOf(await c.read(uri ?? ''), 'state');
      const others = (all: string[], ...expected: string[]) => all.filter((state) => !expected.includes(state));
      assert.deepEqual(others(states, 'CREATING'), []);
      // Where the answer is all that says when it was done: CREATING, and from some moment on what it is now.
      const first = unsure.findIndex((state) => state !== 'CREATING');
      assert.deepEqual(others(first < 0 ? [] : unsure.slice(first), made), [], unsure.join(', '));
      if (![...states, ...unsure].includes('CREATING')) c.unproven('no Machine was seen while it was being created');
    }),
    check('a Template is taken by reference', ['R4.2.1.1-07'], { needs: templates }, async (c) => {
      const machine = await fromTemplate(c, await makeTemplate(c));
      assert.equal(machine.resourceURI, `${CIMI}/Machine`);
    }),
    check(
      'a Template is taken by value and shows nowhere afterwards',
      ['R4.2.1.1-07', 'R4.2.1.1-14', 'R4.2.1.1-15', 'R5.11.2-28'],
      { needs: byValue },
      async (c) => {
        const before = c.entry.has('machineTemplates') ? countOf(await c.collection('machineTemplates')) : 0;
        await makeMachine(c);
        if (c.entry.has('machineTemplates')) assert.equal(countOf(await c.collection('machineTemplates')), before);
      },
    ),
    check('a body of another type is refused', ['R4.2.1.1-10'], { needs: machines }, async (c) => {
      await c.fails(async () => c.post(await c.addUri('machines'), 'VolumeCreate', await machineCreate(c)));
    }),
    check(
      'name, description and properties beside the Template are those of the new resource',
      ['R4.2.1.1-12', 'R4.2.1.1-24'],
      { needs: templates },
      async (c) => {
        const template = await makeTemplate(c, { description: 'of the template', properties: { from: 'template' } });
        const own = { name: freshName('own'), description: 'of its own', properties: { from: 'request' } };
        const machine = await fromTemplate(c, template, {}, own);
        assert.equal(textOf(machine, 'name'), own.name);
        assert.equal(textOf(machine, 'description'), own.description);
        assert.deepEqual(machine.map(), own.properties);
      },
    ),
    check(
      'an override replaces what the Template says, this once',
      ['R4.2.1.1-17', 'R4.2.1.1-19', 'R4.2.1.1-20', 'R4.2.1.1-21'],
      { needs: templates },
      async (c) => {
        const [less, more] = await twoConfigs(c);
        const template = await makeTemplate(c);
        const machine = await fromTemplate(c, template, { machineConfig: { href: idOf(more) } });
        assert.equal(textOf(machine, 'memory'), textOf(more, 'memory'));
        assert.equal(hrefOf(await c.read(idOf(template)), 'machineConfig'), idOf(less), 'the Template is as it was');
        assert.equal(textOf(await fromTemplate(c, template), 'memory'), textOf(less, 'memory'), 'and is used as it is the next time');
      },
    ),
    check(
      'an override by value leaves nothing of the value it replaces',
      ['R4.2.1.1-18', 'R4.2.1.1-26', 'R5.11.2-20'],
      { needs: { ...templates, capabilities: ['Machine/MachineConfigByValue'] } },
      async (c) => {
        const [less, more] = await twoConfigs(c);
        const { machineImage } = await machineParts(c);
        const big = { cpu: Number(textOf(more, 'cpu')), memory: Number(textOf(more, 'memory')) };
        const template = await c.create('machineTemplates', 'MachineTemplate', {
          name: freshName('template'),
          machineConfig: big,
          machineImage,
        });
        assertSize('memory', Number(textOf(await fromTemplate(c, template), 'memory')), big.memory);
        const cpu = Number(textOf(less, 'cpu'));
        const machine = await fromTemplate(c, template, { machineConfig: { cpu } });
        const memory = Number(textOf(machine, 'memory'));
        const words = `memory of the Template (${big.memory}) is not asked for any more, cpu ${cpu} alone: got ${memory}`;
        assert.ok(memory < big.memory, words);
      },
    ),
    check(
      'null or an empty element erases what the Template says, this once',
      ['R4.2.1.1-23', 'R4.2.1.1-20'],
      { needs: templates },
      async (c) => {
        const { usual, other } = otherState(c);
        const template = await makeTemplate(c, { initialState: other });
        assert.equal(textOf(await fromTemplate(c, template), 'state'), other);
        assert.equal(textOf(await fromTemplate(c, template, { initialState: null }), 'state'), usual);
        assert.equal(textOf(await c.read(idOf(template)), 'initialState'), other);
      },
    ),
    check(
      'what the Template does not say is added by the request, this once',
      ['R4.2.1.1-25', 'R4.2.1.1-20'],
      { needs: templates },
      async (c) => {
        const { other } = otherState(c);
        const template = await makeTemplate(c);
        assert.equal(textOf(await fromTemplate(c, template, { initialState: other }), 'state'), other);
        assert.ok(!(await c.read(idOf(template))).has('initialState'));
      },
    ),
    check(
      'a Configuration inside is taken by value',
      ['R4.2.1.1-26', 'R5.11.2-20'],
      { needs: { ...byValue, capabilities: ['Machine/MachineConfigByValue'] } },
      async (c) => {
        const [less] = await twoConfigs(c);
        const { machineImage } = await machineParts(c);
        const listed = { cpu: Number(textOf(less, 'cpu')), memory: Number(textOf(less, 'memory')) };
        // What is listed is there; what is a little more may be there, or the next larger is, and is said.
        for (const asked of [listed, { ...listed, memory: listed.memory + 1024 }]) {
          const machineTemplate = { machineConfig: asked, machineImage };
          const answer = await c.post(await c.addUri('machines'), 'MachineCreate', { name: freshName(), machineTemplate });
          const uri = await c.owned(answer);
          if (answer.status >= 400 && asked !== listed) continue;
          const job = await c.done(answer);
          const machine = await c.read(uri ?? '');
          assertSize('memory', Number(textOf(machine, 'memory')), asked.memory, job);
          if (machine.has('cpu')) assertSize('cpu', Number(textOf(machine, 'cpu')), asked.cpu, job);
        }
      },
    ),
  ]),
];
