import type { Catalogue } from '../model/catalogue';
import { mustBePresent, missingFrom } from '../model/required';
import type { Values } from '../model/values';
import { Refusal, type Found, type UpdateRequest } from '../operations/resource-handler';

/** Refuses a create without what is mandatory (5.4). @throws Refusal 400 naming what is missing */
export function mustSayAll(catalogue: Catalogue, type: string, given: Values): void {
  const [at, ...others] = missingFrom(catalogue.attributesOf(type), given);
  if (at === undefined) return;
  const also = others.length === 0 ? '' : `; also missing: ${others.join(', ')}`;
  throw new Refusal(400, `is missing: ${withArticle(type)} cannot be made without it (mandatory, 5.4)${also}`, { at });
}

/** Refuses to take away what is mandatory and has a value (5.4, 5.5.14). @throws Refusal 400 naming what would go */
export function mustKeepAll(catalogue: Catalogue, { type, path, values }: Found, { erase }: UpdateRequest): void {
  const declared = catalogue.attributesOf(type);
  const [at, ...others] = erase.filter((name) => {
    const attribute = declared[name];
    return attribute && mustBePresent(attribute) && values[name] !== undefined;
  });
  if (at === undefined) return;
  const also = others.length === 0 ? '' : `; nor can ${others.join(', ')}`;
  throw new Refusal(400, `cannot be removed from ${path} or left out (mandatory, 5.4)${also}`, { at });
}

/** A type's name with its article. */
export function withArticle(type: string): string {
  return `${/^[AEIOU]/.test(type) ? 'an' : 'a'} ${type}`;
}
