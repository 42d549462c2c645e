import { waitUntil } from '../harness/wait';
import { startForwarder } from './forwarder';
import { INITDB, PostgresServer } from './postgres';

/** A primary with a standby that has every commit before it is answered (synchronous), behind one port that leads to whichever is primary. */
export interface PostgresPair {
  /** URL of their empty database, the same for good. */
  readonly url: string;
  /** Ends the primary as a crash would, and starts it again on its data. */
  restart(): Promise<void>;
  /** Kills the primary's host, makes the standby primary, and makes a new standby of it. */
  failOver(): Promise<void>;
  stop(): Promise<void>;
}

/** Settings of both: a standby asks again soon, and finds what it missed. */
const SETTINGS = {
  wal_level: 'replica',
  hot_standby: 'on',
  wal_keep_size: '256MB',
  wal_retrieve_retry_interval: '100ms',
  // Kept in the data folder, where it goes with a server that was killed.
  dynamic_shared_memory_type: 'mmap',
};

/** Starts both, their data below .backends/. */
export async function startPostgresPair(): Promise<PostgresPair> {
  let primary = await PostgresServer.over((data, run) => run('initdb', ['-D', data, ...INITDB]), SETTINGS);
  let standby: PostgresServer | undefined;
  await primary.begin();
  const forwarder = await startForwarder(primary.port);
  const pair: PostgresPair = {
    url: `postgres://cimi@127.0.0.1:${forwarder.port}/postgres`,
    restart: async () => {
      await primary.end('SIGQUIT');
      await primary.begin();
    },
    failOver: async () => {
      if (!standby) throw new Error('there is no standby');
      await inStep(primary);
      const dead = primary;
      await dead.vanish();
      primary = standby;
      standby = undefined;
      await primary.ask('select pg_promote()');
      forwarder.leadTo(primary.port);
      await dead.remove();
      standby = await standbyOf(primary);
    },
    stop: async () => {
      forwarder.close();
      // The standby first: a primary that ends in order waits until it has everything.
      await standby?.remove();
      await primary.remove();
    },
  };
  try {
    standby = await standbyOf(primary);
  } catch (error) {
    await pair.stop();
    throw error;
  }
  return pair;
}

/** Makes a standby of a copy, without which nothing is committed from then on. */
async function standbyOf(primary: PostgresServer): Promise<PostgresServer> {
  const source = ['-d', primary.url, '--checkpoint=fast', '--no-sync', '--write-recovery-conf'];
  const standby = await PostgresServer.over((data, run) => run('pg_basebackup', ['-D', data, ...source]), SETTINGS);
  await standby.begin();
  await primary.ask(`alter system set synchronous_standby_names = '*'`);
  await primary.ask('select pg_reload_conf()');
  await inStep(primary);
  return standby;
}

/** Waits until the standby has every commit before it is answered. */
async function inStep(primary: PostgresServer): Promise<void> {
  await waitUntil(async () => {
    const sql = `select 1 from pg_stat_replication where state = 'streaming' and sync_state = 'sync'`;
    return (await primary.ask(sql)).length > 0;
  });
}
