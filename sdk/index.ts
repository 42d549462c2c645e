/** Client of CIMI 1.1 (DMTF DSP0263). */
export { connect, type Cimi, type Client } from './client.ts';
export type { AttributeOf, Collection, ListOptions, Page, PageOptions, QueryOptions, Selected } from './collection.ts';
export { CimiError, type ErrorKind, type JobLike } from './errors.ts';
export { follow, type FollowOptions } from './follow.ts';
export type { FilterBuilder, FilterOf } from './filter.ts';
export type { Accepted, Changed, ChangeOptions, Handle, JobRef, ResourceMethods } from './resource.ts';
export type { Answer, Call, ConnectOptions } from './session.ts';
export { fetchTransport, type Transport, type TransportRequest, type TransportResponse } from './transport.ts';
export type { WaitOptions } from './wait.ts';
export { watch, type Change, type WatchOptions } from './watch.ts';
export type * from './types.generated.ts';
