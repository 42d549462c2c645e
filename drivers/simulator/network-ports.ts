import type { Item, Offered } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import { fromMarks, fromNames, holds, toNames } from './naming';
import type { NetClient } from './nets';
import { reads, sent, sentDelete } from './pages';
import { PORT_STATES, stateOf } from './states';
import type { Port } from './things';
import { phaseAt } from './things';

function modeOf(portType: string): Port['mode'] {
  if (portType === 'ACCESS' || portType === 'TRUNK') return portType === 'TRUNK' ? 'trunk' : 'access';
  throw new ProviderError('invalid', `portType: must be ACCESS or TRUNK, not ${portType}`);
}

function networkPort(port: Port, now: number): Item | undefined {
  const { state, unmappedState } = stateOf(PORT_STATES, phaseAt(port.timeline, now));
  if (state === 'absent') return undefined;
  return {
    key: port.id,
    values: {
      ...fromNames(port),
      ...{ state, network: { item: { type: 'Network', key: port.net } } },
      ...{ portType: port.mode === 'trunk' ? 'TRUNK' : 'ACCESS', classOfService: port.quality },
    },
    ...fromMarks(port),
    ...(unmappedState === undefined ? {} : { unmappedState }),
  };
}

/** Ports as NetworkPorts. */
export function networkPorts(client: NetClient): Offered<'networkPorts'> {
  return {
    ...reads(client, 'port', 'networkPorts', networkPort),
    holds,
    async create({ network, portType, classOfService, tag, token, ...naming }, context) {
      const order = { ...toNames(naming), net: network, mode: modeOf(portType), quality: classOfService, tag, token };
      return { key: await sent(client.createPort(order, context)) };
    },
    start: (key, context) => sent(client.switch('port', 'on', key, context)),
    stop: (key, context) => sent(client.switch('port', 'off', key, context)),
    changes: { portType: 'sets', classOfService: 'resets' },
    update(key, { portType, classOfService }, context) {
      const to = {
        ...(portType === undefined ? {} : { mode: modeOf(portType) }),
        ...(classOfService === undefined ? {} : { quality: classOfService }),
      };
      return sent(client.changePort(key, to, context));
    },
    rename: (key, naming, context) => sent(client.relabel('port', 'networkPorts.rename', key, toNames(naming), context)),
    delete: (key, context) => sentDelete(client.dropPort(key, context)),
  };
}
