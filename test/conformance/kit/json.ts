import type { Operation, Value } from './value';

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
const isScalar = (value: unknown): value is string | number | boolean => ['string', 'number', 'boolean'].includes(typeof value);

/** A JSON object seen as a Value; `raw` is what was parsed. */
export class JsonValue implements Value {
  readonly format = 'json';

  constructor(
    readonly raw: unknown,
    private readonly type?: string,
  ) {}

  private get object(): Record<string, unknown> {
    return isObject(this.raw) ? this.raw : {};
  }

  get resourceURI(): string | undefined {
    return this.text('resourceURI') ?? this.type;
  }

  names(): string[] {
    return Object.keys(this.object);
  }

  has(name: string): boolean {
    return Object.hasOwn(this.object, name);
  }

  text(name: string): string | undefined {
    const value = this.object[name];
    return isScalar(value) ? String(value) : undefined;
  }

  inner(name: string): Value | undefined {
    const value = this.object[name];
    return isObject(value) ? new JsonValue(value) : undefined;
  }

  href(name: string): string | undefined {
    return this.inner(name)?.text('href');
  }

  list(name: string): Value[] {
    const value = this.object[name];
    return Array.isArray(value) ? value.map((item) => new JsonValue(item)) : [];
  }

  texts(name: string): string[] {
    const value = this.object[name];
    return Array.isArray(value) ? value.filter(isScalar).map(String) : [];
  }

  map(name = 'properties'): Record<string, string> {
    const value = this.object[name];
    return Object.fromEntries(Object.entries(isObject(value) ? value : {}).map(([key, entry]) => [key, String(entry)]));
  }

  operations(): Operation[] {
    return this.list('operations').map((each) => ({ rel: each.text('rel') ?? '', href: each.text('href') ?? '' }));
  }

  grouping(): string | undefined {
    return this.names().find(
      (name) =>
        name !== 'operations' && Array.isArray(this.object[name]) && this.list(name).every((item) => isObject((item as JsonValue).raw)),
    );
  }

  items(): Value[] {
    const grouping = this.grouping();
    return grouping === undefined ? [] : this.list(grouping);
  }

  own(): string | undefined {
    return isScalar(this.raw) ? String(this.raw) : undefined;
  }
}
