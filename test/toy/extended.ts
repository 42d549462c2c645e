import { standardCatalogue, type Catalogue } from '../../src/model/catalogue';
import { combined, Names, typeModuleIn, type TypeExtensions } from '../../src/plugins/type-module';
import * as toys from './toy';

/** The module of the toys, as the gateway takes it from a configuration's `extensions`. */
export function toyExtensions(): TypeExtensions {
  const read = typeModuleIn({ ...toys }, new Names());
  if ('wrong' in read) throw new Error(read.wrong.join('; '));
  return combined([read.module]);
}

/** The standard's catalogue with the toy in it. */
export const toyCatalogue = (): Catalogue => standardCatalogue([], 'singular', toyExtensions());
