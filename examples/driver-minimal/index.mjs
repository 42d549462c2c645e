import { Gone, ProviderError, z } from 'cimi-gateway/driver';
import { PAGE, rackAt, RackError } from './rack.mjs';

export const contractVersion = '1.0';

/** CIMI's state for each of the rack's; one that is not here is shown as ERROR, and told to the operator. */
const STATES = { on: 'STARTED', off: 'STOPPED' };

const item = ({ id, ramKiB, power }) => ({
  key: id,
  values: { memory: ramKiB, state: STATES[power] ?? 'ERROR' },
  ...(power in STATES ? {} : { unmappedState: power }),
});

/** One request to the rack; what it throws becomes an error of the contract. */
async function asked({ signal }, request) {
  try {
    signal.throwIfAborted();
    return await request();
  } catch (error) {
    if (!(error instanceof RackError)) throw new ProviderError('timeout', 'the rack was not waited for', { cause: error });
    const { id, kind, message } = error;
    throw id === undefined ? new ProviderError(kind, message) : Gone.told({ type: 'server', key: id }, { code: 'NoServer', message });
  }
}

const machines = (rack) => ({
  async *list(context) {
    for (let from = 0, more = true; more; from += PAGE) {
      const servers = await asked(context, () => rack.page(from));
      more = servers.length === PAGE;
      yield servers.map(item);
    }
  },
  async getMany(keys, context) {
    const servers = keys.length === 0 ? [] : await asked(context, () => rack.servers(keys));
    const found = new Map(servers.map((server) => [server.id, item(server)]));
    return keys.map((key) => found.get(key) ?? Gone.shown({ type: 'server', key }, `the rack has no server ${key}`));
  },
  start: (key, context) => asked(context, () => rack.turn(key, 'on')),
  stop: (key, _options, context) => asked(context, () => rack.turn(key, 'off')),
});

export const driver = {
  name: 'minimal',
  options: z.strictObject({ rack: z.string().default('demo').describe('name of the rack') }),
  connect({ rack: name }) {
    const rack = rackAt(name);
    const finding = { ok: true, what: `the rack ${name}` };
    return {
      capabilities: { settleMs: 0, types: {} },
      machines: machines(rack),
      check: (context) =>
        asked(context, () => rack.page(0)).then(
          () => [finding],
          ({ message }) => [{ ...finding, ok: false, message }],
        ),
      close: async () => undefined,
    };
  },
};
