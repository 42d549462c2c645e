import { CIMI } from '../model/define';
import type { Catalogue } from '../model/catalogue';
import type { Values } from '../model/values';
import { jsonOf, xmlOf } from './parse-ahead';
import { BodyError } from './codec';
import type { Body, Format, BodyReader, BodyOptions, Shape } from './codec';
import { DEFAULT_LIMITS } from './json-text';
import type { Limits } from './json-text';
import { nearest } from '../model/nearest';
import type { Content, CodecPlan } from './plan';
import { codecPlanOf } from './planner';
import { decodeContent } from './decode';
import type { DecodeContext } from './decode-context';
import { trimSpace } from './text';
import { shapeContent } from './xml-shape';
import type { XmlElement } from './xml-text';
import { shown } from '../model/shown';

/** A shape that a body may have, with the names by which it is recognized. */
interface Candidate {
  shape: Shape;
  /** Namespace of the root elements; with a slash and the name it is the resourceURI (4.1.4). */
  namespace: string;
  /** Root element names; the first is the published one. */
  roots: string[];
  /** A member that only this shape has, for JSON without resourceURI. */
  sign: string | undefined;
  content(action: string): Content;
}

/**
 * Compiles a reader of every type in the catalogue.
 *
 * The reader answers which of the shapes offered the body has, and its attributes checked by type, list of values and range;
 * references and URIs below the base come out relative. Unknown attributes are refused (5.2), read-only ones left out
 * unchecked (4.2.1.3).
 * @throws BodyError from the reader: 400 in general, 413 for more depth or values than allowed, 415 for other encodings than UTF-8.
 */
export function createBodyReader(catalogue: Catalogue, format: Format): BodyReader {
  const plan = codecPlanOf(catalogue);
  return (body, shapes, options) => {
    const candidates = shapes.map((shape) => candidateOf(plan, shape));
    const limits: Limits = { ...DEFAULT_LIMITS, ...options.limits };
    return format === 'json' ? readJson(jsonOf(body, limits), candidates, options) : readXml(xmlOf(body, limits), candidates, options);
  };
}

function candidateOf(plan: CodecPlan, shape: Shape): Candidate {
  if (shape.kind === 'action') {
    const actions = plan.actions.get(shape.type);
    return { shape, namespace: CIMI, roots: ['Action'], sign: 'action', content: (uri) => actions?.get(uri) ?? plan.bareAction };
  }
  if (shape.kind === 'create') {
    const envelope = plan.envelopes.get(shape.type);
    if (!envelope) throw new Error(`${shape.type} is created by its own representation`);
    const { name, template, content } = envelope;
    return { shape, namespace: content.namespace, roots: [name], sign: template, content: () => content };
  }
  const content = plan.resources.get(shape.type);
  if (!content) throw new Error(`no reader for ${shape.type}: the catalogue does not declare it`);
  // What is created by its own representation is also sent in a wrapper (interoperability notes).
  return {
    shape,
    namespace: content.namespace,
    roots: shape.purpose === 'create' ? [shape.type, `${shape.type}Create`] : [shape.type],
    sign: undefined,
    content: () => content,
  };
}

function readJson(parsed: unknown, candidates: readonly Candidate[], options: BodyOptions): Body {
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw new BodyError('the body must be a JSON object', '');
  const raw = parsed as Record<string, unknown>;
  const chosen = chooseJson(raw, candidates);
  const action = typeof raw['action'] === 'string' ? raw['action'] : '';
  return taken(chosen, raw, chosen.content(action), takingOf(chosen.shape, options, false));
}

function chooseJson(raw: Readonly<Record<string, unknown>>, candidates: readonly Candidate[]): Candidate {
  const uri = Object.hasOwn(raw, 'resourceURI') ? raw['resourceURI'] : undefined;
  if (uri !== undefined && uri !== null) {
    if (typeof uri !== 'string') throw new BodyError('must be a string', 'resourceURI');
    const wanted = trimSpace(uri);
    const named = candidates.find(({ namespace, roots }) => roots.some((root) => wanted === `${namespace}/${root}`));
    const uris = candidates.map(({ namespace, roots }) => `${namespace}/${roots[0]}`);
    if (!named) throw new BodyError(`'${shown(uri)}' is not what is expected here: ${either(uris)}`, 'resourceURI');
    return named;
  }
  const signed = candidates.find(({ sign }) => sign !== undefined && Object.hasOwn(raw, sign));
  const plain = candidates.find(({ sign }) => sign === undefined) ?? candidates[0];
  if (!signed && !plain) throw new BodyError('no body is expected here', '');
  return (signed ?? plain) as Candidate;
}

function readXml(root: XmlElement, candidates: readonly Candidate[], options: BodyOptions): Body {
  const chosen = chooseXml(root, candidates);
  const action = root.children.find(({ name }) => name === 'action')?.text ?? '';
  const content = chosen.content(trimSpace(action));
  const context = takingOf(chosen.shape, options, true);
  return taken(chosen, shapeContent(root, content, '', context.creating), content, context);
}

function chooseXml({ name, uri }: XmlElement, candidates: readonly Candidate[]): Candidate {
  const inNamespace = candidates.filter(({ namespace }) => uri === '' || uri === namespace);
  if (inNamespace.length === 0) {
    const namespaces = new Set(candidates.map(({ namespace }) => namespace));
    throw new BodyError(`the root element <${shown(name)}> is in the namespace ${shown(uri)}; ${either([...namespaces])} is expected`, '');
  }
  const wanted = name.charAt(0).toUpperCase() + name.slice(1);
  const named = inNamespace.find(({ roots }) => roots.includes(wanted));
  if (!named) {
    const near = nearest(
      wanted,
      candidates.flatMap(({ roots }) => roots),
    );
    throw new BodyError(
      `the root element <${shown(name)}> is not what is expected here: ${either(candidates.map(({ roots }) => String(roots[0])))}${near ? `; did you mean <${near}>?` : ''}`,
      '',
    );
  }
  return named;
}

const either = (names: readonly string[]): string => (names.length === 0 ? 'nothing' : names.join(' or '));

function takingOf(shape: Shape, { base, former }: BodyOptions, lexical: boolean): DecodeContext {
  return { base, lexical, creating: shape.kind !== 'resource' || shape.purpose === 'create', components: false, former };
}

function taken({ shape }: Candidate, raw: unknown, content: Content, context: DecodeContext): Body {
  const values: Values = decodeContent(content, raw, '', context);
  if (shape.kind !== 'action') return { shape, values };
  if (typeof values['action'] !== 'string') throw new BodyError('the action is missing', 'action');
  // Parameters are not attributes: there is nothing to erase.
  return { shape, values: Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null)) };
}
