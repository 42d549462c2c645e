import type { Catalogue } from '../model/catalogue';
import type { Attribute, Attributes, ItemType } from '../model/define';
import type { Value, Values } from '../model/values';
import type { NewResourceRow } from '../store/store';
import {
  Refusal,
  type CreateRequest,
  type ResourceHandler,
  type Found,
  type ChangePlan,
  type PlanContext,
  type UpdateRequest,
} from './resource-handler';
import { isSame } from './value-equality';
import { refuseUnsupported } from './supported';

/**
 * Handler of what the gateway owns wholly (templates, configurations, …): a row, nothing at any provider. Every change is finished
 * in the accepting transaction.
 */
export function storedHandler(type: string, more: Partial<ResourceHandler> = {}): ResourceHandler {
  return {
    type,
    stored: true,
    create: (context, request) => planStoredCreate(type, context, request),
    update: planStoredUpdate,
    remove: planStoredRemove,
    offered: storedOffered,
    ...more,
  };
}

/** Operations of a row that is all there is of the resource: everything, whenever no Job holds it. */
export function storedOffered(found: Found, catalogue: Catalogue): string[] {
  if (found.held || !found.row) return [];
  return [...catalogue.resource(found.type).operations];
}

/** Plans a new row. Write-only attributes go where they are encrypted. */
export async function planStoredCreate(type: string, context: PlanContext, { values, collection }: CreateRequest): Promise<ChangePlan> {
  const path = `${context.catalogue.pathOf(type)}/${context.newId()}`;
  refuseUnsupported(context, type, values);
  await checkReferences(context, type, values);
  const { open, secret } = split(context.catalogue, type, dropNulls(values));
  const row: NewResourceRow = {
    path,
    type,
    tenant: context.principal.tenant,
    cloud: null,
    providerKey: null,
    owner: null,
    state: null,
    values: open,
    secrets: Object.keys(secret).length > 0 ? secret : null,
    internal: {},
  };
  return { target: collection, affected: [collection, path], insert: [row], statusMessage: 'Created', location: path };
}

export async function planStoredUpdate(context: PlanContext, found: Found, request: UpdateRequest): Promise<ChangePlan> {
  const row = found.row;
  if (!row) throw new Refusal(405, `${found.path} belongs to its provider and cannot be changed`);
  // What stands there already is not judged again: what was read can be sent back.
  const brought = Object.fromEntries(Object.entries(request.set).filter(([name, value]) => !isSame(value, row.values[name])));
  refuseUnsupported(context, found.type, brought);
  await checkReferences(context, found.type, request.set, row.values);
  const { open, secret } = split(context.catalogue, found.type, request.set);
  const values: Values = { ...row.values, ...open };
  const secrets: Values = { ...row.secrets };
  // What a reference hides goes with it: it was given for the former one.
  for (const name of Object.keys(open)) if (!sameBearer(open[name], row.values[name])) delete secrets[name];
  Object.assign(secrets, secret);
  for (const name of request.erase) {
    delete values[name];
    delete secrets[name];
  }
  const change = { values, secrets: Object.keys(secrets).length > 0 ? secrets : null, explicit: true };
  return {
    target: found.path,
    affected: [found.path],
    change: [{ path: found.path, version: row.version, change }],
    statusMessage: 'Updated',
  };
}

export async function planStoredRemove(_context: PlanContext, found: Found): Promise<ChangePlan> {
  if (!found.row) throw new Refusal(405, `${found.path} belongs to its provider and cannot be deleted`);
  return { target: found.path, affected: [found.path], remove: [found.path], statusMessage: 'Deleted' };
}

/** Separates write-only attributes, at the top and at any depth of what stands by value, from what may be shown. */
export function split(catalogue: Catalogue, type: string, values: Values): { open: Values; secret: Values } {
  return splitBy(catalogue, catalogue.attributesOf(type), values);
}

function splitBy(catalogue: Catalogue, declared: Attributes, values: Values): { open: Values; secret: Values } {
  const open: Values = {};
  const secret: Values = {};
  for (const [name, value] of Object.entries(values)) {
    const attribute = declared[name];
    if (value === undefined || !attribute) continue;
    if (attribute.consumer.endsWith('write-only') || attribute.confidential) {
      secret[name] = value;
      continue;
    }
    const part = splitValue(catalogue, attribute, value);
    open[name] = part.open;
    if (part.secret) secret[name] = part.secret as Value;
  }
  return { open, secret };
}

/** Splits a value; the hidden parts of an array stand under their places. */
function splitValue(catalogue: Catalogue, kind: Attribute | ItemType, value: Value): { open: Value; secret?: Values } {
  if (kind.kind === 'array' && Array.isArray(value)) {
    const parts = value.map((entry) => splitValue(catalogue, kind.item, entry as Value));
    const hidden = parts.flatMap(({ secret }, index) => (secret ? [[String(index), secret as Value] as const] : []));
    return { open: parts.map(({ open }) => open), ...(hidden.length > 0 ? { secret: Object.fromEntries(hidden) } : {}) };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { open: value };
  const given = value as Values;
  const inline = kind.kind === 'ref' ? (kind.inline ?? []) : [];
  const parts = kind.kind === 'struct' ? [splitBy(catalogue, kind.fields, given)] : inline.map((other) => split(catalogue, other, given));
  const secret: Values = Object.assign({}, ...parts.map((part) => part.secret));
  if (Object.keys(secret).length === 0) return { open: value };
  const open: Values = { ...given };
  for (const name of Object.keys(secret)) {
    const shown = parts.find((part) => part.secret[name] !== undefined)?.open[name];
    if (shown === undefined) delete open[name];
    else open[name] = shown;
  }
  return { open: open as Value, secret };
}

/** Values with the secrets laid back into them, for use inside the gateway only. */
export function joined(values: Values, secrets: Values | null): Values {
  const whole: Values = { ...values };
  for (const [name, hidden] of Object.entries(secrets ?? {})) {
    const shown = whole[name];
    const nested = isRecord(hidden) && typeof shown === 'object' && shown !== null;
    if (!nested) whole[name] = hidden;
    else if (Array.isArray(shown)) whole[name] = shown.map((entry, index) => joinedEntry(entry as Value, hidden[String(index)]));
    else whole[name] = joined(shown as Values, hidden) as Value;
  }
  return whole;
}

function joinedEntry(shown: Value, hidden: Value | undefined): Value {
  return isRecord(shown) && isRecord(hidden) ? (joined(shown, hidden) as Value) : shown;
}

function isRecord(value: Value | undefined): value is Values & Value {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function hrefOf(value: Value | undefined): string | undefined {
  return typeof value === 'object' && value !== null && 'href' in value && typeof value.href === 'string' ? value.href : undefined;
}

/**
 * Tells whether the hidden part of a value stays with it: of a reference as long as it leads to the same, of a list as long as it
 * says the same.
 */
function sameBearer(now: Value | undefined, before: Value | undefined): boolean {
  if (Array.isArray(now) || Array.isArray(before)) return isSame(now, before);
  return hrefOf(now) === hrefOf(before);
}

/**
 * References that this request brings must lead somewhere the caller can see; those that stood there before may have
 * lost their target since. @throws Refusal 400 naming the attribute.
 */
async function checkReferences(context: PlanContext, type: string, values: Values, former: Values = {}): Promise<void> {
  const declared = context.catalogue.attributesOf(type);
  for (const [name, value] of Object.entries(values)) {
    const attribute = declared[name];
    if (!attribute) continue;
    const before = new Set(referencesIn(attribute, former[name], name).map(({ href }) => href));
    for (const { href, to, at } of referencesIn(attribute, value, name)) {
      if (!before.has(href)) await context.resolve(href, to === '*' ? (context.catalogue.locate(href)?.type ?? '*') : to, at);
    }
  }
}

interface Reference {
  href: string;
  to: string;
  /** Place, for error words. */
  at: string;
}

/** References in a value, also in lists and structures; those of what stands by value are looked at when it is used. */
function referencesIn(kind: Attribute | ItemType, value: Value | undefined, at: string): Reference[] {
  if (kind.kind === 'array') {
    return Array.isArray(value) ? value.flatMap((entry, index) => referencesIn(kind.item, entry as Value, `${at}[${index}]`)) : [];
  }
  const href = hrefOf(value);
  if (kind.kind === 'ref') return href === undefined ? [] : [{ href, to: kind.to, at }];
  if (kind.kind !== 'struct' || !isRecord(value)) return [];
  return Object.entries(kind.fields).flatMap(([name, field]) => referencesIn(field, value[name], `${at}.${name}`));
}

function dropNulls(values: Values): Values {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));
}

/** Names of attributes whose values must never appear in words, logs or Redis: write-only and confidential ones. */
export function confidentialNames(catalogue: Catalogue): Set<string> {
  const names = new Set<string>();
  for (const { name: type } of catalogue.resources) {
    for (const [name, attribute] of Object.entries(catalogue.attributesOf(type))) {
      if (attribute.consumer.endsWith('write-only') || attribute.confidential) names.add(name);
    }
  }
  return names;
}
