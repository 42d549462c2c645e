import { noted, workflow } from '../../test/jobs/harness';
import { createWorkflowRegistry, nestedFailure, patienceOf } from './workflow';

test('workflows are found by name and version', () => {
  const [first, second] = [workflow('w', [noted([], 'one')]), workflow('w', [noted([], 'one')], { version: 2 })];
  const registry = createWorkflowRegistry([first, second]);
  expect([registry.get('w', 1), registry.get('w', 2), registry.get('w', 3), registry.get('v', 1)]).toEqual([
    first,
    second,
    undefined,
    undefined,
  ]);
});

test.each([
  [
    'two of one name and version',
    [workflow('w', [noted([], 'one')]), workflow('w', [noted([], 'one')])],
    'the workflow w@1 is declared twice',
  ],
  ['one without steps', [workflow('w', [])], 'the workflow w@1 has no steps'],
  ['two steps of one name', [workflow('w', [noted([], 'one'), noted([], 'one')])], 'the workflow w@1 has two steps of one name'],
])('%s are refused', (_name, workflows, message) => {
  expect(() => createWorkflowRegistry(workflows)).toThrow(message);
});

test('patience is ten minutes where a workflow says nothing', () => {
  expect([patienceOf({}), patienceOf({ patienceMs: 5 })]).toEqual([600_000, 5]);
});

test('a parent fails as the first of its parts did', () => {
  const part = (state: string, kind?: string) => ({ id: 'j', state, statusMessage: '', ...(kind === undefined ? {} : { kind }) });
  const parts = [part('SUCCESS'), part('STOPPED', 'stopped'), part('FAILED', 'quota'), part('FAILED', 'auth')];
  expect(nestedFailure('a part failed', parts)).toMatchObject({ message: 'a part failed', kind: 'quota' });
  expect(nestedFailure('a part failed', [part('STOPPED')])).toMatchObject({ kind: 'unavailable' });
});
