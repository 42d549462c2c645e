/** Body of a request, while it is made. */

export type Body = Readonly<Record<string, unknown>>;

const isBody = (value: unknown): value is Body => typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Returns the body as it is sent: what was left empty is left out. Items of lists stay, so that a refusal names the right one.
 * @returns undefined where nothing is left
 */
export function tidy(value: unknown): unknown {
  if (value === '' || value === undefined) return undefined;
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.map((item) => tidy(item) ?? (isBody(item) ? {} : ''));
  if (!isBody(value)) return value;
  const entries = Object.entries(value).flatMap(([name, each]) => {
    const left = tidy(each);
    return left === undefined ? [] : [[name, left] as const];
  });
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** Returns a body with another value of a member; undefined takes it away. */
export function withMember(body: unknown, name: string, value: unknown): Body {
  const { [name]: _former, ...others } = isBody(body) ? body : {};
  return value === undefined ? others : { ...others, [name]: value };
}

/** Returns a member of a body. */
export function memberOf(body: unknown, name: string): unknown {
  return isBody(body) ? body[name] : undefined;
}

/** Place of a member as the gateway's refusals name it: `machineTemplate.volumes[0]`, `properties["a.b"]`. */
export function placeIn(path: string, name: string | number): string {
  if (typeof name === 'number') return `${path}[${name}]`;
  if (!/^[A-Za-z_][\w-]*$/.test(name)) return `${path}[${JSON.stringify(name)}]`;
  return path === '' ? name : `${path}.${name}`;
}

/** Places that have a place in them, from the innermost. */
export function placesAround(place: string): string[] {
  const parts = place.match(/\["(?:[^"\\]|\\.)*"\]|\[\d+\]|\.?[^.[]+/g) ?? [];
  return parts.map((_, index) => parts.slice(0, parts.length - index).join(''));
}

/** Writes a request that sends a body as a command, for a shell. */
export function curlWith(method: string, url: string, body: unknown): string {
  const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
  return [
    `curl -X ${method} -u USER -H 'Accept: application/json' -H 'Content-Type: application/json'`,
    `  ${quoted(url)}`,
    `  -d ${quoted(JSON.stringify(body))}`,
  ].join(' \\\n');
}

/** Returns text as Base64 of its UTF-8, as userData is sent. */
export function base64Of(text: string): string {
  return btoa(Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(''));
}
