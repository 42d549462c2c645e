// Makes test/facts/facts.json, against which the catalogue is compared, from a machine-readable extract of DSP0263:
//   node scripts/make-facts.mjs [model.json]
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const source = process.argv[2] ?? here('../../shared/spec/model.json');
const target = here('../test/facts/facts.json');
const model = JSON.parse(readFileSync(source, 'utf8'));

const KEPT = [
  'name',
  'type',
  'itemType',
  'refType',
  'inlineType',
  'itemName',
  'xmlForm',
  'jsonName',
  'unit',
  'values',
  'valuesOpen',
  'minimum',
  'maximum',
];
const pick = (from, names) => Object.fromEntries(names.filter((name) => from[name] !== undefined).map((name) => [name, from[name]]));

function attribute(from) {
  return {
    ...pick(from, KEPT),
    provider: `${from.provider.support} ${from.provider.mutability}`,
    ...(from.providerSecondary && { providerSecondary: `${from.providerSecondary.support} ${from.providerSecondary.mutability}` }),
    consumer: `${from.consumer.support} ${from.consumer.access}`,
    ...(from.fields && { fields: from.fields.map(attribute) }),
  };
}

function type(name, from) {
  return {
    name,
    ...pick(from, ['typeURI', 'clause', 'table', 'primary', 'commonAttributes', 'xmlOrder', 'operations']),
    attributes: [...from.attributes, ...(from.extensionAttributes ?? [])].map(attribute),
    create: from.createVia && { collection: from.createVia.collection, template: from.createVia.requires },
  };
}

function actionOf(uri, from) {
  const input = from.input.filter(({ name }) => name !== 'properties');
  return {
    uri,
    ...pick(from, ['on', 'kind', 'clause', 'transitional', 'final', 'performedOn', 'fromStated']),
    input: input.map((parameter) => pick(parameter, ['name', 'type', 'required', 'refType'])),
  };
}

const facts = {
  document: model.source.document,
  units: model.units,
  commonAttributes: model.commonAttributes.map(attribute),
  types: Object.entries(model.types).map(([name, from]) => type(name, from)),
  collections: Object.entries(model.collections).map(([name, from]) => ({
    name,
    ...pick(from, [
      'typeURI',
      'clause',
      'itemType',
      'jsonGroupName',
      'xmlItemName',
      'operations',
      'cepAttribute',
      'owner',
      'ownerAttribute',
      'addRequires',
    ]),
  })),
  actions: Object.entries(model.actions).flatMap(([uri, all]) => all.map((from) => actionOf(uri, from))),
  stateMachines: Object.fromEntries(
    Object.entries(model.stateMachines).map(([name, from]) => [
      name,
      {
        ...pick(from, ['states', 'transitional', 'initialDefault']),
        transitions: from.transitions.map((t) => pick(t, ['op', 'from', 'via', 'to'])),
      },
    ]),
  ),
  capabilities: model.capabilities.map((from) => pick(from, ['resource', 'name', 'type', 'uri', 'unit', 'values', 'implies'])),
};

writeFileSync(target, await format(JSON.stringify(facts), { ...(await resolveConfig(target)), filepath: target }));
