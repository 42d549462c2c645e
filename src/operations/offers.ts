import type { Catalogue } from '../model/catalogue';
import type { Offers } from '../model/openapi-paths';
import { CLOUD, ENTRY_POINT, METADATA } from './gateway-resources';
import type { ResourceHandler } from './resource-handler';
import { JOB } from './job';

/** Short names of what each served type could be asked for on some cloud (`add`, `edit`, `delete`, actions, links). */
export function offersOf(catalogue: Catalogue, handlers: readonly ResourceHandler[]): Offers {
  const job = catalogue.resource(JOB);
  return new Map<string, readonly string[]>([
    [ENTRY_POINT, []],
    [METADATA, []],
    [CLOUD, []],
    [JOB, [...job.operations, ...Object.keys(job.actions ?? {})]],
    ...handlers.map((handler): [string, readonly string[]] => [handler.type, namesOf(handler)]),
  ]);
}

function namesOf({ create, update, remove, act, actOnAll, linkQuery }: ResourceHandler): string[] {
  return [
    ...(create ? ['add'] : []),
    ...(update ? ['edit'] : []),
    ...(remove ? ['delete'] : []),
    ...Object.keys(act ?? {}),
    ...Object.keys(actOnAll ?? {}),
    ...Object.keys(linkQuery ?? {}),
  ];
}
