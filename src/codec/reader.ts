import { CIMI } from '../model/define';
import type { Catalogue } from '../model/catalogue';
import type { Values } from '../model/values';
import { BodyError } from './codec';
import type { Body, Format, Reader, ReadOptions, Shape } from './codec';
import { decode, DEFAULT_LIMITS, parseJson, shortened } from './json-text';
import type { Limits } from './json-text';
import { nearest } from './lexical';
import type { Content, Plan } from './plan';
import { planOf } from './planner';
import { takeContent } from './take';
import type { Taking } from './taking';
import { trimSpace } from './text';
import { shapeContent } from './xml-shape';
import { parseXml } from './xml-text';
import type { XmlElement } from './xml-text';

/** A shape that a body may have, with the names by which it is recognized. */
interface Candidate {
  shape: Shape;
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
export function createReader(catalogue: Catalogue, format: Format): Reader {
  const plan = planOf(catalogue);
  return (body, shapes, options) => {
    const candidates = shapes.map((shape) => candidateOf(plan, shape));
    const limits: Limits = { ...DEFAULT_LIMITS, ...options.limits };
    const text = decode(body);
    return format === 'json' ? readJson(text, candidates, options, limits) : readXml(text, candidates, options, limits);
  };
}

function candidateOf(plan: Plan, shape: Shape): Candidate {
  if (shape.kind === 'action') {
    const actions = plan.actions.get(shape.type);
    return { shape, roots: ['Action'], sign: 'action', content: (uri) => actions?.get(uri) ?? plan.bareAction };
  }
  if (shape.kind === 'create') {
    const envelope = plan.envelopes.get(shape.type);
    if (!envelope) throw new Error(`${shape.type} is created by its own representation`);
    return { shape, roots: [envelope.name], sign: envelope.template, content: () => envelope.content };
  }
  const content = plan.resources.get(shape.type);
  if (!content) throw new Error(`no reader for ${shape.type}: the catalogue does not declare it`);
  // What is created by its own representation is also sent in a wrapper (interoperability notes).
  return {
    shape,
    roots: shape.purpose === 'create' ? [shape.type, `${shape.type}Create`] : [shape.type],
    sign: undefined,
    content: () => content,
  };
}

function readJson(text: string, candidates: readonly Candidate[], { base }: ReadOptions, limits: Limits): Body {
  const parsed = parseJson(text, limits);
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw new BodyError('the body must be a JSON object', '');
  const raw = parsed as Record<string, unknown>;
  const chosen = chooseJson(raw, candidates);
  const action = typeof raw['action'] === 'string' ? raw['action'] : '';
  return taken(chosen, raw, chosen.content(action), takingOf(chosen.shape, base, false));
}

function chooseJson(raw: Readonly<Record<string, unknown>>, candidates: readonly Candidate[]): Candidate {
  const uri = Object.hasOwn(raw, 'resourceURI') ? raw['resourceURI'] : undefined;
  if (uri !== undefined && uri !== null) {
    if (typeof uri !== 'string') throw new BodyError('must be a string', 'resourceURI');
    const wanted = trimSpace(uri);
    const named = candidates.find(({ roots }) => roots.some((root) => wanted === `${CIMI}/${root}`));
    if (!named) throw new BodyError(`'${shortened(uri)}' is not what is expected here: ${expected(candidates, `${CIMI}/`)}`, 'resourceURI');
    return named;
  }
  const signed = candidates.find(({ sign }) => sign !== undefined && Object.hasOwn(raw, sign));
  const plain = candidates.find(({ sign }) => sign === undefined) ?? candidates[0];
  if (!signed && !plain) throw new BodyError('no body is expected here', '');
  return (signed ?? plain) as Candidate;
}

function readXml(text: string, candidates: readonly Candidate[], { base }: ReadOptions, limits: Limits): Body {
  const root = parseXml(text, limits);
  const chosen = chooseXml(root, candidates);
  const action = root.children.find(({ name }) => name === 'action')?.text ?? '';
  const content = chosen.content(trimSpace(action));
  const taking = takingOf(chosen.shape, base, true);
  return taken(chosen, shapeContent(root, content, '', taking.creating), content, taking);
}

function chooseXml({ name, uri }: XmlElement, candidates: readonly Candidate[]): Candidate {
  if (uri !== '' && uri !== CIMI)
    throw new BodyError(`the root element <${shortened(name)}> is of the namespace ${shortened(uri)}; ${CIMI} is expected`, '');
  const wanted = name.charAt(0).toUpperCase() + name.slice(1);
  const named = candidates.find(({ roots }) => roots.includes(wanted));
  if (!named) {
    const near = nearest(
      wanted,
      candidates.flatMap(({ roots }) => roots),
    );
    throw new BodyError(
      `the root element <${shortened(name)}> is not what is expected here: ${expected(candidates, '')}${near ? `; did you mean <${near}>?` : ''}`,
      '',
    );
  }
  return named;
}

function expected(candidates: readonly Candidate[], prefix: string): string {
  return candidates.length === 0 ? 'nothing' : candidates.map(({ roots }) => `${prefix}${roots[0]}`).join(' or ');
}

function takingOf(shape: Shape, base: string, lexical: boolean): Taking {
  return { base, lexical, creating: shape.kind !== 'resource' || shape.purpose === 'create', components: false };
}

function taken({ shape }: Candidate, raw: unknown, content: Content, taking: Taking): Body {
  const values: Values = takeContent(content, raw, '', taking);
  if (shape.kind !== 'action') return { shape, values };
  if (typeof values['action'] !== 'string') throw new BodyError('names no action', 'action');
  // Parameters are not attributes: there is nothing to erase.
  return { shape, values: Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null)) };
}
