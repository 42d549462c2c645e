import type { Operation, Value, Values } from '../model/values';
import type { CollectionDocument, Document } from './codec';
import type { CollectionContent, Content, Node, CodecPlan, RefNode, StructNode } from './plan';
import { isByValue, isWriteOnly } from './plan';
import type { DocumentWriter } from './document-writer';
import { isObject, isPresent, itemsOf, operationsOf, textOf } from './value-guards';
import { quote } from './text';
import { quoteUri } from './uris';

/** Writes a value; the empty text where there is nothing to write (5.5.14). */
type Emit = (value: Value, base: string) => string;
/** Writes the members of an object, each with a leading comma. */
type Body = (values: Values, base: string) => string;

interface Compiled {
  body: Body;
}

/** Compiles the JSON writer of every type of the plan. */
export function jsonWriter(plan: CodecPlan): DocumentWriter {
  const compiler = new Compiler(plan);
  const documents = new Map([...plan.resources].map(([type, content]) => [type, compiler.document(content)]));
  const extensions = compiler.object(plan.extensions);
  return {
    document: ({ type, values, operations }, base) => found(documents, type)(values, base, operations),
    open(document, base, some) {
      const { declaration } = found(plan.collections, document.type);
      const id = document.id === undefined ? '' : `,"id":${quoteUri(document.id, base)}`;
      const count = document.count === undefined ? '' : `,"count":${document.count}`;
      const group = some ? `,${quote(declaration.json)}:[` : '';
      return `{"resourceURI":${quote(declaration.typeURI)}${id}${count}${group}`;
    },
    item: (item: Document, base) => found(documents, item.type)(item.values, base, item.operations),
    separator: ',',
    close(document: CollectionDocument, base, some) {
      const end = some ? ']' : '';
      return `${end}${operationsText(document.operations, base)}${document.extensions ? extensions.body(document.extensions, base) : ''}}`;
    },
  };
}

function found<T>(known: ReadonlyMap<string, T>, type: string): T {
  const value = known.get(type);
  if (value === undefined) throw new Error(`no writer for ${type}: the catalogue does not declare it`);
  return value;
}

/** Names of operations as they are written: few, and each in nearly every item of a list. */
const RELS = new Map<string, string>();
const MOST_RELS = 1_000;

function quotedRel(rel: string): string {
  const known = RELS.get(rel);
  if (known !== undefined) return known;
  const quoted = quote(rel);
  if (RELS.size < MOST_RELS) RELS.set(rel, quoted);
  return quoted;
}

function operationsText(operations: readonly Operation[] | undefined, base: string): string {
  if (!operations || operations.length === 0) return '';
  let text = '';
  let last: string | undefined;
  let target = '';
  for (const { rel, href } of operations) {
    // Nearly all have the resource itself as their target.
    if (href !== last) target = quoteUri(href, base);
    last = href;
    text += `,{"rel":${quotedRel(rel)},"href":${target}}`;
  }
  return `,"operations":[${text.slice(1)}]`;
}

class Compiler {
  private readonly objects = new Map<Content, Compiled>();

  constructor(private readonly plan: CodecPlan) {}

  document(content: Content): (values: Values, base: string, operations: readonly Operation[] | undefined) => string {
    const head = `{"resourceURI":${quote(content.typeURI ?? '')}`;
    const object = this.object(content);
    return (values, base, operations) => {
      // Only the id of the Job that was never stored may be empty (D152).
      const id = values['id'] === '' ? ',"id":""' : '';
      return `${head}${id}${object.body(values, base)}${operationsText(operations, base)}}`;
    };
  }

  /** @param inStructure a part that is given by value and says nothing is written there, empty (an inline template, 5.13.3) */
  object(content: Content, inStructure = false): Compiled {
    const known = this.objects.get(content);
    if (known) return known;
    const compiled: Compiled = { body: () => '' };
    this.objects.set(content, compiled);
    const shown = content.members.filter((member) => !isWriteOnly(member));
    const emits = shown.map(({ name, node }) => ({
      ...{ name, key: `,${quote(name)}:`, emit: this.emit(node), byValue: isByValue(node) },
      typed: this.typed(node),
    }));
    compiled.body = (values, base) => {
      let text = '';
      for (const { name, key, emit, byValue, typed } of emits) {
        const value = values[name];
        if (!isPresent(value)) continue;
        const written = (typed?.(values) ?? emit)(value, base);
        if (written !== '') text += key + written;
        else if (inStructure && byValue && isObject(value)) text += `${key}{}`;
      }
      return text;
    };
    return compiled;
  }

  /** Chooses how to write what a sibling says the type of; undefined where it says none that is known. */
  private typed(node: Node): ((values: Values) => Emit | undefined) | undefined {
    if (node.kind !== 'any' || !node.typed) return undefined;
    const { sibling, nodes } = node.typed;
    const emits = new Map([...nodes].map(([type, content]) => [type, this.struct(content)]));
    return (values) => emits.get(textOf(values[sibling] ?? ''));
  }

  private emit(node: Node): Emit {
    switch (node.kind) {
      case 'scalar':
        return scalarEmit(node.type, node.href);
      case 'any':
        return anyText;
      case 'ref':
        return node.bare ? bareText : this.ref(node);
      case 'collection':
        return this.collection(node.of);
      case 'array':
        return this.array(node.item);
      case 'struct':
        return this.struct(node);
      case 'map':
        return mapText;
    }
  }

  private array(item: Node): Emit {
    const emit = this.emit(item);
    return (value, base) => {
      const written = itemsOf(value)
        .map((one) => (isPresent(one) ? emit(one, base) : ''))
        .filter((text) => text !== '');
      return written.length === 0 ? '' : `[${written.join(',')}]`;
    };
  }

  private struct({ content, flattened }: StructNode): Emit {
    const object = this.object(content, true);
    if (!flattened) return (value, base) => (isObject(value) ? braces(object.body(value, base)) : '');
    const { member, ref } = flattened;
    const others = this.object({ ...content, members: content.members.filter((one) => one !== member) });
    const inner = this.refBody(ref);
    return (value, base) => {
      if (!isObject(value)) return '';
      const nested = value[member.name];
      return braces(others.body(value, base) + inner(isObject(nested) ? nested : value, base));
    };
  }

  private ref(node: RefNode): Emit {
    const body = this.refBody(node);
    return (value, base) => {
      if (typeof value === 'string') return value === '' ? '' : `{"href":${quoteUri(value, base)}}`;
      return isObject(value) ? braces(body(value, base)) : '';
    };
  }

  /** The href, then what stands inline: by value, or by `$expand`. */
  private refBody({ target }: RefNode): Body {
    if (!target) return this.openBody();
    const object = this.object(target);
    return (value, base) => hrefText(value, base) + object.body(value, base) + operationsText(operationsOf(value), base);
  }

  /** Opens the body of a reference that may lead anywhere: what stands inline says what it is. */
  private openBody(): Body {
    return (value, base) => {
      const uri = textOf(value['resourceURI'] ?? '');
      const [content, list] = [this.plan.byTypeURI.get(uri), this.plan.collectionsByTypeURI.get(uri)];
      const body = content ? this.object(content).body : list ? this.listBody(list) : undefined;
      if (!body) return hrefText(value, base);
      return `${hrefText(value, base)},"resourceURI":${quote(uri)}${body(value, base)}${operationsText(operationsOf(value), base)}`;
    };
  }

  private collection(list: CollectionContent): Emit {
    const body = this.listBody(list);
    return (value, base) => {
      if (!isObject(value)) return '';
      return braces(hrefText(value, base) + body(value, base) + operationsText(operationsOf(value), base));
    };
  }

  private listBody({ declaration, item }: CollectionContent): Body {
    const object = this.object(item);
    const one = (value: Value, base: string) =>
      isObject(value)
        ? `{"resourceURI":${quote(item.typeURI ?? '')}${object.body(value, base)}${operationsText(operationsOf(value), base)}}`
        : '';
    return (value, base) => {
      const { id, count } = value;
      let text = typeof id === 'string' ? `,"id":${quoteUri(id, base)}` : '';
      if (typeof count === 'number') text += `,"count":${count}`;
      const items = itemsOf(value[declaration.json])
        .map((entry) => one(entry, base))
        .filter((written) => written !== '');
      return items.length > 0 ? `${text},${quote(declaration.json)}:[${items.join(',')}]` : text;
    };
  }
}

const hrefText = ({ href }: Values, base: string): string => (typeof href === 'string' ? `,"href":${quoteUri(href, base)}` : '');

const braces = (body: string): string => (body === '' ? '' : `{${body.slice(1)}}`);

function scalarEmit(type: string, href: boolean): Emit {
  if (href) return (value, base) => `{"href":${quoteUri(textOf(value), base)}}`;
  if (type === 'uri') return (value, base) => (value === '' ? '' : quoteUri(textOf(value), base));
  if (type === 'integer' || type === 'boolean')
    return (value) => (typeof value === 'number' || typeof value === 'boolean' ? String(value) : '');
  return (value) => (value === '' ? '' : quote(textOf(value)));
}

const bareText: Emit = (value, base) => {
  const href = isObject(value) ? value['href'] : value;
  return typeof href === 'string' ? quoteUri(href, base) : '';
};

const mapText: Emit = (value) => {
  if (!isObject(value)) return '';
  const entries = Object.keys(value).filter((key) => isPresent(value[key]));
  return entries.length === 0 ? '' : `{${entries.map((key) => `${quote(key)}:${quote(textOf(value[key] ?? ''))}`).join(',')}}`;
};

/** Any JSON as it is, hrefs made absolute. */
function anyText(value: Value, base: string): string {
  if (typeof value === 'string') return quote(value);
  if (Array.isArray(value))
    return `[${itemsOf(value)
      .map((one) => anyText(one ?? null, base))
      .join(',')}]`;
  if (!isObject(value)) return typeof value === 'number' && !Number.isFinite(value) ? 'null' : String(value);
  const written = Object.keys(value).flatMap((key) => {
    const one = value[key];
    if (one === undefined) return [];
    return `${quote(key)}:${key === 'href' && typeof one === 'string' ? quoteUri(one, base) : anyText(one, base)}`;
  });
  return `{${written.join(',')}}`;
}
