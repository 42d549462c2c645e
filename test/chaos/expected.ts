import { standardCatalogue } from '../../src/model/catalogue';
import type { MachineState } from './clouds';

/** Kinds of things that clients make, by the names of their collections. */
export const KINDS = [
  ...(['machines', 'machineImages', 'volumes', 'networks', 'networkPorts', 'forwardingGroups', 'addresses'] as const),
  ...(['meters', 'credentials', 'systemTemplates', 'systems'] as const),
];
export type Kind = (typeof KINDS)[number];

/** Kind of a thing by its path; undefined where it is none of these. */
export const kindOf = (path: string): Kind | undefined => KINDS.find((kind) => path.startsWith(`${kind}/`));

const catalogue = standardCatalogue();

/** Finds the collection of a kind in the catalogue. */
export function collectionOf(kind: Kind): { item: string; json: string } {
  const found = catalogue.entryPoints().get(kind);
  if (!found) throw new Error(`there is no collection ${kind}`);
  return found;
}

/** Kinds without a state, which could not say that they never came to be: what is left of their failed creates is nothing. */
export const STATELESS: readonly Kind[] = KINDS.filter((kind) => catalogue.attributesOf(collectionOf(kind).item).state === undefined);

/** Thing that must be there by what the gateways said. */
interface Thing {
  kind: Kind;
  cloud: string;
  /** State of a machine. */
  state?: MachineState;
  /** True where a key pair came to the cloud with it. */
  key?: boolean;
}

/** All that must be there by what the gateways said, and what there was to count. */
export class Expected {
  private readonly things = new Map<string, Thing>();
  /** Changes that ended well. */
  changes = 0;
  /** Jobs that ended STOPPED, as a client had asked. */
  stopped = 0;
  /** Answers that asked to come again, by status. */
  readonly refusals: Record<number, number> = {};

  set(path: string, thing: Thing): void {
    this.things.set(path, thing);
  }

  delete(path: string): void {
    this.things.delete(path);
  }

  /** Number of key pairs that came to a cloud with what is there. */
  keysIn(cloud: string): number {
    return [...this.things.values()].filter((thing) => thing.cloud === cloud && thing.key).length;
  }

  /** Those of one kind in one cloud. */
  of(kind: Kind, cloud: string): Thing[] {
    return [...this.things.values()].filter((thing) => thing.kind === kind && thing.cloud === cloud);
  }
}
