/**
 * The provider of this example: servers in a rack, which are there, on or off. A driver of yours asks a real one here, by its SDK or
 * over HTTP.
 */

/** Refusal of the rack: one of the contract's kinds of error, in words; with the id of a server that it does not have. */
export class RackError extends Error {
  constructor(kind, message, id) {
    super(message);
    this.kind = kind;
    this.id = id;
  }
}

/** Most servers of one answer. */
export const PAGE = 3;

class Rack {
  /** Requests so far, and how the next one fails: for tests. */
  requests = 0;
  failure = undefined;

  constructor(servers) {
    this.content = new Map(servers.map((server) => [server.id, server]));
  }

  /** Servers from a place on: as many as a page holds, fewer on the last. */
  async page(from) {
    this.#enter();
    return [...this.content.values()].slice(from, from + PAGE);
  }

  async servers(ids) {
    this.#enter();
    return ids.flatMap((id) => this.content.get(id) ?? []);
  }

  async turn(id, power) {
    this.#enter();
    const server = this.content.get(id);
    if (!server) throw new RackError('invalid', `there is no server ${id}`, id);
    server.power = power;
  }

  #enter() {
    this.requests += 1;
    const { failure } = this;
    this.failure = undefined;
    if (failure) throw new RackError(failure, `the rack answers: ${failure}`);
  }
}

const servers = ['alpha', 'beta'].map((id) => ({ id, ramKiB: 4_194_304, power: 'off' }));
const racks = new Map([['demo', new Rack(servers)]]);

/** The rack of this name; a new name is a rack without servers. */
export function rackAt(name) {
  if (!racks.has(name)) racks.set(name, new Rack([]));
  return racks.get(name);
}
