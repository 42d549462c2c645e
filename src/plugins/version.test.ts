import { versionProblem } from './version';

test.each(['2.0', '2.2', '2.3'])('a module for %s fits version 2.3', (theirs) => {
  expect(versionProblem(theirs, '2.3')).toBeUndefined();
});

test.each([
  ['2.4', 'is written for version 2.4 of the contract; this gateway has only 2.3: it needs a later gateway'],
  ['2.10', 'is written for version 2.10 of the contract; this gateway has only 2.3: it needs a later gateway'],
  ['1.9', 'is written for version 1.9 of the contract; this gateway takes 2.0 to 2.3'],
  ['3.0', 'is written for version 3.0 of the contract; this gateway takes 2.0 to 2.3'],
])('a module for %s does not', (theirs, words) => {
  expect(versionProblem(theirs, '2.3')).toBe(words);
});

test.each([
  [undefined, "'2.3'"],
  [2, "'2.3', not 2"],
  ['2', `'2.3', not "2"`],
  ['2.3.1', `'2.3', not "2.3.1"`],
  ['two', `'2.3', not "two"`],
])('%j is no version', (theirs, end) => {
  expect(versionProblem(theirs, '2.3')).toBe(
    `must export contractVersion, the version of the contract that it is written for, as text such as ${end}`,
  );
});
