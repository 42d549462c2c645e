import { Account } from './account';
import type { FaultInput, Settings } from './options';
import { faultSchema, settingsSchema } from './options';
import { newKey } from './requests';
import { quantityOf } from './meters';
import { valuesOf } from './measures';
import type { Instance, Kind, Notice, Of, Phased, Snapshot, Thing } from './things';
import { phaseAt } from './things';

/** A simulated cloud's control room: looks past its API, makes it fail, changes things as its own console would. */
export interface SimulatorControl {
  /** Sets a rule for calls to come, of every process that uses the state file. */
  fail(rule: FaultInput): void;
  clearFailures(): void;
  /** Changes settings of the running cloud; they win over the configuration until `resetSettings`. */
  set(settings: Partial<Settings>): void;
  resetSettings(): void;
  /** Requests received, by method of the Driver contract; a list counts its pages. */
  calls(): { [method: string]: number };
  totalCalls(): number;
  resetCalls(): void;
  /** Instances that are not gone, with the phase each is in. */
  instances(): (Instance & { phase: string })[];
  /** Snapshots that are not gone and not the provider's own. */
  snapshots(): (Snapshot & { phase: string })[];
  keyPairs(): string[];
  /** Lists everything of a kind that is not gone. */
  things<K extends Kind>(kind: K): Of<K>[];
  /** Puts an instance (or another thing with phases) into a phase, also one that the driver does not know. */
  setPhase(id: string, phase: string, kind?: Phased['kind']): void;
  /** Changes an instance as the provider's own console would. */
  relabel(id: string, names: { label?: string | null; note?: string | null; labels?: { [key: string]: string } }): void;
  /** Adds things made elsewhere, or puts one in the place of another of its id. */
  add(things: readonly Thing[]): void;
  remove(things: readonly Pick<Thing, 'kind' | 'id'>[]): void;
  /** Value of an aspect of a resource at a time, in the aspect's unit, as the driver tells it; undefined where there is none. */
  measured(resource: { type: string; key: string }, aspect: string, at: number): number | undefined;
  /** Tells something, as the provider does by itself; answers the id, under which it can be told again. */
  tell(notice: Pick<Notice, 'kind' | 'code'> & Partial<Notice>): string;
  close(): void;
}

/** A running instance that nobody made through the gateway, since a time in ms since the epoch. */
export function foreignInstance(id: string, now = Date.now()): Instance {
  return {
    ...{ kind: 'instance', id, label: id, note: null, labels: {}, shape: 's1.small', vcpus: 1, memoryMiB: 2048, arch: 'x86_64' },
    ...{ source: 'img-debian-12', latest: null, keyPair: null, userData: null, nets: [], launchedAt: now, tag: null, token: null },
    timeline: [{ phase: 'running', from: now }],
  };
}

/** Opens the state file of a simulated cloud (`<dataDir>/<file>`), also while gateways use it. Makes it where there is none. */
export function openControl(file: string): SimulatorControl {
  const account = new Account(file);
  const { db } = account;
  const changed = (): Partial<Settings> => JSON.parse(account.note('settings') ?? '{}') as Partial<Settings>;
  const phased = <T extends Instance | Snapshot>(thing: T) => ({ ...thing, phase: phaseAt(thing.timeline, Date.now()) });
  const calls = () =>
    Object.fromEntries(
      (db.prepare('SELECT method, count FROM calls').all() as { method: string; count: number }[]).map((row) => [row.method, row.count]),
    );
  return {
    fail(rule) {
      db.prepare("INSERT INTO fault (origin, rule) VALUES ('control', ?)").run(JSON.stringify(faultSchema.parse(rule)));
    },
    clearFailures() {
      db.exec('DELETE FROM fault');
    },
    set(settings) {
      settingsSchema.partial().parse(settings);
      account.transaction(() => account.setNote('settings', JSON.stringify({ ...changed(), ...settings })));
    },
    resetSettings() {
      db.exec("DELETE FROM note WHERE name = 'settings'");
    },
    calls,
    totalCalls: () => Object.values(calls()).reduce((sum, count) => sum + count, 0),
    resetCalls() {
      db.exec('DELETE FROM calls');
    },
    instances: () => account.all('instance').map(phased),
    snapshots: () =>
      account
        .all('snapshot')
        .filter((snapshot) => !snapshot.builtin)
        .map(phased),
    keyPairs: () => account.all('keyPair').map(({ id }) => id),
    things: (kind) => account.all(kind),
    setPhase(id, phase, kind = 'instance') {
      account.transaction(() => {
        const thing: Phased = account.need(kind, id);
        account.put({ ...thing, timeline: [{ phase, from: Date.now() }] });
      });
    },
    relabel(id, names) {
      account.transaction(() => account.put({ ...account.need('instance', id), ...names }));
    },
    add(things) {
      account.transaction(() => things.forEach((thing) => account.put(thing)));
    },
    remove(things) {
      account.transaction(() => things.forEach(({ kind, id }) => account.remove(kind, id)));
    },
    measured({ type, key }, aspect, at) {
      const asked = quantityOf(type, aspect);
      const thing = asked && account.find(asked.kind, key);
      return thing && valuesOf(account, thing, asked.quantity)(at);
    },
    tell(notice) {
      const whole: Notice = { id: newKey('notice'), at: Date.now(), thing: null, text: notice.code, ...notice };
      account.transaction(() => account.tell(whole));
      return whole.id;
    },
    close: () => account.close(),
  };
}
