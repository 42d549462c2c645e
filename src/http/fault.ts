import type { CimiRequest, CimiResponse } from '../protocol/messages';
import { spoken } from '../model/shown';

/** Part of a request that is known when the shell itself must refuse it; `path` and `query` are empty where they could not be read. */
export type FaultRequest = Pick<CimiRequest, 'method' | 'path' | 'query' | 'headers' | 'requestId'>;

/** Writes a refusal as an unstored Job representation in the negotiated format (4.1.6.8). Must not throw. */
export type Faults = (status: number, message: string, request: FaultRequest) => CimiResponse;

/** A request that the shell refuses before the protocol sees it. */
export class HttpFault extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly headers: Readonly<Record<string, string | string[]>> = {},
  ) {
    super(spoken(message));
    this.name = 'HttpFault';
  }
}

/** The client closed the connection before its request was whole: nobody is left to answer. */
export class ClientGone extends Error {
  constructor() {
    super('the client closed the connection before its request was complete');
    this.name = 'ClientGone';
  }
}
