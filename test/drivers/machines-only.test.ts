import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DriverPackage } from '../../src/clouds/driver';
import type { FailureKind } from '../../src/clouds/errors';
import { copyExample, installGateway, requireModule } from '../harness/install-gateway';
import { driverContract } from './contract';
import { type Counterpart, shapeOf } from './counterpart';

/**
 * The driver of docs/drivers.md, as a stranger has it: it makes nothing, and is held to all of the contract that it offers,
 * without a list of its own.
 */

/** Record that the example's provider shows to tests (rack.mjs). */
interface RackModule {
  PAGE: number;
  rackAt(name: string): {
    content: Map<string, { id: string; ramKiB: number; power: string }>;
    requests: number;
    failure: FailureKind | undefined;
  };
}

const folder = mkdtempSync(join(tmpdir(), 'cimi-minimal-'));
installGateway(folder);
const file = join(folder, copyExample('driver-minimal', folder));
const { driver: minimal } = requireModule<DriverPackage>(file);
const { PAGE, rackAt } = requireModule<RackModule>(join(file, '../rack.mjs'));

const NONE = 'srv-none';

async function start(): Promise<Counterpart> {
  const rack = rackAt('contract');
  const options = { rack: 'contract' };
  let filled = 0;
  return {
    driver: shapeOf(minimal, options),
    module: minimal,
    options,
    // Nothing is made here, so nothing has to be made from anything.
    fixtures: { config: NONE, otherConfig: NONE, image: NONE, missing: { machines: NONE }, publicKey: '' },
    pageSize: { machines: PAGE },
    async populate(_group, count) {
      const ids = Array.from({ length: count }, () => `srv-${(filled += 1)}`);
      for (const id of ids) rack.content.set(id, { id, ramKiB: 524_288, power: 'on' });
      return async () => ids.forEach((id) => rack.content.delete(id));
    },
    calls: async () => rack.requests,
    failNextRead: async (kind) => void (kind !== 'notFound' && (rack.failure = kind)),
    provokes: ['auth', 'forbidden', 'conflict', 'quota', 'throttled', 'invalid', 'unavailable', 'timeout', 'unsupported'],
    strangeState: async (machine) => void Object.assign(rack.content.get(machine) ?? {}, { power: 'smouldering' }),
    leftovers: async () => [...rack.content.keys()],
    stop: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

driverContract('machines only', { start, shape: shapeOf(minimal, { rack: 'shape' }) });
