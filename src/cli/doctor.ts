import { Command } from 'commander';
import { examining, type Discrepancy } from '../gateway/examining';
import { Closers } from '../http/closers';
import { keyOf } from './audit';
import { configOf, say, withConfig, type CommonOptions } from './common';

interface DoctorOptions extends CommonOptions {
  cloud?: readonly string[];
  json?: boolean;
  mend?: boolean;
}

const several = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

/** `doctor`: what the store says against what the clouds say. Changes nothing unless it is told to mend. */
export function doctorCommand(): Command {
  return withConfig(new Command('doctor').description('compare the store with the clouds; exit code 1 where they disagree'))
    .option('--cloud <key>', 'only this cloud; may be given several times', several)
    .option('--json', 'one JSON object a line')
    .option('--mend', 'do what the plan says; on SQLite no gateway may run then')
    .action(doctor);
}

async function doctor({ cloud: only, json, mend, ...common }: DoctorOptions): Promise<void> {
  const config = await configOf(common);
  for (const key of only ?? []) if (!config.clouds[key]) throw new Error(`there is no cloud ${key} in the configuration`);
  const closers = new Closers();
  let left = 0;
  let mended = 0;
  try {
    for await (const found of await examining(config, { key: await keyOf(config), mends: mend === true, only }, closers)) {
      const isMended = mend === true && found.mend !== undefined && (await found.mend());
      if (isMended) mended += 1;
      else left += 1;
      say(json ? jsonOf(found, isMended) : lineOf(found, isMended));
    }
  } finally {
    await closers.close();
  }
  if (!json) say(summaryOf(left, mended));
  if (left > 0) process.exitCode = 1;
}

const jsonOf = ({ mend: _mend, ...found }: Discrepancy, isMended: boolean): string => JSON.stringify({ ...found, mended: isMended });

function lineOf({ kind, what, key, cloud, words, plan }: Discrepancy, isMended: boolean): string {
  const where = key === undefined ? '' : ` (${key} in ${cloud})`;
  const help = plan === undefined ? '' : isMended ? `; mended: ${plan}` : `; --mend would ${plan}`;
  return `${kind}: ${what}${where}: ${words}${help}`;
}

function summaryOf(left: number, mended: number): string {
  const did = mended === 0 ? '' : `${mended} mended, `;
  return left === 0 ? `${did}store and clouds agree` : `${did}${left} ${left === 1 ? 'disagreement' : 'disagreements'}`;
}
