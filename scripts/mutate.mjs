// `npm run mutate -- query`, `npm run mutate -- src/query/time.ts`: changes code in small ways, one at a time, and asks
// whether a test notices. Groups, tests and explained survivors stand in mutation.config.json; see docs/mutation.md.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Stryker } from '@stryker-mutator/core';
import { root } from './prepare.mjs';

const { threshold, groups, explained } = JSON.parse(readFileSync(join(root, 'mutation.config.json'), 'utf8'));
const cache = join(root, 'node_modules', '.cache', 'mutation');

const { values: options, positionals: asked } = parseArgs({
  allowPositionals: true,
  options: { fresh: { type: 'boolean', default: false }, concurrency: { type: 'string', default: '1' } },
});

const parts = Object.values(groups).flat();

const isFolder = (path) => statSync(join(root, path)).isDirectory();
const isSource = (name) => name.endsWith('.ts') && !name.endsWith('.test.ts');
const testsIn = (path) => `<rootDir>/${isFolder(path) ? `${path}/**/*.test.ts` : path}`;
const folderOf = (path) => `<rootDir>/${isFolder(path) ? path : dirname(path)}`;

/** The files that an argument means: of a group, of a folder, or one. */
function filesOf(word) {
  if (groups[word]) return groups[word].flatMap(({ files }) => files);
  const path = word.replace(/\/+$/, '');
  if (!isFolder(path)) return [path];
  const names = readdirSync(join(root, path), { recursive: true }).map((name) => name.split(sep).join('/'));
  return names.filter(isSource).map((name) => `${path}/${name}`);
}

/** Tests of a file that no group has: the one beside it, else all of its folder. */
function testsBeside(file) {
  const own = file.replace(/\.ts$/, '.test.ts');
  return [existsSync(join(root, own)) ? own : dirname(file)];
}

/** File that keeps the results of a part from earlier runs: it has the name of the part's first file. */
const part = (files, tests) => ({ files, tests, cacheName: files[0].replaceAll('/', '-') });

/** The runs that an argument asks for: files with the tests that concern them. */
function runsOf(word) {
  const files = filesOf(word);
  const known = parts.map((one) => ({ ...part(one.files, one.tests), files: one.files.filter((file) => files.includes(file)) }));
  const others = files.filter((file) => !parts.some((one) => one.files.includes(file)));
  return [...known.filter((one) => one.files.length > 0), ...others.map((file) => part([file], testsBeside(file)))];
}

/** One run of the tool. @returns its mutants. */
async function mutantsOf({ files, tests, cacheName }) {
  mkdirSync(cache, { recursive: true });
  const sandbox = mkdtempSync(join(tmpdir(), 'cimi-mutants-'));
  try {
    const mutants = await new Stryker({
      mutate: files,
      testRunner: 'jest',
      plugins: [fileURLToPath(import.meta.resolve('@stryker-mutator/jest-runner'))],
      jest: {
        // Jest looks for tests anew for every mutant: only where they are.
        enableFindRelatedTests: false,
        config: { watchman: false, roots: tests.map(folderOf), testMatch: tests.map(testsIn), globalSetup: null, globalTeardown: null },
      },
      coverageAnalysis: 'perTest',
      concurrency: Number(options.concurrency),
      // Only loops without end shall count as timed out, not a busy machine.
      timeoutMS: 10_000,
      incremental: true,
      incrementalFile: join(cache, `${cacheName}.json`),
      force: options.fresh,
      tempDirName: sandbox,
      ignorePatterns: ['/.backends', '/.git', '/bench', '/dist', '/docs'],
      disableTypeChecks: false,
      warnings: { slow: false },
      reporters: [process.stdout.isTTY ? 'progress' : 'progress-append-only'],
      logLevel: 'warn',
      allowConsoleColors: process.stdout.isTTY === true,
    }).runMutationTest();
    // What the cache holds of other files comes back too, and may be of a text that has changed since.
    return mutants.filter((one) => files.includes(fileOf(one))).map(described);
  } finally {
    rmSync(sandbox, { recursive: true, force: true });
  }
}

const fileOf = ({ fileName }) => relative(root, fileName).split(sep).join('/');

const short = (text) => {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > 160 ? `${line.slice(0, 159)}…` : line;
};

/** A mutant as a person reads it, and as mutation.config.json names it: its line, and what stands there for what. */
function described(mutant) {
  const { start, end } = mutant.location;
  const lines = readFileSync(mutant.fileName, 'utf8')
    .split('\n')
    .slice(start.line - 1, end.line);
  const line = lines[0].trim();
  lines[lines.length - 1] = lines.at(-1).slice(0, end.column - 1);
  lines[0] = lines[0].slice(start.column - 1);
  const change = `${short(lines.join('\n'))} → ${short(mutant.replacement)}`;
  return { file: fileOf(mutant), at: start.line, line, change, status: mutant.status };
}

const isSame = (entry) => (one) => one.file === entry.file && one.line === entry.line && one.change === entry.change;
const isExplained = (one) => explained.some((entry) => isSame(entry)(one));
const isDetected = ({ status }) => status === 'Killed' || status === 'Timeout';
const isSurvivor = ({ status }) => status === 'Survived' || status === 'NoCoverage';

/** Detected mutants in a hundred of those that can be told. */
function score(mutants) {
  const detected = mutants.filter(isDetected).length;
  const counted = detected + mutants.filter(isSurvivor).length;
  return counted === 0 ? 100 : (100 * detected) / counted;
}

function row(name, mutants) {
  const left = mutants.filter(isSurvivor);
  const counts = [mutants.length, left.length, left.filter(isExplained).length].map((count) => String(count).padStart(5));
  return `${score(mutants).toFixed(1).padStart(6)} % of ${counts[0]} mutants; ${counts[1]} survive, ${counts[2]} of them explained: ${name}`;
}

/** Prints survivors and scores of one argument. @returns whether the score is high enough and nothing is explained in vain. */
async function report(word) {
  const mutants = [];
  for (const run of runsOf(word)) mutants.push(...(await mutantsOf(run)));
  const files = [...new Set(mutants.map(({ file }) => file))].sort();
  for (const { file, at, line, change, status } of mutants.filter((one) => isSurvivor(one) && !isExplained(one)))
    console.log(`${file}:${at} ${status === 'NoCoverage' ? 'reached by no test' : 'survives'}\n    ${line}\n    ${change}`);
  const vain = explained.filter((entry) => files.includes(entry.file) && !mutants.filter(isSurvivor).some(isSame(entry)));
  for (const { file, line, change } of vain) console.log(`${file}: explained in vain, it does not survive\n    ${line}\n    ${change}`);
  for (const file of files)
    console.log(
      row(
        file,
        mutants.filter((one) => one.file === file),
      ),
    );
  console.log(`${row(word, mutants)} (threshold ${threshold} %)`);
  return score(mutants) >= threshold && vain.length === 0;
}

if (asked.length === 0) {
  console.error(`usage: npm run mutate -- [--fresh] [--concurrency n] <${Object.keys(groups).join(' | ')} | file | folder>…`);
  process.exitCode = 2;
}
for (const word of asked) if (!(await report(word))) process.exitCode = 1;
