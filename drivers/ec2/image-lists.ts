import { DescribeImagesCommand, type DescribeImagesCommandInput, type Image } from '@aws-sdk/client-ec2';
import type { CallContext } from '../../src/clouds/driver';
import { Gone } from '../../src/clouds/errors';
import { ALIASES, type Alias } from './aliases';
import { type ById, readByIds, type Wire } from './client';
import { thing } from './gone';
import { literal, TAG, tagsOf } from './naming';
import { steadyTime } from '../../src/model/steady-time';

/** Images as EC2 tells of them. Those of others change seldom and are many: their list is kept for `imageListMs`. */
export class ImageLists {
  private kept: { at: number; pages: readonly (readonly Image[])[] } | undefined;

  constructor(private readonly wire: Wire) {}

  /** The images of the configured owners, each once, and the newest of the well-known ones asked for. */
  async *all(context: CallContext): AsyncIterable<readonly Image[]> {
    const { imageOwners } = this.wire.options;
    const seen = new Set<string | undefined>();
    const fresh = (page: readonly Image[]) => page.filter(({ ImageId }) => !seen.has(ImageId) && seen.add(ImageId));
    if (imageOwners.includes('self')) for await (const page of this.#pages({ Owners: ['self'] }, context)) yield fresh(page);
    for await (const page of this.#others(context)) yield fresh(page);
  }

  async *#others(context: CallContext): AsyncIterable<readonly Image[]> {
    const { imageListMs } = this.wire.options;
    if (this.kept && steadyTime() - this.kept.at < imageListMs) return yield* this.kept.pages;
    const at = steadyTime();
    const pages: (readonly Image[])[] = [];
    for await (const page of this.#asked(context)) {
      pages.push(page);
      yield page;
    }
    this.kept = { at, pages };
  }

  async *#asked(context: CallContext): AsyncIterable<readonly Image[]> {
    const { imageOwners, imageNames, imageArchitectures, images } = this.wire.options;
    const Owners = imageOwners.filter((owner) => owner !== 'self');
    const Filters = [
      ...(imageNames ? [{ Name: 'name', Values: imageNames }] : []),
      ...(imageArchitectures ? [{ Name: 'architecture', Values: imageArchitectures }] : []),
    ];
    if (Owners.length > 0) yield* this.#pages({ Owners, ...(Filters.length > 0 ? { Filters } : {}) }, context);
    for (const name of images) {
      const alias = ALIASES[name];
      const newest = alias && (await this.#newest(alias, context));
      if (newest) yield [newest];
    }
  }

  /** The newest image of a well-known name; undefined in a region that has none. */
  async #newest(alias: Alias, context: CallContext): Promise<Image | undefined> {
    const found = await this.ofOwner(alias, context);
    return found.sort((a, b) => ((a.CreationDate ?? '') < (b.CreationDate ?? '') ? 1 : -1))[0];
  }

  /** Available images of an owner, by a pattern of their names and in EC2's architecture where these are given. */
  async ofOwner({ owner, name, architecture }: Pick<Alias, 'owner'> & Partial<Alias>, context: CallContext): Promise<Image[]> {
    const Filters = [
      ...(name === undefined ? [] : [{ Name: 'name', Values: [name] }]),
      ...(architecture === undefined ? [] : [{ Name: 'architecture', Values: [architecture] }]),
      { Name: 'state', Values: ['available'] },
    ];
    const found: Image[] = [];
    for await (const page of this.#pages({ Owners: [owner], Filters }, context)) found.push(...page);
    return found;
  }

  async *#pages(input: DescribeImagesCommandInput, context: CallContext): AsyncIterable<readonly Image[]> {
    const MaxResults = this.wire.options.pageSize;
    const ask = (NextToken: string | undefined) => this.wire.send(new DescribeImagesCommand({ ...input, MaxResults, NextToken }), context);
    for await (const page of this.wire.pages(ask)) yield this.#keyed(page.Images);
  }

  #keyed(images: Image[] | undefined): Image[] {
    return this.wire.keyed('image', images, ({ ImageId }) => ImageId);
  }

  /** Images of this account with exactly this tag. */
  async ownBy(tag: string, value: string, context: CallContext): Promise<Image[]> {
    const Filters = [{ Name: `tag:${tag}`, Values: [literal(value)] }];
    const found: Image[] = [];
    for await (const page of this.#pages({ Owners: ['self'], Filters }, context)) found.push(...page);
    return found.filter((image) => tagsOf(image.Tags)[tag] === value);
  }

  /** Any images that the account may use, whoever owns them, deprecated ones included. */
  byId(ids: readonly string[], context: CallContext): Promise<ById<Image>> {
    const read = async (ImageIds: string[]) => {
      const { Images } = await this.wire.send(new DescribeImagesCommand({ ImageIds, IncludeDeprecated: true }), context);
      const [only = '', ...more] = ImageIds;
      // So EC2 documents it: of a deregistered image it tells nothing, without an error, while instances of it are left.
      if (Images?.length === 0 && more.length === 0)
        throw Gone.shown(thing('image', only), `EC2 tells of no image ${only}: it was deregistered`);
      return this.#keyed(Images);
    };
    return readByIds('image', ids, read, ({ ImageId }) => ImageId);
  }

  /** The machine's snapshot that no other one refers to: the end of the chain (5.14.7). */
  async latestSnapshot(machine: string, context: CallContext): Promise<string | undefined> {
    const images = await this.ownBy(TAG.machine, machine, context);
    const snapshots = images.filter((image) => tagsOf(image.Tags)[TAG.type] === 'SNAPSHOT');
    const referred = new Set(snapshots.map((image) => tagsOf(image.Tags)[TAG.related]));
    const ends = snapshots.filter((image) => !referred.has(image.ImageId));
    ends.sort((a, b) => ((a.CreationDate ?? '') < (b.CreationDate ?? '') ? 1 : -1));
    return ends[0]?.ImageId;
  }
}
