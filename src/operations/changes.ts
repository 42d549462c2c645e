import type { Catalogue } from '../model/catalogue';
import { commonAttributes } from '../model/common';
import type { Attribute } from '../model/define';
import { isRequired } from '../model/required';
import type { Values } from '../model/values';
import { Refusal, type Found, type UpdateRequest } from './resource-handler';
import { isEmpty, isSame } from './value-equality';

/** Way in which an attribute of an existing resource changes; undefined: not at all, it stays what it was made with. */
export type AttributeChange = 'resets' | 'sets' | undefined;

/** Name, description and properties go their own way (rename.ts); the rest of these is read-only. */
const COMMON = Object.keys(commonAttributes(true));

/**
 * Attributes that an update asks of what a provider holds (DSP0263 5.5, 4.2.1.3): every attribute whose value becomes another one;
 * null where it goes back to the value that the provider gives by itself. What an update leaves out or names without a value
 * is reset, to the standard's own value where there is one; what stays the same is no change.
 * @param can how each attribute can be changed here
 * @throws Refusal 400 in words for what cannot be changed or reset. Only what a full update merely leaves out, and nobody
 * could change, keeps its value: that is its own.
 */
export function changesOf(catalogue: Catalogue, found: Found, request: UpdateRequest, can: (name: string) => AttributeChange): Values {
  const declared = catalogue.attributesOf(found.type);
  const own = (name: string): Attribute | undefined => (COMMON.includes(name) ? undefined : declared[name]);
  const changed: Values = {};
  const refused: { at: string; words: string }[] = [];
  for (const [name, value] of Object.entries(request.set)) {
    const attribute = own(name);
    if (!attribute || isSame(value, found.values[name])) continue;
    // What Consumers may not write is read only where the operation has a use for it (D014).
    if (can(name) === undefined && isWritable(attribute)) refused.push({ at: name, words: 'cannot be changed' });
    else changed[name] = value;
  }
  for (const name of request.erase) {
    const attribute = own(name);
    if (!attribute || !isWritable(attribute) || isEmpty(found.values[name])) continue;
    const reset = resetOf(name, attribute, found, can(name));
    if (reset === 'refused' && (can(name) !== undefined || isNamed(request, name)))
      refused.push({ at: name, words: `cannot be removed${why(attribute)}` });
    else if (reset !== 'refused') Object.assign(changed, reset);
  }
  const [first, ...others] = refused;
  if (!first) return changed;
  const where = found.cloud ? ` on cloud '${found.cloud.key}'` : '';
  const also = others.map(({ at, words }) => `, ${at} ${words}`).join('');
  const words = `${first.words}${also}${where} (${found.path}); nothing was changed`;
  throw new Refusal(400, words, { at: first.at, kind: 'unsupported' });
}

function resetOf(name: string, { kind, initial }: Attribute, { values }: Found, can: AttributeChange): Values | 'refused' {
  if (initial !== undefined && isSame(initial, values[name])) return {};
  if (can === 'resets') return { [name]: kind === 'string' ? (initial ?? null) : null };
  return initial !== undefined && can === 'sets' ? { [name]: initial } : 'refused';
}

const isWritable = ({ consumer }: Attribute): boolean => !consumer.endsWith('read-only');

/** Tells whether the request says that the attribute is to go, rather than not mentioning it. */
const isNamed = ({ omitted = [] }: UpdateRequest, name: string): boolean => !omitted.includes(name);

const why = (attribute: Attribute): string => (isRequired(attribute) ? ' (it is mandatory, 5.4)' : '');
