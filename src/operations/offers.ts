import type { Catalogue } from '../model/catalogue';
import type { Offers } from '../model/openapi-paths';
import { ENTRY_POINT, METADATA } from './computed';
import type { Family } from './family';
import { JOB } from './job';

/** Short names of what each served type could be asked for on some cloud (`add`, `edit`, `delete`, actions, links). */
export function offersOf(catalogue: Catalogue, families: readonly Family[]): Offers {
  const job = catalogue.resource(JOB);
  return new Map<string, readonly string[]>([
    [ENTRY_POINT, []],
    [METADATA, []],
    [JOB, [...job.operations, ...Object.keys(job.actions ?? {})]],
    ...families.map((family): [string, readonly string[]] => [family.type, namesOf(family)]),
  ]);
}

function namesOf({ create, update, remove, act, linkQuery }: Family): string[] {
  return [
    ...(create ? ['add'] : []),
    ...(update ? ['edit'] : []),
    ...(remove ? ['delete'] : []),
    ...Object.keys(act ?? {}),
    ...Object.keys(linkQuery ?? {}),
  ];
}
