import { nearest } from './nearest';

const KNOWN = ['name', 'description', 'machineTemplate', 'memory', 'time-zone'];

test.each([
  ['naem', 'name'],
  ['NAME', 'name'],
  ['machine_template', 'machineTemplate'],
  ['machinTemplat', 'machineTemplate'],
  ['descripton', 'description'],
  ['memori', 'memory'],
  ['timezone', 'time-zone'],
])('%s was meant to be %s', (name, meant) => {
  expect(nearest(name, KNOWN)).toBe(meant);
});

test.each(['x', 'cpu', 'volumes', 'nothing at all', 'name'.repeat(20)])('nothing is near to %s', (name) => {
  expect(nearest(name, KNOWN)).toBeUndefined();
});

test('the nearest of several is taken, the first of equals', () => {
  expect(nearest('disk', ['disc', 'disks', 'risk'])).toBe('disc');
  expect(nearest('discs', ['disc', 'disks', 'discs1'])).toBe('disc');
  expect(nearest('abcdef', ['abcxyf', 'abcxef'])).toBe('abcxef');
});
