import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { coveragePage, coverageProblems, parseRequirements, requirements, uncovered } from './kit/coverage';
import { check, clause } from './kit/define';
import { loadClauses } from './kit/load';

const one = (number: string, id: string) => clause(number, 'A clause', [check('does', [id], {}, () => Promise.resolve())]);
const listed = parseRequirements(
  [
    '## 4.1 Introduction',
    '- [ ] **R4.1-01** shall · **P** · One thing *implied, note* (l. 240-241)',
    '- [ ] **R4.1-02** shall · **C** · Another (l. 3)',
  ].join('\n'),
);

describe('coverage of the requirements', () => {
  it('reads the checklist', () => {
    expect(listed).toEqual([
      { id: 'R4.1-01', clause: '4.1', title: 'Introduction', level: 'shall', whose: 'P', remarks: ['implied', 'note'], text: 'One thing' },
      { id: 'R4.1-02', clause: '4.1', title: 'Introduction', level: 'shall', whose: 'C', remarks: [], text: 'Another' },
    ]);
  });

  it('finds what has no check and no reason, what has both, and what does not exist', () => {
    const group = (lines: Record<string, string>) => [{ file: '4-5.12.json', from: '4', to: '5.12', lines }];
    expect(coverageProblems(listed, [], group({}))).toEqual([expect.stringContaining('R4.1-01 has neither')]);
    expect(coverageProblems(listed, [], group({ 'R4.1-01': ' ' }))).toEqual([expect.stringContaining('no reason')]);
    expect(coverageProblems(listed, [], group({ 'R4.1-01': 'see test/nowhere.test.ts' }))).toEqual([
      expect.stringContaining('does not exist'),
    ]);
    expect(coverageProblems(listed, [one('4.1', 'R4.1-01')], group({}))).toEqual([]);
    expect(coverageProblems(listed, [one('4.1', 'R4.1-01')], group({ 'R4.1-01': 'both' }))).toEqual([
      expect.stringContaining('has a check'),
    ]);
    expect(coverageProblems(listed, [one('4.1', 'R4.1-01'), one('4.1', 'R4.1-99')], group({}))).toEqual([
      'R4.1-99 is named by a check and does not exist',
    ]);
  });

  it('every requirement that a provider owes has a check or a reason why not', () => {
    expect(coverageProblems(requirements(), loadClauses(), uncovered())).toEqual([]);
  });

  it('titles of checks are unique in their clause', () => {
    const titles = loadClauses().flatMap(({ number, checks }) => checks.map(({ title }) => `${number} ${title}`));
    expect(titles.filter((title, at) => titles.indexOf(title) !== at)).toEqual([]);
  });

  it('docs/conformance.md is current (node scripts/make-coverage.cjs)', () => {
    const page = readFileSync(join(__dirname, '../../docs/conformance.md'), 'utf8');
    expect(page).toBe(coveragePage(requirements(), loadClauses(), uncovered()));
  });
});
