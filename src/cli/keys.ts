import { Command } from 'commander';
import { otherKeys, type Config } from '../config/config';
import { keyName } from '../store/cipher';
import type { KeyUse } from '../store/keys';
import type { Store } from '../store/store';
import { keyOf, withStore } from './audit';
import { say, withConfig, type CommonOptions } from './common';

/** `key`: which keys the store needs, and changing them. Keys themselves are never shown, only their names. */
export function keyCommand(): Command {
  const key = new Command('key').description('manage the keys for secrets at rest');
  key.addCommand(
    withConfig(new Command('status').description('tell which keys the stored secrets need; exit code 1 where one is missing')).action(
      (options: CommonOptions) => withStore(options, status),
    ),
  );
  key.addCommand(
    withConfig(
      new Command('rotate').description(
        'encrypt every stored secret with secrets.key, beside a running gateway; can be broken off and run again',
      ),
    ).action((options: CommonOptions) => withStore(options, rotate, true)),
  );
  return key;
}

async function status(store: Store, config: Config): Promise<void> {
  await assertKey(config);
  const use = await store.keys.use();
  const others = otherKeys(config).map(keyName);
  for (const [index, { key, known, values }] of use.entries()) {
    const where = known ? (index === 0 ? 'written with' : `secrets.otherKeys[${others.indexOf(key)}]`) : 'NOT CONFIGURED';
    say(`key ${key} (${where}): ${encrypted(values)}${advice({ known, values }, index)}`);
  }
  if (use.some(({ known }) => !known)) process.exitCode = 1;
}

function advice({ known, values }: Pick<KeyUse, 'known' | 'values'>, index: number): string {
  if (!known) return ', which cannot be read';
  if (index === 0) return '';
  return values > 0 ? ': still needed; run cimi-gateway key rotate' : ': not needed by any of them';
}

async function rotate(store: Store, config: Config): Promise<void> {
  await assertKey(config);
  const { sealed, unreadable, left } = await store.keys.rotate({
    onBatch: (count) => void process.stderr.write(`${encrypted(count)} anew\n`),
  });
  say(`${encrypted(sealed)} with key ${(await store.keys.use())[0]?.key}`);
  if (unreadable.count > 0) say(`${unreadable.count} could not be read and stay as they are: ${unreadable.places.join(', ')}`);
  if (left > 0)
    say(
      `${left} are encrypted with another key still: a process writes with it; give all of them the same secrets.key, and run this again`,
    );
  else say('the other keys are not needed any more, but for backups that were made with them');
  if (unreadable.count > 0 || left > 0) process.exitCode = 1;
}

const encrypted = (values: number): string => `${values} ${values === 1 ? 'value' : 'values'} encrypted`;

/** @throws Error where there is no key yet */
async function assertKey(config: Config): Promise<void> {
  if (!(await keyOf(config))) throw new Error('no key is configured, and none was made: set secrets.key');
}
