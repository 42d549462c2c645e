import type { Tag } from '@aws-sdk/client-ec2';
import { encodeKey } from './naming';

interface Options {
  tags: Readonly<Record<string, string>>;
  propertyTags: readonly string[];
}

/**
 * Translation of an account's own tags, kept out of everything else: its own tags go onto everything that is made, and some
 * properties are tags by their plain keys. Requests and answers are translated on their way; inside the driver properties have the
 * gateway's own keys.
 */
export class OwnTags {
  private readonly own: readonly Tag[];
  /** Tag keys of properties: the driver's → EC2's, and back. */
  private readonly plain: ReadonlyMap<string, string>;
  private readonly inside: ReadonlyMap<string, string>;

  constructor({ tags, propertyTags }: Options) {
    this.own = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
    this.plain = new Map(propertyTags.map((key) => [encodeKey(key), key]));
    this.inside = new Map(propertyTags.map((key) => [key, encodeKey(key)]));
  }

  /** Tells whether there are own tags at all. */
  get any(): boolean {
    return this.own.length > 0;
  }

  /** A command's input as EC2 is to have it. */
  outgoing<I extends object>(input: I): I {
    if (!this.any && this.plain.size === 0) return input;
    const changed: { Tags?: unknown; TagSpecifications?: unknown } = { ...input };
    if (Array.isArray(changed.Tags)) changed.Tags = renamed(changed.Tags as Tag[], this.plain);
    if (Array.isArray(changed.TagSpecifications)) {
      changed.TagSpecifications = (changed.TagSpecifications as { Tags?: Tag[] }[]).map((each) => ({
        ...each,
        Tags: this.withOwn(renamed(each.Tags ?? [], this.plain)),
      }));
    }
    return changed as I;
  }

  private withOwn(tags: readonly Tag[]): Tag[] {
    const set = new Set(tags.map(({ Key }) => Key));
    return [...tags, ...this.own.filter(({ Key }) => !set.has(Key))];
  }

  /** Changes an answer in place to what the driver knows. */
  incoming<O>(answer: O): O {
    if (this.inside.size > 0) this.walk(answer);
    return answer;
  }

  private walk(value: unknown): void {
    if (typeof value !== 'object' || value === null || value instanceof Date || value instanceof Uint8Array) return;
    for (const [name, member] of Object.entries(value)) {
      const tags = (name === 'Tags' || name === 'TagSet') && Array.isArray(member);
      if (tags) Reflect.set(value, name, renamed(member as Tag[], this.inside));
      else this.walk(member);
    }
  }
}

function renamed(tags: readonly Tag[], names: ReadonlyMap<string, string>): Tag[] {
  return tags.map((tag) => ({ ...tag, Key: names.get(tag.Key ?? '') ?? tag.Key }));
}
