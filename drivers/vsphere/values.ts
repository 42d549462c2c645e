import { METHODS, type MethodName, serviceOf } from './methods';
import { type Declared, type Parameters, type Ref, type Result, TYPES, type TypeName } from './types';
import { escape, type Node } from './xml';
import { writeRaw } from './raw';

/** Typed values ↔ XML, by the declared table. */

type Members = Readonly<Record<string, string>>;
/** A declared value as data. */
type Loose = { readonly [member: string]: unknown };

/** Simple types that may stand where the API says "any", as XML Schema names them. */
const SIMPLE: Readonly<Record<string, string>> = {
  string: 'string',
  anyURI: 'string',
  int: 'int',
  short: 'int',
  byte: 'int',
  long: 'long',
  double: 'long',
  float: 'long',
  boolean: 'boolean',
  dateTime: 'dateTime',
  ManagedObjectReference: 'ref',
};

function membersOf(name: string | undefined): Members | undefined {
  return name !== undefined && Object.hasOwn(TYPES, name) ? TYPES[name as TypeName] : undefined;
}

/** The body of a request: the method's element with the object and its parameters in their order. */
export function writeCall<M extends MethodName>(method: M, self: Ref, parameters: Parameters<M>): string {
  const takes: Members = METHODS[method].takes;
  const given = parameters as Loose;
  const inner = Object.entries(takes).map(([name, type]) => writeMember(name, type, given[name]));
  return `<${method} xmlns="urn:${serviceOf(method) ?? 'vim25'}">${writeMember('_this', 'ref', self)}${inner.join('')}</${method}>`;
}

function writeMember(name: string, type: string, value: unknown): string {
  if (value === undefined) return '';
  if (type.endsWith('[]')) return (value as readonly unknown[]).map((each) => writeMember(name, type.slice(0, -2), each)).join('');
  if (type === 'ref') {
    const ref = value as Ref;
    return `<${name} type="${escape(ref.type)}">${escape(ref.value)}</${name}>`;
  }
  if (type === 'any') return writeAny(name, value);
  if (type === 'xml') return writeRaw(name, value as Node);
  const declared = membersOf(type);
  if (!declared) return `<${name}>${escape(String(value))}</${name}>`;
  const { $type: actual = type, ...loose } = value as Loose & { $type?: string };
  const members = membersOf(actual);
  if (!members) throw new Error(`the type ${actual} is not declared`);
  const inner = Object.entries(members).map(([member, of]) => writeMember(member, of, loose[member]));
  return `<${name}${actual === type ? '' : ` xsi:type="${actual}"`}>${inner.join('')}</${name}>`;
}

/** Writes a value where the API takes any type: the driver gives texts alone. */
function writeAny(name: string, value: unknown): string {
  if (typeof value !== 'string') throw new Error(`${name}: only texts are written here`);
  return `<${name} xsi:type="xsd:string">${escape(value)}</${name}>`;
}

/** Reads what a method returned, from its response element. */
export function readResult<M extends MethodName>(method: M, response: Node): Result<M> {
  return readMember(METHODS[method].returns, named(response, 'returnval')) as Result<M>;
}

/** A value of a declared type from its element. */
export function readAs<D extends string>(type: D, node: Node): Declared<D> {
  return readMember(type, [node]) as Declared<D>;
}

const named = (node: Node, name: string): Node[] => node.children.filter((each) => each.name === name);

function readMember(type: string, nodes: readonly Node[]): unknown {
  if (type.endsWith('[]')) return nodes.map((node) => readOne(type.slice(0, -2), node)).filter((each) => each !== undefined);
  const [node] = nodes;
  return node === undefined || type === 'none' ? undefined : readOne(type, node);
}

const BOOLEANS: Readonly<Record<string, boolean>> = { true: true, 1: true, false: false, 0: false };

/** Reads a number; undefined (not zero) for a text that is none. */
function numberOf(text: string): number | undefined {
  const value = Number(text);
  return text.trim() === '' || !Number.isFinite(value) ? undefined : value;
}

function readOne(type: string, node: Node): unknown {
  switch (type) {
    case 'string':
    case 'dateTime':
      return node.text;
    case 'int':
    case 'long':
      return numberOf(node.text);
    case 'boolean':
      return BOOLEANS[node.text];
    case 'ref':
      return node.text === '' ? undefined : ({ type: node.type ?? '', value: node.text } satisfies Ref);
    case 'any':
      return readAny(node);
    case 'xml':
      return node;
    default:
      return readTyped(type, node);
  }
}

/** Reads by the xsi:type; of a type that is not declared only the text is left (enumerations among them). */
function readAny(node: Node): unknown {
  const actual = node.xsiType ?? 'string';
  const simple = SIMPLE[actual];
  if (simple !== undefined) return readOne(simple, node);
  if (actual.startsWith('ArrayOf')) {
    const item = actual.slice('ArrayOf'.length);
    return node.children.map((each) => readItem(item, each)).filter((each) => each !== undefined);
  }
  return membersOf(actual) ? readTyped(actual, node) : node.text;
}

function readItem(item: string, node: Node): unknown {
  if (item === 'ManagedObjectReference') return readOne('ref', node);
  return membersOf(item) ? readTyped(item, node) : readAny(node);
}

/** A subtype that is not declared is read as what it is a subtype of, and keeps its name. */
function readTyped(type: string, node: Node): unknown {
  const members = membersOf(node.xsiType) ?? membersOf(type) ?? {};
  const value: Record<string, unknown> = { $type: node.xsiType ?? type };
  const byName = new Map<string, Node[]>();
  for (const each of node.children) {
    const same = byName.get(each.name);
    if (same) same.push(each);
    else byName.set(each.name, [each]);
  }
  for (const [name, of] of Object.entries(members)) {
    const nodes = byName.get(name);
    if (nodes) value[name] = readMember(of, nodes);
  }
  return value;
}
