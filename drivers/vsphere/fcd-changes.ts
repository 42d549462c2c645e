import type { CallContext, Naming, Outcome } from '../../src/clouds/driver';
import { isGone, ProviderError } from '../../src/clouds/errors';
import type { Wire } from './client';
import { FCD, fcdPlace, type FcdWriter, presentFcd } from './fcd';
import { aboutText, fcdHolds, fcdName, type Kind, META, refuseCns } from './fcd-item';
import type { Entry, Operations, Stages } from './operations';
import { fcdOfKind } from './fcd-kinds';

type Renaming = { key: string; naming: Naming };

/** Changes that volumes and their images have in common: both are first-class disks. */
export class FcdChanges {
  readonly #rename: Entry<Renaming, void>;
  readonly #delete: Entry<{ key: string }, void>;

  constructor(
    private readonly wire: Wire,
    operations: Operations,
    private readonly writer: FcdWriter,
    private readonly kind: Kind,
  ) {
    this.#rename = operations.define(`fcd.${kind}.rename`, (to, stages) => this.#renaming(to, stages));
    this.#delete = operations.define(`fcd.${kind}.delete`, ({ key }, stages) => this.#deleting(key, stages));
  }

  rename(key: string, naming: Naming, context: CallContext): Promise<Outcome> {
    return this.#rename({ key, naming: fcdHolds(naming) }, context);
  }

  /** Writes the naming, and the disk's own name last: until then the old name is shown. One without any keeps the name it has. */
  async #renaming({ key, naming }: Renaming, stages: Stages): Promise<void> {
    const { context } = stages;
    const fcd = await fcdOfKind(this.wire, key, this.kind, context);
    refuseCns(fcd);
    const { datastore } = await presentFcd(this.wire, key, context);
    await stages.task('describe', () => this.writer.describe(key, datastore, { [META.about]: aboutText(naming) }, context));
    const name = fcdName(naming.name, fcd.metadata.get(META.id));
    if (name !== undefined && name !== fcd.name) await this.writer.rename(key, datastore, name, context);
  }

  delete(key: string, context: CallContext): Promise<Outcome> {
    return this.#delete({ key }, context);
  }

  /**
   * Deletes a disk; succeeds if it is gone already, also by somebody else.
   * @throws ProviderError `conflict` for one that a machine has
   */
  async #deleting(key: string, stages: Stages): Promise<void> {
    const { context } = stages;
    const begin = async () => {
      refuseCns(await fcdOfKind(this.wire, key, this.kind, context));
      return this.writer.delete(key, context);
    };
    try {
      await stages.task('delete', begin);
    } catch (error) {
      if (isGone(error, { type: FCD, key })) return;
      if (!(error instanceof ProviderError) || error.passing || (await fcdPlace(this.wire, key, context))) throw error;
    }
  }
}
