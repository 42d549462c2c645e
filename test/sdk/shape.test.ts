import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { minify, transform } from '@swc/core';
import * as estree from 'prettier/plugins/estree';
import * as typescript from 'prettier/plugins/typescript';
import { format } from 'prettier/standalone';
import ts from 'typescript';
import { filterText, type FilterBuilder } from '../../sdk/filter';
import { Resource } from '../../sdk/resource';
import { gatewayCatalogue } from '../../src/model/catalogue';
import { clientTypes } from '../../src/model/client-types';

const folder = join(__dirname, '..', '..', 'sdk');
const catalogue = gatewayCatalogue();
const sources = readdirSync(folder).filter((name) => name.endsWith('.ts'));
const source = (name: string): string => readFileSync(join(folder, name), 'utf8');

test('the types are those of the catalogue (node scripts/make-client-types.cjs writes them)', async () => {
  const style = JSON.parse(source('../.prettierrc.json')) as object;
  const made = await format(clientTypes(catalogue), { ...style, parser: 'typescript', plugins: [typescript, estree] });
  expect(source('types.generated.ts') === made).toBe(true);
});

test('no attribute of the catalogue is named like an operation of a resource, which would hide it', () => {
  const operations = new Set(Object.getOwnPropertyNames(Resource.prototype));
  const names = catalogue.resources.flatMap(({ name }) =>
    Object.entries(catalogue.attributesOf(name)).map(([key, { jsonName }]) => jsonName ?? key),
  );
  expect(names.filter((name) => operations.has(name))).toEqual([]);
});

test('the whole is at most 8 kB, minified and packed', async () => {
  const minified = await Promise.all(
    sources.map(async (name) => {
      const { code } = await transform(source(name), { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' } });
      return (await minify(code, { module: true, compress: true, mangle: true })).code;
    }),
  );
  expect(gzipSync(minified.join('\n'), { level: 9 }).length).toBeLessThanOrEqual(8000);
});

test('a bundler may drop what is not used: loading a module does nothing', () => {
  expect(JSON.parse(source('package.json'))).toMatchObject({ sideEffects: false, type: 'module' });
  const acts = sources.flatMap((name) =>
    ts
      .createSourceFile(name, source(name), ts.ScriptTarget.ES2022)
      .statements.filter((statement) => ts.isExpressionStatement(statement) || ts.isIfStatement(statement) || ts.isForStatement(statement))
      .map((statement) => `${name}: ${ts.SyntaxKind[statement.kind]}`),
  );
  expect(acts).toEqual([]);
});

test('it depends on nothing, and only its transport for Node on Node', () => {
  const { dependencies, peerDependencies } = JSON.parse(source('package.json')) as Record<string, unknown>;
  expect([dependencies, peerDependencies]).toEqual([undefined, undefined]);
  for (const name of sources.filter((one) => one !== 'node.ts')) expect([name, /from '(?!\.\/)/.test(source(name))]).toEqual([name, false]);
});

type F = FilterBuilder<'Machine'>;

test.each([
  [(f: F) => f.state.eq('STARTED').and(f.cpu.ge(2)), "state='STARTED' and cpu>=2"],
  [(f: F) => f.state.eq('STARTED').or(f.state.eq('STOPPED')).and(f.cpu.lt(2)), "(state='STARTED' or state='STOPPED') and cpu<2"],
  [(f: F) => f.cpu.lt(2).and(f.state.in('STARTED', 'STOPPED')), "cpu<2 and (state='STARTED' or state='STOPPED')"],
  [(f: F) => f.cpu.lt(2).and(f.cpu.gt(1)).or(f.cpu.le(9)), 'cpu<2 and cpu>1 or cpu<=9'],
  [(f: F) => f.name.ne("o'hara"), "name!='o''hara'"],
  [(f: F) => f.created.gt(new Date(0)), 'created>1970-01-01T00:00:00.000Z'],
  [(f: F) => f.property("it's").eq('me'), "property['it''s']='me'"],
  [(f: F) => f.latestSnapshot.eq({ href: 'machineImages/1' }), "latestSnapshot='machineImages/1'"],
])('a filter is written as the standard has it (%#)', (filter, text) => {
  expect(filterText(filter)).toBe(text);
});
