import { isDeepStrictEqual } from 'node:util';
import type { Config } from '../config/config';
import type { HttpLimits } from '../http/server';
import type { ProtocolOptions } from '../protocol/context';

/** Limits that the parts of the gateway look at each time, so that others can take their place. */
export interface LiveLimits {
  quotas: ProtocolOptions['quotas'];
  body: ProtocolOptions['bodyLimits'];
  http: HttpLimits;
  /** Takes those of a configuration that was read again. @returns places of what has changed */
  take(next: Config): string[];
}

/** Makes limits as the configuration has them at the start. */
export function liveLimits(config: Config): LiveLimits {
  const parts = partsOf(config);
  return {
    ...parts,
    take(next) {
      const taken = partsOf(next);
      // The size of a request's header is set when the listener is made.
      taken.http.headerBytes = parts.http.headerBytes;
      const places: string[] = [];
      if (!isDeepStrictEqual(parts.quotas, taken.quotas)) places.push('quotas');
      if (!isDeepStrictEqual([parts.body, parts.http], [taken.body, taken.http])) places.push('server.limits');
      Object.assign(parts.quotas, taken.quotas);
      Object.assign(parts.body, taken.body);
      Object.assign(parts.http, taken.http);
      return places;
    },
  };
}

function partsOf({ quotas, server }: Config): Pick<LiveLimits, 'quotas' | 'body' | 'http'> {
  const { bodyDepth: depth, bodyItems: items, ...http } = server.limits;
  return { quotas: { ...quotas }, body: { depth, items }, http };
}
