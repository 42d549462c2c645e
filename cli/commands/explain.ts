import type { Context } from '../context.ts';
import { kindNamed, type Kind, type KindAttribute } from '../kinds.ts';
import { formatOf, structured } from '../output.ts';
import { notFound, usage } from '../problem.ts';

/** Explains a type, or one of its attributes, as the provider's own metadata does. @throws Problem */
export async function explain(context: Context, what: string): Promise<void> {
  const { options, world } = context;
  const [word = '', attribute] = what.split('.');
  const kinds = await context.kinds();
  const kind = kindNamed(word, kinds);
  if (!kind) throw notFound(`there is no type ${word}; there are: ${kinds.map(({ name }) => name).join(', ')}`);
  const found = attribute === undefined ? undefined : kind.attributes.find(({ name }) => name === attribute);
  if (attribute !== undefined && !found) throw notFound(`${kind.name} has no attribute ${attribute}`);
  const format = formatOf(options.output);
  if (format === 'xml' || format === 'csv' || format === 'name') throw usage('explain knows -o table, json and yaml');
  if (format === 'json' || format === 'yaml') world.out.write(await structured(format, found ?? kind));
  else world.out.write(found ? attributeText(kind, found) : kindText(kind));
}

const lines = (texts: readonly string[]): string => texts.map((text) => `${text}\n`).join('');

function kindText({ name, typeURI, attributes, actions, capabilities }: Kind): string {
  const width = Math.max(0, ...[...attributes, ...actions].map((one) => one.name.length));
  return lines([
    `${name}  ${typeURI}`,
    '',
    'attributes',
    ...attributes.map((one) => `  ${one.name.padEnd(width)}  ${limitsOf(one)}`.trimEnd()),
    ...(actions.length > 0 ? ['', 'actions'] : []),
    ...actions.map((one) => `  ${one.name.padEnd(width)}  ${one.description ?? ''}`.trimEnd()),
    ...(capabilities.length > 0 ? ['', 'capabilities'] : []),
    ...capabilities.map((one) => `  ${one.name} = ${JSON.stringify(one.value)}  ${one.description ?? ''}`.trimEnd()),
  ]);
}

const attributeText = ({ name }: Kind, attribute: KindAttribute): string =>
  lines([
    `${name}.${attribute.name}`,
    ...(limitsOf(attribute) === '' ? [] : [limitsOf(attribute)]),
    ...(attribute.namespace === undefined ? [] : [attribute.namespace]),
  ]);

/** Limits of an attribute, in words. */
function limitsOf({ type, required, values, ranges, maxLength, maxItems }: KindAttribute): string {
  return [
    ...(type === undefined ? [] : [type]),
    ...(required ? ['required'] : []),
    ...(values ? [values.join(' | ')] : []),
    ...(ranges ?? []).map(({ low, high }) => `${low} to ${high}`),
    ...(maxLength === undefined ? [] : [`at most ${maxLength} bytes`]),
    ...(maxItems === undefined ? [] : [`at most ${maxItems}`]),
  ].join(', ');
}
