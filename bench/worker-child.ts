import { RedisQueue } from '../src/jobs/redis-queue';
import { createCipher } from '../src/store/cipher';
import { openPostgresStore } from '../src/store/postgres';
import { noOpEngine, quiet } from './no-op';

/** A worker of Jobs that do nothing, until it is ended. Arguments: PostgreSQL, its key, Redis, the prefix there, how many at once. */
const [, , url = '', key = '', redis = '', prefix = '', atOnce = '10'] = process.argv;

async function main(): Promise<void> {
  const store = await openPostgresStore({ url, cipher: createCipher(Buffer.from(key, 'hex')) });
  const engine = noOpEngine(store, new RedisQueue({ url: redis, prefix, log: quiet }), Number(atOnce));
  await engine.start();
  console.error('working');
  process.once('SIGTERM', () => {
    void engine
      .close(2_000)
      .then(() => store.close())
      .then(() => process.exit(0));
  });
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
