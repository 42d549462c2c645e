import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clause } from './define';
import { byNumber } from './load';

/** Requirement of DSP0263 in our words (test/conformance/requirements.json). */
export interface Requirement {
  id: string;
  clause: string;
  title: string;
  level: 'shall' | 'should' | 'may';
  /** Party that it binds: P provider, C consumer, P+C both. */
  whose: 'P' | 'C' | 'P+C';
  /** `implied`: the text has no modal verb; `note`: it sits in a NOTE; `untestable`: not observable over the interface. */
  remarks: string[];
  text: string;
}

const ROOT = join(__dirname, '../../..');
const FOLDER = join(__dirname, '..');
const LINE =
  /^- \[.\] \*\*(R[\w.]+-\d+)\*\* (shall|should|may) · \*\*(P|C|P\+C)\*\* · (.*?)(?: \*([a-z, ]+)\*)?(?: \(l\. [\d\s,;l.-]+\))?$/;

/** Reads the checklist (Markdown) of requirements. @throws Error at a line that is none. */
export function parseRequirements(markdown: string): Requirement[] {
  let heading = { clause: '', title: '' };
  return markdown.split('\n').flatMap((line): Requirement[] => {
    const clause = /^## (?:Annex )?(\S+) (.*)$/.exec(line);
    if (clause) heading = { clause: clause[1] ?? '', title: clause[2] ?? '' };
    if (!line.startsWith('- [')) return [];
    const found = LINE.exec(line);
    if (!found) throw new Error(`not a requirement: ${line}`);
    const [, id = '', level, whose, text = '', remarks = ''] = found;
    return [
      {
        id,
        ...heading,
        level: level as Requirement['level'],
        whose: whose as Requirement['whose'],
        remarks: remarks === '' ? [] : remarks.split(', '),
        text,
      },
    ];
  });
}

/** The requirements as they are kept in the project. */
export function requirements(): Requirement[] {
  return JSON.parse(readFileSync(join(FOLDER, 'requirements.json'), 'utf8')) as Requirement[];
}

/** Reasons why there is no check, by requirement; one file per range of clauses: `4-5.12.json` for 4 up to 5.12 and all below. */
interface Uncovered {
  file: string;
  from: string;
  to: string;
  lines: Record<string, string>;
}

export function uncovered(): Uncovered[] {
  const folder = join(FOLDER, 'uncovered');
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => {
      const [from = '', to = ''] = file.replace(/\.json$/, '').split('-');
      return { file, from, to, lines: JSON.parse(readFileSync(join(folder, file), 'utf8')) as Record<string, string> };
    });
}

const OVF = '4.3';

/** Tells whether a range of clauses holds this one: `5.12.1` is in 4 … 5.12. */
function within({ from, to }: Uncovered, clause: string): boolean {
  return /^\d/.test(clause) && byNumber(clause, from) >= 0 && (byNumber(clause, to) <= 0 || clause.startsWith(`${to}.`));
}

/** Tells whether a requirement needs a check or a line: it says what a provider shall do, and a consumer can see it. */
export function owed({ clause, level, whose, remarks }: Requirement): boolean {
  return level === 'shall' && whose !== 'C' && !remarks.includes('untestable') && clause !== OVF;
}

const idsOf = (clauses: Clause[]): Set<string> => new Set(clauses.flatMap(({ checks }) => checks.flatMap(({ ids }) => ids)));

/** Returns everything that is wrong with the coverage, in words. */
export function coverageProblems(all: Requirement[], clauses: Clause[], groups: Uncovered[]): string[] {
  const known = new Map(all.map((each) => [each.id, each]));
  const checked = idsOf(clauses);
  const problems = [...checked].filter((id) => !known.has(id)).map((id) => `${id} is named by a check and does not exist`);
  for (const group of groups) {
    for (const [id, why] of Object.entries(group.lines)) {
      const requirement = known.get(id);
      if (!requirement) problems.push(`${group.file}: ${id} does not exist`);
      else if (!within(group, requirement.clause)) problems.push(`${group.file}: ${id} belongs to another file`);
      else if (checked.has(id)) problems.push(`${group.file}: ${id} has a check`);
      problems.push(...pathProblems(id, why).map((problem) => `${group.file}: ${problem}`));
    }
    const missing = all.filter((each) => within(group, each.clause) && owed(each) && !checked.has(each.id) && !(each.id in group.lines));
    problems.push(...missing.map(({ id, text }) => `${id} has neither a check nor a line in uncovered/${group.file}: ${text}`));
  }
  return problems;
}

/** A line that names tests of ours has to name tests that are there. */
function pathProblems(id: string, why: string): string[] {
  const paths = why.match(/(?:test|src|drivers)\/[\w./-]+\.ts/g) ?? [];
  const absent = paths.filter((path) => !existsSync(join(ROOT, path))).map((path) => `${id} names ${path}, which does not exist`);
  return why.trim() === '' ? [`${id} has no reason`, ...absent] : absent;
}

const cell = (text: string): string => text.replaceAll('|', '\\|');

/** The page docs/conformance.md: requirement → checks, clause by clause. */
export function coveragePage(all: Requirement[], clauses: Clause[], groups: Uncovered[]): string {
  const lines = Object.assign({}, ...groups.map((group) => group.lines)) as Record<string, string>;
  const provers = (id: string): string[] =>
    clauses.flatMap(({ number, checks }) => checks.filter(({ ids }) => ids.includes(id)).map(({ title }) => `${number} ${title}`));
  const inScope = all.filter(({ clause }) => groups.some((group) => within(group, clause)));
  const due = inScope.filter(owed);
  const rows = (clause: string): string[] =>
    inScope
      .filter((each) => each.clause === clause && (owed(each) || provers(each.id).length > 0))
      .map((each) => {
        const proof = provers(each.id).join('<br>') || `_no check:_ ${lines[each.id] ?? ''}`;
        return `| ${each.id} | ${cell(each.text)}${each.level === 'shall' ? '' : ` (${each.level})`} | ${cell(proof)} |`;
      });
  const headings = [...new Map(inScope.map(({ clause, title }) => [clause, title]))];
  const tables = headings.flatMap(([clause, title]) => {
    const found = rows(clause);
    return found.length === 0
      ? []
      : ['', `## ${clause} ${title}`, '', '| requirement | in short | proved by |', '| --- | --- | --- |', ...found];
  });
  return [
    '# Conformance: which check proves which requirement',
    '',
    '<!-- Written by scripts/make-coverage.cjs; do not edit. -->',
    '',
    'What a Provider shall do by DSP0263 1.1.0 and a Consumer can see, with the checks of `test/conformance` that prove it, each in',
    'JSON and in XML; without one, why. What is out of scope here: OVF (4.3), what only a Consumer shall do, what no one can see.',
    '',
    `${due.length} requirements: ${due.filter(({ id }) => provers(id).length > 0).length} with checks, ${due.filter(({ id }) => id in lines).length} with a reason why not.`,
    ...tables,
    '',
  ].join('\n');
}
