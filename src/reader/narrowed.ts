import type { Cloud, Clouds } from '../clouds/cloud';
import type { Catalogue } from '../model/catalogue';
import { partedFromCloud } from '../model/cloud-path';
import type { Rights } from '../rights/rights';
import { READ } from '../rights/rule';
import type { Policy } from './policy';

/** Key that stands for a cloud that is not configured any more: no rule names it. */
const GONE = '?';

/** Parts of what there is that rights are about. */
export interface Ground {
  catalogue: Catalogue;
  clouds: Clouds;
}

/** The collection of the Cloud Entry Point in which resources of a type are, in it or in what is there. */
export function collectionOf(catalogue: Catalogue, type: string): string {
  if (!catalogue.has(type)) return type;
  const own = catalogue.pathOf(type);
  if (own !== undefined) return own;
  const nested = catalogue.collections.find(({ item, owner }) => item === type && owner !== undefined && owner !== type);
  return nested?.owner === undefined ? type : collectionOf(catalogue, nested.owner);
}

/** Key of a cloud as rights know it. */
export const keyOfCloud = (cloud: Cloud | null | undefined): string | null => (cloud === null ? null : (cloud?.key ?? GONE));

/**
 * A policy with less in it: that of the gateway, as far as somebody's rights let it through (docs/decisions/0052). It never lets more through.
 * What lives in another resource is that one's: to change it is to edit its owner.
 */
export function narrowedPolicy(own: Policy, rights: Rights, { catalogue }: Ground): Policy {
  const collections = new Map<string, string>();
  const seen = (type: string, cloud: Cloud | null | undefined): boolean => {
    const known = collections.get(type) ?? collectionOf(catalogue, type);
    collections.set(type, known);
    return rights.may(READ, known, keyOfCloud(cloud));
  };
  const anything = (cloud: Cloud): boolean => [...catalogue.entryPoints().keys()].some((one) => rights.may(READ, one, cloud.key));
  const decide: NonNullable<Policy['decide']> = ({ path, cloud }, action) => {
    const [collection = '', , ...below] = partedFromCloud(path).path.split('/');
    return rights.decide(below.length > 0 ? 'edit' : action, collection, keyOfCloud(cloud));
  };
  return {
    rights,
    cloudsOf: (tenant, type) =>
      rights.hides
        ? own.cloudsOf(tenant, type).filter((cloud) => (type === undefined ? anything(cloud) : seen(type, cloud)))
        : own.cloudsOf(tenant, type),
    rowsOf: (tenant) => own.rowsOf(tenant),
    mayRead(subject, tenant) {
      const verdict = own.mayRead(subject, tenant);
      if (verdict === 'no' || !rights.hides || subject.owner) return verdict;
      return seen(subject.type, subject.cloud) ? verdict : 'no';
    },
    mayReadAudit: (asker) => own.mayReadAudit(asker),
    mayAsk: (caller) => own.mayAsk(caller),
    mayChange(caller, subject, action) {
      const verdict = own.mayChange(caller, subject, action);
      return verdict !== 'yes' || decide(subject, action).allowed ? verdict : 'rule';
    },
    decide,
  };
}
