import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { gatewayCatalogue } from '../../src/model/catalogue';
import { CIMI } from '../../src/model/define';
import { resourceHandlers } from '../../src/operations/handlers';
import { withSystems } from '../../src/systems/handlers';
import { offersOf } from '../../src/operations/offers';
import { checker, documentOf, type Document } from './schemas';

const catalogue = gatewayCatalogue();
const whole = documentOf(catalogue);
const offered = documentOf(catalogue, { offers: offersOf(catalogue, withSystems(resourceHandlers(), catalogue)) });

function verdict(document: object): string {
  const script = join(__dirname, '../../scripts/check-openapi.mjs');
  return execFileSync(process.execPath, [script], { input: JSON.stringify(document), encoding: 'utf8' });
}

test.each([
  ['everything that is declared', whole],
  ['what this gateway offers', offered],
])('the document of %s is valid OpenAPI 3.1', (_, document) => {
  expect(verdict(document)).toContain('valid, OpenAPI 3.1');
});

test('a document that is not valid is found', () => {
  expect(() => verdict({ ...whole, paths: 'none' })).toThrow();
});

const refsOf = (document: Document) => [...new Set(JSON.stringify(document).match(/"#\/[^"]*"/g))].map((ref) => JSON.parse(ref) as string);
const at = (document: Document, ref: string): unknown =>
  ref
    .slice(2)
    .split('/')
    .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], document);

test.each([whole, offered])('every reference leads somewhere, every operationId is there once', (document) => {
  expect(refsOf(document).filter((ref) => at(document, ref) === undefined)).toEqual([]);
  const ids = Object.values(document.paths).flatMap((path) => Object.values(path).flatMap(({ operationId }) => operationId ?? []));
  expect(new Set(ids).size).toBe(ids.length);
});

test('every type and collection has a schema, every attribute a property with its clause', () => {
  const schemas = whole.components['schemas'] ?? {};
  for (const { name } of [...catalogue.resources, ...catalogue.collections]) expect(Object.keys(schemas)).toContain(name);
  for (const { name } of catalogue.resources) {
    const properties = schemas[name]?.['properties'] as Record<string, { description?: string }>;
    for (const [key, attribute] of Object.entries(catalogue.attributesOf(name))) {
      expect(properties[attribute.jsonName ?? key]?.description).toMatch(/\((5\.\d+|extension)/);
    }
  }
});

test('what can be watched has its stream, the way to go on with it and the wait for news; nothing else has', () => {
  const keysOf = (part: unknown): string[] => Object.keys((part ?? {}) as object);
  const streams = Object.entries(whole.paths).filter(([, { get }]) =>
    keysOf(get?.responses['200']?.['content']).includes('text/event-stream'),
  );
  expect(streams.map(([path]) => path)).toEqual(['/eventLogs/{eventLogId}/events']);
  const [[, { get }] = ['', {}]] = streams;
  const parameters = (get?.parameters ?? []).map(({ $ref }) => String($ref).split('/').at(-1));
  expect(parameters).toEqual(expect.arrayContaining(['filter', 'preferNews', 'lastEventId']));
  expect(keysOf(get?.responses['200']?.['headers'])).toContain('Preference-Applied');
});

test('types, units, enumerations and access are told', () => {
  const properties = (name: string) => whole.components['schemas']?.[name]?.['properties'] as Record<string, object>;
  expect(properties('Machine')).toMatchObject({
    state: { type: 'string', enum: expect.arrayContaining(['STARTED']) as unknown, readOnly: true },
    memory: { type: 'integer', 'x-unit': 'kibibyte' },
    created: { format: 'date-time' },
  });
  expect(properties('Machine').memory).not.toHaveProperty('readOnly');
  expect(properties('Credential').password).toMatchObject({ type: 'string', writeOnly: true });
  expect(properties('Job').progress).toMatchObject({ minimum: 0, maximum: 100 });
});

test('what is not offered has no path; what cannot be done has no method', () => {
  const offeredPaths = Object.keys(offered.paths);
  expect(offeredPaths).toContain('/machines/{machineId}');
  expect(offeredPaths).toEqual(expect.arrayContaining(['/systems', '/machines/{machineId}/disks/{diskId}']));
  expect(offeredPaths).toEqual(expect.arrayContaining(['/machines/{machineId}/meters', '/meters/{meterId}/samples/{sampleId}']));
  expect(offeredPaths).not.toContain('/machines/{machineId}/meters/{meterId}');
  expect(Object.keys(whole.paths)).toEqual(
    expect.arrayContaining(['/systems', '/machines/{machineId}/disks/{diskId}', '/meters/{meterId}/samples']),
  );
  const methods = (path: string) => Object.keys(offered.paths[path] ?? {}).filter((key) => ['get', 'put', 'post', 'delete'].includes(key));
  expect(methods('/machines')).toEqual(['get', 'post']);
  expect(methods('/machines/{machineId}')).toEqual(['get', 'put', 'delete', 'post']);
  expect(methods('/networks')).toEqual(['get', 'post']);
  expect(methods('/networks/{networkId}/networkPorts')).toEqual(['get']);
  expect(methods('/cloudEntryPoint')).toEqual(['get']);
  expect(methods('/jobs')).toEqual(['get']);
});

test('single clouds are a server, not paths of their own, and none is named', () => {
  expect(offered.servers.map(({ url }) => url)).toEqual(['http://cimi.example.com/cimi', 'http://cimi.example.com/cimi/clouds/{cloud}']);
  expect(Object.keys(offered.paths).filter((path) => path.includes('clouds'))).toEqual(['/clouds', '/clouds/{cloudId}']);
});

test('an action is asked for by its URI, with its own parameters and no others', () => {
  const check = checker(offered)({ $ref: '#/components/schemas/MachineAction' });
  expect(check({ resourceURI: `${CIMI}/Action`, action: `${CIMI}/action/stop`, force: true })).toBeUndefined();
  expect(check({ action: `${CIMI}/action/start`, force: true })).toBeDefined();
  expect(check({ action: `${CIMI}/action/fly` })).toBeDefined();
  expect(check({ action: `${CIMI}/action/restore` })).toContain('image');
  expect(check({ action: `${CIMI}/action/restore`, image: 'machineImages/1' })).toBeUndefined();
});

test('a create names its template by reference, by value, or by reference with overrides and erasures', () => {
  const check = checker(offered)({ $ref: '#/components/schemas/MachineCreate' });
  expect(check({ resourceURI: `${CIMI}/MachineCreate`, machineTemplate: { href: 'machineTemplates/1' } })).toBeUndefined();
  const byValue = { machineConfig: { cpu: 2, memory: 4096 }, machineImage: { href: 'machineImages/1' } };
  expect(check({ name: 'm', properties: { a: 'b' }, machineTemplate: byValue })).toBeUndefined();
  expect(check({ machineTemplate: { href: 'machineTemplates/1', initialState: 'STOPPED', credential: null } })).toBeUndefined();
  expect(check({ name: 'm' })).toContain('machineTemplate');
  expect(check({ machineTemplate: { machineConfig: { cpu: 'two' } } })).toBeDefined();
});

/** Every schema object of a document, however deep. */
function* objectsOf(value: unknown): Generator<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) yield value as Record<string, unknown>;
  for (const one of Object.values(value)) yield* objectsOf(one);
}

test('generators can take it: enum beside const, each title once, a discriminator where one of several bodies is asked for', () => {
  const schemas = whole.components['schemas'] ?? {};
  const described = Object.values(schemas).flatMap((schema) => [...objectsOf((schema as Record<string, unknown>)['properties'])]);
  const constants = described.filter((one) => typeof one['const'] === 'string');
  expect(constants.length).toBeGreaterThan(100);
  for (const one of constants) expect(one['enum']).toEqual([one['const']]);

  const titles = Object.values(schemas).flatMap((schema) => ('title' in schema ? [schema['title']] : []));
  expect(titles.length).toBeGreaterThan(10);
  expect(new Set(titles).size).toBe(titles.length);

  const choices = [...objectsOf(whole)].filter((one) => Array.isArray(one['oneOf']));
  expect(choices.length).toBeGreaterThan(2);
  for (const { oneOf, discriminator } of choices as { oneOf: Record<string, string>[]; discriminator: Record<string, unknown> }[]) {
    expect(discriminator['propertyName']).toBe('action');
    const mapping = discriminator['mapping'] as Record<string, string>;
    expect(Object.values(mapping)).toEqual(oneOf.map(({ $ref }) => $ref));
    for (const [uri, ref] of Object.entries(mapping))
      expect((at(whole, ref) as { properties: Record<string, object> }).properties['action']).toMatchObject({ const: uri });
  }
});

test('null beside href stands for nothing in a request, as generated clients send it, and is in no answer', () => {
  const schemas = whole.components['schemas'] ?? {};
  const hrefOf = (name: string) => (schemas[name] as { properties: { href: object } }).properties.href;
  expect(hrefOf('InputReference')).toMatchObject({ type: ['string', 'null'] });
  expect(hrefOf('Reference')).toMatchObject({ type: 'string' });
  expect(
    checker(whole)({ $ref: '#/components/schemas/MachineTemplateInputReference' })({ href: null, name: null, userData: 'a' }),
  ).toBeUndefined();
});
