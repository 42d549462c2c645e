import { CIMI } from '../model/define';
import type { Operation, Value, Values } from '../model/values';
import type { Document } from './codec';
import { isObject, isPresent, itemsOf, operationsOf, textOf } from './value-guards';
import type { CollectionContent, Content, MemberPlan, Node, CodecPlan, RefNode, Scalar, StructNode } from './plan';
import { isByValue, isWriteOnly } from './plan';
import { escapeAttribute, escapeText, isElementName } from './text';
import { absolute } from './uris';
import type { DocumentWriter } from './document-writer';

/** Parts that a value puts into its element: attributes, each with a leading blank, and content. */
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

/** Writes the namespace declaration of an element: empty where it is the one of the element around it. */
const xmlns = (namespace: string, around: string): string => (namespace === around ? '' : ` xmlns="${escapeAttribute(namespace)}"`);
/** Namespace around the element that a document begins with. */
const NONE = '';

/** Compiles the XML writer of every type of the plan. */
export function xmlWriter(plan: CodecPlan): DocumentWriter {
  const compiler = new Compiler(plan);
  const roots = new Map([...plan.resources].map(([type, content]) => [type, rootOf(compiler, content)]));
  const extensions = compiler.object(plan.extensions, CIMI);
  const write = ({ type, values, operations }: Document, base: string, place: 'alone' | 'listed') => {
    const root = found(roots, type);
    const { attributes, content } = root.inside(values, base, operations ?? []);
    // Only the id of the Job that was never stored may be empty (D152).
    return element(type, root[place] + attributes, values['id'] === '' ? `<id/>${content}` : content);
  };
  return {
    document: (document, base) => HEADER + write(document, base, 'alone'),
    open({ type, id, count }, base) {
      const { declaration } = found(plan.collections, type);
      const self = id === undefined ? '' : `<id>${escapeText(absolute(id, base))}</id>`;
      return `${HEADER}<Collection resourceURI="${declaration.typeURI}"${xmlns(CIMI, NONE)}>${self}${count === undefined ? '' : `<count>${count}</count>`}`;
    },
    item: (item, base) => write(item, base, 'listed'),
    separator: '',
    close: ({ operations, extensions: ours }, base) =>
      `${operationElements(operations ?? [], base)}${ours ? extensions.inside(ours, base, []).content : ''}</Collection>`,
  };
}

/** A resource as a document of its own and as an item of a collection, with the namespace that its element says there. */
function rootOf(compiler: Compiler, content: Content): Compiled & { alone: string; listed: string } {
  const { namespace } = content;
  return { ...compiler.object(content, namespace), alone: xmlns(namespace, NONE), listed: xmlns(namespace, CIMI) };
}

function found<T>(known: ReadonlyMap<string, T>, type: string): T {
  const value = known.get(type);
  if (value === undefined) throw new Error(`no writer for ${type}: the catalogue does not declare it`);
  return value;
}

function element(name: string, attributes: string, content: string): string {
  return content === '' ? `<${name}${attributes}/>` : `<${name}${attributes}>${content}</${name}>`;
}

function operationElements(operations: readonly Operation[], base: string, extra = ''): string {
  let text = '';
  let last: string | undefined;
  let target = '';
  for (const { rel, href } of operations) {
    if (href !== last) target = hrefAttribute(href, base);
    last = href;
    text += `<operation${extra} rel="${escapeAttribute(rel)}"${target}/>`;
  }
  return text;
}

const hrefAttribute = (href: string, base: string): string => ` href="${escapeAttribute(absolute(href, base))}"`;

class Compiler {
  /** Writers by content, and then by the namespace of the element around it. */
  private readonly objects = new Map<Content, Map<string, Compiled>>();

  constructor(private readonly plan: CodecPlan) {}

  /**
   * @param around namespace of the element that it stands in
   * @param inStructure as in JSON
   */
  object(content: Content, around: string, inStructure = false): Compiled {
    const here = this.objects.get(content) ?? new Map<string, Compiled>();
    this.objects.set(content, here);
    const known = here.get(around);
    if (known) return known;
    const compiled: Compiled = { inside: () => ({ attributes: '', content: '' }) };
    here.set(around, compiled);
    const shown = content.xmlMembers.filter((member) => member === 'operations' || !isWriteOnly(member));
    const place = shown.indexOf('operations');
    const isAttribute = (member: MemberPlan | 'operations'): member is MemberPlan => member !== 'operations' && member.form === 'attribute';
    const own = this.attributes(shown.filter(isAttribute).filter(({ parent }) => parent === undefined));
    const nested = [...content.parents].map((name) => ({
      name,
      write: this.attributes(shown.filter(isAttribute).filter(({ parent }) => parent === name)),
    }));
    const before = this.elements(shown.slice(0, place), around, inStructure);
    const after = this.elements(shown.slice(place + 1), around, inStructure);
    const extra = xmlns(content.namespace, around);
    compiled.inside = (values, base, operations) => {
      let inner = before(values, base);
      for (const { name, write } of nested) {
        const written = write(values, base);
        if (written !== '') inner += `<${name}${extra}${written}/>`;
      }
      inner += operationElements(operations, base, extra) + after(values, base);
      return { attributes: own(values, base), content: inner };
    };
    return compiled;
  }

  private attributes(members: readonly MemberPlan[]): (values: Values, base: string) => string {
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

  private elements(
    members: readonly (MemberPlan | 'operations')[],
    around: string,
    inStructure: boolean,
  ): (values: Values, base: string) => string {
    const emits = members
      .filter((member): member is MemberPlan => member !== 'operations' && member.form !== 'attribute')
      .map(({ name, xml, form, node, namespace }) => ({
        name,
        xml,
        extra: xmlns(namespace, around),
        emit: form === 'content' ? contentOf(node) : this.emit(node, namespace),
        byValue: inStructure && isByValue(node),
        typed: this.typed(node, namespace),
      }));
    return (values, base) => {
      let text = '';
      for (const { name, xml, extra, emit, byValue, typed } of emits) {
        const value = values[name];
        if (!isPresent(value)) continue;
        const written = (typed?.(values) ?? emit)(xml, value, base, extra);
        text += written === '' && byValue && isObject(value) ? element(xml, extra, '') : written;
      }
      return text;
    };
  }

  /** Chooses as in JSON. */
  private typed(node: Node, namespace: string): ((values: Values) => Elements | undefined) | undefined {
    if (node.kind !== 'any' || !node.typed) return undefined;
    const { sibling, nodes } = node.typed;
    const emits = new Map([...nodes].map(([type, content]) => [type, this.struct(content, namespace)]));
    return (values) => emits.get(textOf(values[sibling] ?? ''));
  }

  /** @param namespace of the element that is written */
  private emit(node: Node, namespace: string): Elements {
    switch (node.kind) {
      case 'scalar':
        return scalarElements(node);
      case 'any':
        return anyElements;
      case 'ref':
        return this.ref(node, namespace);
      case 'collection':
        return this.collection(node.of, namespace);
      case 'array': {
        const emit = this.emit(node.item, namespace);
        return (name, value, base, extra) => {
          let text = '';
          for (const one of itemsOf(value)) if (isPresent(one)) text += emit(name, one, base, extra);
          return text;
        };
      }
      case 'struct':
        return this.struct(node, namespace);
      case 'map':
        return mapElements(node.keyName);
    }
  }

  private struct({ content, flattened }: StructNode, namespace: string): Elements {
    if (!flattened) {
      const object = this.object(content, namespace, true);
      return (name, value, base, extra) => {
        const { attributes, content: inner } = object.inside(isObject(value) ? value : {}, base, []);
        return attributes === '' && inner === '' ? '' : element(name, extra + attributes, inner);
      };
    }
    const { member, ref } = flattened;
    const others = this.object({ ...content, xmlMembers: content.xmlMembers.filter((one) => one !== member) }, namespace);
    const inside = this.refInside(ref, namespace);
    return (name, value, base, extra) => {
      if (!isObject(value)) return '';
      const nested = value[member.name];
      const own = others.inside(value, base, []);
      const referred = inside(isObject(nested) ? nested : value, base, []);
      const [attributes, inner] = [own.attributes + referred.attributes, own.content + referred.content];
      return attributes === '' && inner === '' ? '' : element(name, extra + attributes, inner);
    };
  }

  private ref(node: RefNode, namespace: string): Elements {
    const inside = this.refInside(node, namespace);
    return (name, value, base, extra) => {
      const { attributes, content } = inside(isObject(value) ? value : { href: textOf(value) }, base, []);
      return attributes === '' && content === '' ? '' : element(name, extra + attributes, content);
    };
  }

  /** The href, then what stands inline: by value, or by `$expand`. */
  private refInside({ target }: RefNode, around: string): Inside {
    if (!target) return this.openInside(around);
    const object = this.object(target, around);
    return (values, base) => {
      const inner = object.inside(values, base, operationsOf(values));
      return { attributes: hrefOf(values, base) + inner.attributes, content: inner.content };
    };
  }

  /** Opens the inside of a reference that may lead anywhere: what stands inline says what it is. */
  private openInside(around: string): Inside {
    return (values, base) => {
      const uri = textOf(values['resourceURI'] ?? '');
      const [content, list] = [this.plan.byTypeURI.get(uri), this.plan.collectionsByTypeURI.get(uri)];
      const inside = content ? this.object(content, around).inside : list ? this.listInside(list, around) : undefined;
      if (!inside) return { attributes: hrefOf(values, base), content: '' };
      const inner = inside(values, base, operationsOf(values));
      const attributes = `${hrefOf(values, base)} resourceURI="${escapeAttribute(uri)}"${inner.attributes}`;
      return { attributes, content: inner.content };
    };
  }

  private collection(list: CollectionContent, namespace: string): Elements {
    const inside = this.listInside(list, namespace);
    return (name, value, base, extra) => {
      if (!isObject(value)) return '';
      const attributes = hrefOf(value, base);
      const { content } = inside(value, base, operationsOf(value));
      return attributes === '' && content === '' ? '' : element(name, extra + attributes, content);
    };
  }

  private listInside({ declaration, item }: CollectionContent, around: string): Inside {
    const object = this.object(item, item.namespace);
    const [extra, ofItems] = [xmlns(CIMI, around), xmlns(item.namespace, around)];
    return (value, base, operations) => {
      const { id, count } = value;
      let text = typeof id === 'string' ? `<id${extra}>${escapeText(absolute(id, base))}</id>` : '';
      if (typeof count === 'number') text += `<count${extra}>${count}</count>`;
      for (const one of itemsOf(value[declaration.json])) {
        if (!isObject(one)) continue;
        const { attributes, content } = object.inside(one, base, operationsOf(one));
        text += element(declaration.xml, ofItems + attributes, content);
      }
      return { attributes: '', content: text + operationElements(operations, base, extra) };
    };
  }
}

const hrefOf = ({ href }: Values, base: string): string => (typeof href === 'string' && href !== '' ? hrefAttribute(href, base) : '');

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
