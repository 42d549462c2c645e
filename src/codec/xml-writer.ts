import { CIMI, EXTENSION } from '../model/define';
import type { Operation, Value, Values } from '../model/values';
import type { Document } from './codec';
import { isObject, isPresent, itemsOf, operationsOf, textOf } from './loose';
import type { CollectionContent, Content, Member, Node, Plan, RefNode, Scalar, StructNode } from './plan';
import { isWriteOnly } from './plan';
import { escapeAttribute, escapeText, isElementName } from './text';
import { absolute } from './uris';
import type { DocumentWriter } from './document-writer';

/** What a value puts into its element: attributes, each with a leading blank, and content. */
interface Parts {
  attributes: string;
  content: string;
}
/** Writes a value as elements of a name; the empty text where there is nothing to write (5.5.14). */
type Elements = (name: string, value: Value, base: string, extra: string) => string;
/** Writes what stands inside an element. */
type Inside = (values: Values, base: string, operations: readonly Operation[]) => Parts;

interface Compiled {
  inside: Inside;
}

const HEADER = '<?xml version="1.0" encoding="UTF-8"?>\n';
const NAMESPACE = ` xmlns="${CIMI}"`;
const OURS = ` xmlns="${EXTENSION}"`;

/** Compiles the XML writer of every type of the plan. */
export function xmlWriter(plan: Plan): DocumentWriter {
  const compiler = new Compiler(plan);
  const objects = new Map([...plan.resources].map(([type, content]) => [type, compiler.object(content)]));
  const extensions = compiler.object(plan.extensions);
  const write = (name: string, { type, values, operations }: Document, base: string, namespace: string) => {
    const { inside } = found(objects, type);
    const { attributes, content } = inside(values, base, operations ?? []);
    // Only the id of the Job that was never stored may be empty (D152).
    return element(name, namespace + attributes, values['id'] === '' ? `<id/>${content}` : content);
  };
  return {
    document: (document, base) => HEADER + write(document.type, document, base, NAMESPACE),
    open({ type, id, count }, base) {
      const { declaration } = found(plan.collections, type);
      const self = id === undefined ? '' : `<id>${escapeText(absolute(id, base))}</id>`;
      return `${HEADER}<Collection resourceURI="${declaration.typeURI}"${NAMESPACE}>${self}${count === undefined ? '' : `<count>${count}</count>`}`;
    },
    item: (item, base) => write(item.type, item, base, ''),
    separator: '',
    close: ({ operations, extensions: ours }, base) =>
      `${operationElements(operations ?? [], base)}${ours ? extensions.inside(ours, base, []).content : ''}</Collection>`,
  };
}

function found<T>(known: ReadonlyMap<string, T>, type: string): T {
  const value = known.get(type);
  if (value === undefined) throw new Error(`no writer for ${type}: the catalogue does not declare it`);
  return value;
}

function element(name: string, attributes: string, content: string): string {
  return content === '' ? `<${name}${attributes}/>` : `<${name}${attributes}>${content}</${name}>`;
}

function operationElements(operations: readonly Operation[], base: string): string {
  let text = '';
  let last: string | undefined;
  let target = '';
  for (const { rel, href } of operations) {
    if (href !== last) target = hrefAttribute(href, base);
    last = href;
    text += `<operation rel="${escapeAttribute(rel)}"${target}/>`;
  }
  return text;
}

const hrefAttribute = (href: string, base: string): string => ` href="${escapeAttribute(absolute(href, base))}"`;

class Compiler {
  private readonly objects = new Map<Content, Compiled>();

  constructor(private readonly plan: Plan) {}

  object(content: Content): Compiled {
    const known = this.objects.get(content);
    if (known) return known;
    const compiled: Compiled = { inside: () => ({ attributes: '', content: '' }) };
    this.objects.set(content, compiled);
    const shown = content.xmlMembers.filter((member) => member === 'operations' || !isWriteOnly(member));
    const place = shown.indexOf('operations');
    const isAttribute = (member: Member | 'operations'): member is Member => member !== 'operations' && member.form === 'attribute';
    const own = this.attributes(shown.filter(isAttribute).filter(({ parent }) => parent === undefined));
    const nested = [...content.parents].map((name) => ({
      name,
      write: this.attributes(shown.filter(isAttribute).filter(({ parent }) => parent === name)),
    }));
    const before = this.elements(shown.slice(0, place));
    const after = this.elements(shown.slice(place + 1));
    compiled.inside = (values, base, operations) => {
      let inner = before(values, base);
      for (const { name, write } of nested) {
        const written = write(values, base);
        if (written !== '') inner += `<${name}${written}/>`;
      }
      if (operations.length > 0) inner += operationElements(operations, base);
      return { attributes: own(values, base), content: inner + after(values, base) };
    };
    return compiled;
  }

  private attributes(members: readonly Member[]): (values: Values, base: string) => string {
    const emits = members.map(({ name, xml, node }) => ({ name, head: ` ${xml}="`, isUri: node.kind === 'scalar' && node.type === 'uri' }));
    return (values, base) => {
      let text = '';
      for (const { name, head, isUri } of emits) {
        const value = values[name];
        if (!isPresent(value) || value === '') continue;
        text += `${head}${escapeAttribute(isUri ? absolute(textOf(value), base) : textOf(value))}"`;
      }
      return text;
    };
  }

  private elements(members: readonly (Member | 'operations')[]): (values: Values, base: string) => string {
    const emits = members
      .filter((member): member is Member => member !== 'operations' && member.form !== 'attribute')
      .map(({ name, xml, form, node, extension }) => ({
        name,
        xml,
        extra: extension ? OURS : '',
        emit: form === 'content' ? contentOf(node) : this.emit(node),
      }));
    return (values, base) => {
      let text = '';
      for (const { name, xml, extra, emit } of emits) {
        const value = values[name];
        if (isPresent(value)) text += emit(xml, value, base, extra);
      }
      return text;
    };
  }

  private emit(node: Node): Elements {
    switch (node.kind) {
      case 'scalar':
        return scalarElements(node);
      case 'any':
        return anyElements;
      case 'ref':
        return this.ref(node);
      case 'collection':
        return this.collection(node.of);
      case 'array': {
        const emit = this.emit(node.item);
        return (name, value, base, extra) => {
          let text = '';
          for (const one of itemsOf(value)) if (isPresent(one)) text += emit(name, one, base, extra);
          return text;
        };
      }
      case 'struct':
        return this.struct(node);
      case 'map':
        return mapElements(node.keyName);
    }
  }

  private struct({ content, flattened }: StructNode): Elements {
    if (!flattened) {
      const object = this.object(content);
      return (name, value, base, extra) => {
        const { attributes, content: inner } = object.inside(isObject(value) ? value : {}, base, []);
        return attributes === '' && inner === '' ? '' : element(name, extra + attributes, inner);
      };
    }
    const { member, ref } = flattened;
    const others = this.object({ ...content, xmlMembers: content.xmlMembers.filter((one) => one !== member) });
    const inside = this.refInside(ref);
    return (name, value, base, extra) => {
      if (!isObject(value)) return '';
      const nested = value[member.name];
      const own = others.inside(value, base, []);
      const referred = inside(isObject(nested) ? nested : value, base, []);
      const [attributes, inner] = [own.attributes + referred.attributes, own.content + referred.content];
      return attributes === '' && inner === '' ? '' : element(name, extra + attributes, inner);
    };
  }

  private ref(node: RefNode): Elements {
    const inside = this.refInside(node);
    return (name, value, base, extra) => {
      const { attributes, content } = inside(isObject(value) ? value : { href: textOf(value) }, base, []);
      return attributes === '' && content === '' ? '' : element(name, extra + attributes, content);
    };
  }

  /** The href, then what stands inline: by value, or by `$expand`. */
  private refInside({ target }: RefNode): Inside {
    const declared = target && this.object(target);
    return (values, base) => {
      const { href } = values;
      const attributes = typeof href === 'string' && href !== '' ? hrefAttribute(href, base) : '';
      const object = declared ?? this.byTypeURI(values);
      if (!object) return { attributes, content: '' };
      const inner = object.inside(values, base, operationsOf(values));
      return { attributes: attributes + inner.attributes, content: inner.content };
    };
  }

  private byTypeURI(values: Values): Compiled | undefined {
    const uri = values['resourceURI'];
    const content = typeof uri === 'string' ? this.plan.byTypeURI.get(uri) : undefined;
    return content && this.object(content);
  }

  private collection({ declaration, item }: CollectionContent): Elements {
    const object = this.object(item);
    return (name, value, base, extra) => {
      if (!isObject(value)) return '';
      const { href, id, count } = value;
      let text = typeof id === 'string' ? `<id>${escapeText(absolute(id, base))}</id>` : '';
      if (typeof count === 'number') text += `<count>${count}</count>`;
      for (const one of itemsOf(value[declaration.json])) {
        if (!isObject(one)) continue;
        const { attributes, content } = object.inside(one, base, operationsOf(one));
        text += element(declaration.xml, attributes, content);
      }
      text += operationElements(operationsOf(value), base);
      const attributes = typeof href === 'string' ? hrefAttribute(href, base) : '';
      return attributes === '' && text === '' ? '' : element(name, extra + attributes, text);
    };
  }
}

function scalarElements({ type, href }: Scalar): Elements {
  if (href) return (name, value, base, extra) => `<${name}${extra}${hrefAttribute(textOf(value), base)}/>`;
  const isUri = type === 'uri';
  return (name, value, base, extra) => {
    if (value === '') return '';
    const text = textOf(value);
    return `<${name}${extra}>${escapeText(isUri ? absolute(text, base) : text)}</${name}>`;
  };
}

function mapElements(keyName: string): Elements {
  return (name, value, _base, extra) => {
    if (!isObject(value)) return '';
    let text = '';
    for (const key of Object.keys(value)) {
      const one = value[key];
      if (isPresent(one)) text += element(name, `${extra} ${keyName}="${escapeAttribute(key)}"`, escapeText(textOf(one)));
    }
    return text;
  };
}

/** The parent's own text (or, where the value has parts, its child elements). */
function contentOf(node: Node): Elements {
  if (node.kind === 'scalar') return (_name, value) => escapeText(textOf(value));
  return (_name, value, base) => (isObject(value) ? anyInside(value, base).content : anyContent(value, base));
}

/** Values of no declared type: members become child elements, `href` an attribute, items repeat their element (5.5.13, 5.17.13). */
const anyElements: Elements = (name, value, base, extra) => {
  if (Array.isArray(value)) {
    let text = '';
    for (const one of itemsOf(value)) if (isPresent(one)) text += anyElements(name, one, base, extra);
    return text;
  }
  if (!isObject(value)) return element(name, extra, escapeText(textOf(value)));
  const { attributes, content } = anyInside(value, base);
  return element(name, extra + attributes, content);
};

function anyInside(values: Values, base: string): Parts {
  const { href } = values;
  let content = '';
  for (const key of Object.keys(values)) {
    const one = values[key];
    if ((key === 'href' && typeof href === 'string') || !isPresent(one) || !isElementName(key)) continue;
    content += anyElements(key, one, base, '');
  }
  return { attributes: typeof href === 'string' ? hrefAttribute(href, base) : '', content };
}

function anyContent(value: Value, base: string): string {
  if (!Array.isArray(value)) return escapeText(textOf(value));
  return anyElements('value', value, base, '');
}
