import {
  METHOD_KINDS,
  type CallContext,
  type DownloadedImage,
  type Driver,
  isOngoing,
  type Item,
  type ListedGroup,
  type Ongoing,
} from '../../../src/clouds/driver';
import { Gone, ProviderError } from '../../../src/clouds/errors';
import { digestOf } from '../../../src/disks/content-digest';
import { type Known, methodOf, methodsOf, SCRIPT, type Step } from './script';
import type { Reply, Strike } from './strikes';
import { mutationsOf } from './mutations';
import { STRIKES } from './strikes';
import type { Call, Exchange, Played } from './tape';
import { Tape } from './tape';
import { elapse } from '../../harness/wait';

/** Driver that is lent to the suite. */
export interface Struck {
  /** Starts the provider; `url` is where it is. */
  start(): Promise<{ url: string; known: Known; stop(): Promise<void> }>;
  connect(url: string): Driver | Promise<Driver>;
  nameOf(call: Call): string;
  /** Tells whether a call of this name changes something at the provider. */
  changes(name: string): boolean;
  /** Tells whether a call of this name answers things, and not a login or a version. */
  tells(name: string): boolean;
  /** Name that every word of a failure must contain. */
  service: RegExp;
  /** Changes to a right answer ("call / change") that make another right answer of it: it tells that a thing is gone. */
  says: readonly string[];
  /** Methods that this counterpart cannot be brought to do, with the reason. */
  cannot: Readonly<Record<string, string>>;
}

/** A method as the clean run called it. */
export interface Recorded {
  name: string;
  run(driver: Driver): Promise<unknown>;
  exchanges: readonly Exchange[];
  /** Result of the call. */
  result: unknown;
}

/** Time limit of a call of the clean run, whose provider may be slow, in ms. */
const CALL_MS = 60_000;
const context = (): CallContext => ({ signal: AbortSignal.timeout(CALL_MS) });

/** Reads everything that a call answers, listings and contents to their end. */
async function wholeOf(answer: unknown): Promise<unknown> {
  if (typeof answer !== 'object' || answer === null) return answer;
  if ('disk' in answer) return contentsOf(answer as DownloadedImage);
  if (!(Symbol.asyncIterator in answer)) return answer;
  const items: Item[] = [];
  for await (const page of answer as AsyncIterable<readonly Item[]>) items.push(...page);
  return items;
}

async function contentsOf({ disk, version }: DownloadedImage): Promise<object> {
  return { size: disk.size, version, digest: await digestOf(disk) };
}

/** Plays the script against the provider through the tape, each call by a driver of its own so that its login is part of it. */
export async function recordAll(
  tape: Tape,
  subject: Struck,
  begins: Known,
): Promise<{ recorded: Recorded[]; refused: Map<string, string> }> {
  const known: Record<string, string> = { ...begins };
  const recorded: Recorded[] = [];
  const refused = new Map<string, string>();
  const once = async (name: string, run: Recorded['run']): Promise<unknown> => {
    const driver = await subject.connect(tape.url);
    try {
      const { result, exchanges } = await tape.record(() => run(driver));
      recorded.push({ name, run, exchanges, result });
      return result;
    } finally {
      await driver.close();
    }
  };
  for (const step of SCRIPT) {
    const args = step.args(known);
    try {
      let outcome = args && (await once(step.name, async (driver) => wholeOf(await called(driver, step, args))));
      for (let n = 0; isOngoing(outcome); n += 1) {
        const { ongoing } = JSON.parse(JSON.stringify(outcome)) as Ongoing;
        const poll = (driver: Driver) => Promise.resolve(driver.poll?.(ongoing, context()));
        outcome = n === 0 ? await once(`poll:${step.name}`, poll) : await polled(subject, tape.url, poll);
      }
      const { key } = ((Array.isArray(outcome) ? outcome[0] : outcome) ?? {}) as { key?: string };
      if (step.makes !== undefined && key !== undefined) known[step.makes] ??= key;
      await settled(subject, tape.url, step.name, known);
    } catch (error) {
      refused.set(step.name, error instanceof Error ? error.message : String(error));
    }
  }
  return { recorded, refused };
}

function called(driver: Driver, { name }: Step, args: readonly unknown[]): unknown {
  const method = methodOf(driver, name);
  if (!method) throw new Error('not offered');
  return method(...args, context());
}

async function polled(subject: Struck, url: string, poll: (driver: Driver) => Promise<unknown>): Promise<unknown> {
  const driver = await subject.connect(url);
  await elapse(20);
  return poll(driver).finally(() => driver.close());
}

/** Waits until nothing that the step may have set going is under way any more. */
async function settled(subject: Struck, url: string, name: string, known: Known): Promise<void> {
  const [group = '', method = ''] = name.split('.');
  if (METHOD_KINDS[method] === 'read') return;
  const about: readonly (readonly [ListedGroup, string])[] = [
    ['machines', 'machine'],
    ['volumes', 'volume'],
    ['volumeImages', 'snapshot'],
    ['machineImages', 'capture'],
    ['networks', 'network'],
  ];
  const driver = await subject.connect(url);
  try {
    for (const [of, what] of about) {
      const key = known[what];
      if (key === undefined || !driver[of] || group === 'credentials') continue;
      for (let tries = 0; tries < 100; tries += 1) {
        const [seen] = await driver[of].getMany([key], context());
        if (!seen || seen instanceof Gone || !/ING$/.test(String(seen.values.state))) break;
        await elapse(50);
      }
    }
  } finally {
    await driver.close();
  }
}

/** Runs a method with one struck call, and returns what came of it. */
export async function struckRun(
  tape: Tape,
  subject: Struck,
  method: Recorded,
  at: number,
  strike: Strike['reply'],
  unrecorded: 'struck' | 'asked' = 'struck',
): Promise<{ outcome: unknown; played: Played }> {
  const played = tape.play(method.exchanges, at, strike, unrecorded);
  const driver = await subject.connect(tape.url);
  try {
    return { outcome: await method.run(driver).catch((error: unknown) => error ?? new Error('nothing thrown')), played };
  } finally {
    await driver.close();
  }
}

/** Faults in what a struck run came to, in words. */
export function faultsOf(subject: Struck, method: Recorded, at: number, strike: Strike, outcome: unknown, played: Played): string[] {
  const call = played.struck;
  // What is found done already takes fewer calls.
  if (call === undefined) return [];
  // An answer without a body cannot be half of one.
  if (/body/.test(strike.name) && (method.exchanges[at]?.reply.body.length ?? 0) < 2) return [];
  const failed = outcome instanceof Error;
  // A right answer is none.
  const { status, body } = method.exchanges[at]?.reply ?? {};
  if (strike.name === String(status) && body?.length === 0) return [];
  const faults: string[] = [];
  const same = JSON.stringify(outcome) === JSON.stringify(method.result);
  if (!failed && goneIn(outcome) > goneIn(method.result)) faults.push('proves that something is gone');
  if (strike.right === 'must' && (failed || !same)) faults.push(`is not understood: ${wordsOf(outcome)}`);
  if (strike.right !== undefined && !failed) return faults;
  if (!failed) {
    if (subject.changes(call) && played.again === 0) faults.push('is a success that was none');
    // Work that was begun, and whose first look was struck, goes on by its handle.
    else if (!same && !isOngoing(outcome)) faults.push(`differs from the clean answer: ${wordsOf(outcome).slice(0, 300)}`);
    return faults;
  }
  if (strike.right === 'must') return faults;
  if (!(outcome instanceof ProviderError)) return [...faults, `throws ${outcome.name}: ${outcome.message}`];
  if (outcome instanceof Gone) faults.push(`is Gone: ${outcome.message}`);
  else if (!strike.kinds.includes(outcome.kind)) faults.push(`is ${outcome.kind}, not ${strike.kinds.join(' or ')}: ${outcome.message}`);
  if (strike.unknown && subject.changes(call) && !outcome.maybeDone) faults.push(`may have been done, which it denies: ${outcome.message}`);
  if (strike.retryAfterMs !== undefined && outcome.retryAfterMs !== strike.retryAfterMs)
    faults.push(`asks to wait ${outcome.retryAfterMs} ms, not ${strike.retryAfterMs}`);
  if (outcome.message.length > 1200) faults.push(`has ${outcome.message.length} characters of words`);
  if (!subject.service.test(outcome.message)) faults.push(`does not name the service: ${outcome.message}`);
  return faults;
}

const goneIn = (outcome: unknown): number => (Array.isArray(outcome) ? outcome.filter((one) => one instanceof Gone).length : 0);
const wordsOf = (outcome: unknown): string => (outcome instanceof Error ? `${outcome.name}: ${outcome.message}` : JSON.stringify(outcome));

/** The fault of what a read came to whose provider told something only in part; undefined where there is none. */
export function partialFault(method: Recorded, inThing: boolean, outcome: unknown): string | undefined {
  if (outcome instanceof Gone) return `is Gone: ${outcome.message}`;
  if (outcome instanceof Error) {
    if (!(outcome instanceof ProviderError)) return `throws ${outcome.name}: ${outcome.message}`;
    return inThing && method.name.endsWith('.list') ? `fails as a whole: ${outcome.message}` : undefined;
  }
  if (goneIn(outcome) > goneIn(method.result)) return 'proves that something is gone';
  const [shown, whole] = [outcome, method.result].map((list) => (Array.isArray(list) ? list.length : 0));
  return inThing && (shown ?? 0) < (whole ?? 0) - 1 ? `shows ${shown} of ${whole}` : undefined;
}

/**
 * Cases of one test: all of them with CIMI_STRANGERS=all, else about one in `every` and at most `most`, the same ones each time. The
 * distance is a prime: kinds of changes follow each other in a fixed order, and all of them are met.
 */
export function sampled<T>(cases: readonly T[], every: number, most = Number.POSITIVE_INFINITY): T[] {
  let distance = Math.max(every, Math.ceil(cases.length / most));
  if (process.env.CIMI_STRANGERS === 'all' || distance === 1) return [...cases];
  while (!isPrime(distance)) distance += 1;
  return cases.filter((_, index) => index % distance === 0);
}

function isPrime(number: number): boolean {
  for (let factor = 2; factor * factor <= number; factor++) if (number % factor === 0) return false;
  return number > 1;
}

/**
 * The suite “strangers’ answers” for one driver.
 * @param every of how many cases one is run, unless all are
 * @param mostPartial partial answers that are tried at most
 */
export function strangersSuite(name: string, subject: Struck, every: number, mostPartial?: number): void {
  describe(`Strangers’ answers: ${name}`, () => {
    let tape: Tape;
    let provider: Awaited<ReturnType<Struck['start']>>;
    let recorded: Recorded[];
    let refused: Map<string, string>;

    beforeAll(async () => {
      provider = await subject.start();
      tape = await Tape.start(
        () => provider.url,
        (call) => subject.nameOf(call),
      );
      ({ recorded, refused } = await recordAll(tape, subject, provider.known));
    });
    afterAll(async () => {
      await tape.stop();
      await provider.stop();
    });

    test('every method of the driver is called, but those that this counterpart cannot be brought to do', async () => {
      const driver = await subject.connect(tape.url);
      const missing = methodsOf(driver).filter((method) => !recorded.some((one) => one.name === method));
      await driver.close();
      const told = Object.fromEntries(missing.map((method) => [method, refused.get(method) ?? 'never asked']));
      expect(
        Object.keys(told)
          .map((method) => `${method}: ${told[method] ?? ''}`)
          .filter((line) => !Object.hasOwn(subject.cannot, line.split(':')[0] ?? '')),
      ).toEqual([]);
    });

    test('each call of each method struck in turn: nothing is gone, nothing succeeds that did not, and words say what it is', async () => {
      const all = recorded.flatMap((method) => method.exchanges.flatMap((_, at) => STRIKES.map((strike) => ({ method, at, strike }))));
      const cases = sampled(all, every);
      const faults: string[] = [];
      for (const { method, at, strike } of cases) {
        const { outcome, played } = await struckRun(tape, subject, method, at, strike.reply);
        const where = `${method.name} / ${played.struck ?? '(never asked)'} #${at} / ${strike.name}`;
        faults.push(...faultsOf(subject, method, at, strike, outcome, played).map((fault) => `${where}: ${fault}`));
      }
      process.stdout.write(`Strangers’ answers, ${name}: ${cases.length} of ${all.length} cases over ${recorded.length} methods\n`);
      expect(faults).toEqual([]);
    }, 1_800_000);

    test('each member of each answer that lists or reads, removed, null, empty or of another type: the others show, nothing throws', async () => {
      const reads = recorded.filter(({ name: method }) => /\.(list|getMany|sample|since|of)$/.test(method));
      const all = reads.flatMap((method) =>
        method.exchanges.flatMap((exchange, at) => {
          const mutations = subject.tells(exchange.name) ? mutationsOf(exchange.reply.body.toString()) : [];
          return mutations.map((mutation) => ({ method, at, mutation }));
        }),
      );
      const cases = sampled(all, every, mostPartial);
      const faults: string[] = [];
      for (const { method, at, mutation } of cases) {
        const part = (right: Reply): Reply => ({ ...right, body: Buffer.from(mutation.text) });
        const { outcome, played } = await struckRun(tape, subject, method, at, part, 'asked');
        const fault = partialFault(method, mutation.inThing, outcome);
        const says = subject.says.some((words) => `${played.struck ?? ''} / ${mutation.name}` === words);
        if (fault !== undefined && !says)
          faults.push(`${method.name} / ${played.struck ?? '(never asked)'} #${at} / ${mutation.name}: ${fault}`);
      }
      process.stdout.write(`Partial answers, ${name}: ${cases.length} of ${all.length} cases over ${reads.length} methods\n`);
      expect(faults).toEqual([]);
    }, 1_800_000);
  });
}
