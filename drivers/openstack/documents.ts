/**
 * Guards for what services tell: every member of every answer may be missing, null, empty or of another type, and is then
 * simply not told.
 */
export type Doc = Readonly<Record<string, unknown>>;

export const isDoc = (value: unknown): value is Doc => typeof value === 'object' && value !== null && !Array.isArray(value);

/** A text that is not empty. */
export const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

/** A finite number, also where it is told as text. */
export function number(value: unknown): number | undefined {
  const told = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof told === 'number' && Number.isFinite(told) ? told : undefined;
}

/** A size or count: no less than nothing. */
export function amount(value: unknown): number | undefined {
  const told = number(value);
  return told === undefined || told < 0 ? undefined : told;
}

export const flag = (value: unknown): boolean | undefined => (typeof value === 'boolean' ? value : undefined);

/** A point in time, as it is told; what no clock reads is none. */
export function time(value: unknown): string | undefined {
  const told = text(value);
  return told === undefined || Number.isNaN(Date.parse(told)) ? undefined : told;
}

export const doc = (value: unknown): Doc => (isDoc(value) ? value : {});
export const docs = (value: unknown): Doc[] => (Array.isArray(value) ? (value as unknown[]).filter(isDoc) : []);
export const texts = (value: unknown): string[] =>
  Array.isArray(value) ? (value as unknown[]).filter((each): each is string => typeof each === 'string') : [];

/** The members that are texts, empty ones too. */
export const textMap = (value: unknown): Record<string, string> =>
  Object.fromEntries(Object.entries(doc(value)).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));

/** An object without the members that are undefined. */
export function told<T extends object>(members: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as T;
}

/**
 * Every member of a list, read; undefined where there is no list, or where one of them cannot be read: what a list does
 * not tell proves nothing then.
 */
export function whole<T>(value: unknown, read: (given: Doc) => T | undefined): T[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const read1 = (value as unknown[]).map((each) => (isDoc(each) ? read(each) : undefined));
  return read1.every((each) => each !== undefined) ? read1 : undefined;
}
