import { CimiError, connect, fetchTransport, follow, watch, type Cimi, type Handle, type Transport } from '../../sdk/index.ts';

/**
 * Stories of what a program does with the client library over a gateway, told in plain values: the same runs in Node, over fetch and node:http, and
 * in a browser; what is told is judged by client.test.ts.
 */

/** Gateway of the stories. */
export interface Scene {
  /** URI of the entry point. */
  entry: string;
  /** URI of an image. */
  image: string;
  /** Word that the names of this way have. */
  way: string;
}

/** Request that went out, and the status of its answer, where that came. */
interface Sent {
  method: string;
  url: string;
  key: string | undefined;
  status: number | undefined;
}

/** One run: a client whose requests are kept. */
interface Run extends Scene {
  transport: Transport;
  cimi: Cimi;
  sent: Sent[];
  make(name: string): ReturnType<Cimi['machines']['create']>;
}

const withoutQuery = (uri: string): string => uri.replace(/\?.*/, '');

/** Words of an error that a client can act on. */
const failure = async (work: Promise<unknown>): Promise<Record<string, unknown>> => {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof CimiError)) throw new Error(`no CimiError: ${String(error)}`);
  const { kind, status, at, message, requestId, job } = error;
  return { kind, status, at, message, requestId, job: job?.state };
};

const made = async ({ cimi, make }: Run, name: string): Promise<Handle<'Machine'>> => {
  const { resource, job } = await make(name);
  await cimi.wait(job);
  return cimi.get<'Machine'>(resource.id);
};

const stories = {
  async life(run: Run) {
    const { cimi, make, transport } = run;
    const { resource, job } = await make('life');
    const seen: (number | undefined)[] = [];
    const done = await cimi.wait(job, { onProgress: ({ progress }) => seen.push(progress) });
    const states: unknown[] = [[resource.name === `${run.way}-life`, done?.state, seen.at(-1)]];
    const tell = (machine: Handle<'Machine'>): unknown => states.push([machine.state, machine.can('stop'), machine.can('start')]);

    const started = await cimi.get<'Machine'>(resource.id);
    tell(started);
    await cimi.wait((await started.act('stop', { force: true })).job);
    const stopped = await started.refresh();
    tell(stopped);
    const isSame = (await stopped.refresh()) === stopped;

    const changed = await stopped.update({ description: 'one', properties: { team: 'blue' } });
    await cimi.wait(changed.job);
    const stale = await failure(stopped.update({ description: 'two' }));
    const now = await stopped.refresh();
    states.push([now.description, now.properties]);
    await cimi.wait((await now.update({ description: null })).job);
    const bare = await now.refresh();
    states.push([bare.description ?? null, bare.properties]);
    const answer = await transport({ method: 'GET', url: bare.id, headers: { Accept: 'application/json' } });
    const isWhole = JSON.stringify(bare) === JSON.stringify(JSON.parse(await answer.text()));

    await cimi.wait((await bare.delete()).job);
    return { states, isSame, isWhole, stale, gone: await failure(bare.refresh()) };
  },

  async lost(run: Run) {
    let lost = 0;
    const lossy: Transport = async (request) => {
      const answer = await run.transport(request);
      if (request.method !== 'POST' || lost > 0) return answer;
      lost += 1;
      throw new Error('the connection was reset');
    };
    const { resource, job } = await (await connect(run.entry, { transport: lossy })).machines.create(machine(run, 'once'));
    await run.cimi.wait(job);
    const posts = run.sent.filter(({ method }) => method === 'POST');
    const found = await run.cimi.machines.all({ filter: (f) => f.name.eq(`${run.way}-once`), select: ['name'] });
    return {
      posts: posts.length,
      keys: new Set(posts.map(({ key }) => key)).size,
      isOne: found.length === 1 && found[0]?.id === resource.id,
    };
  },

  async nobody({ transport }: Run) {
    return failure(connect('http://127.0.0.1:1/', { transport, retries: 0 }));
  },

  async keys(run: Run) {
    const { job: first } = await run.make('key-a');
    const { job: second } = await run.cimi.machines.create(machine(run, 'key-b'), { idempotencyKey: `${run.way}-mine` });
    for (const job of [first, second]) await run.cimi.wait(job);
    return run.sent.filter(({ method }) => method === 'POST').map(({ key }) => key);
  },

  async windows({ cimi, sent }: Run) {
    const whole = (await cimi.machineConfigs.all({ orderBy: ['name'] })).map(({ id }) => id);
    const before = sent.length;
    const items = await cimi.machineConfigs.all({ window: 3, orderBy: ['name'], select: ['name', 'memory'] });
    const asked = sent.slice(before).map(({ url }) => new URL(url).searchParams);
    const first = await cimi.machineConfigs.all({ window: 3, limit: 4, orderBy: ['name'] });
    const looked = sent.length;
    // Reading ends with who reads.
    for await (const { id } of cimi.machineConfigs.list({ window: 1, orderBy: ['name'] })) if (id === whole[1]) break;
    return {
      whole,
      items: items.map(({ id }) => id),
      attributes: [...new Set(items.flatMap((item) => Object.keys(item)))],
      windows: asked.map((query) => [query.get('$first'), query.get('$last')]),
      first: first.map(({ id }) => id),
      requests: sent.length - looked,
    };
  },

  async page({ cimi }: Run) {
    const page = await cimi.machineImages.page({ first: 1, last: 2, select: ['name'] });
    const known = await cimi.machineImages.page({ first: 1, last: 2, select: ['name'], unless: page?.etag });
    const all = await cimi.systems.page();
    const count = (await cimi.machineImages.all()).length;
    return {
      items: page?.items.length,
      clouds: page?.unavailableClouds,
      isCounted: page?.count === count,
      isKnown: known === undefined,
      canAdd: all?.can('add'),
    };
  },

  async references(run: Run) {
    const { cimi } = run;
    const { id, disks: ref } = await made(run, 'refs');
    const [expanded] = await cimi.machines.all({ filter: (f) => f.name.eq(`${run.way}-refs`), expand: ['disks'] });
    const disks = (expanded?.disks?.disks ?? []).map((disk) => disk.id);
    const read = ref && (await cimi.collection(ref).all()).map((disk) => disk.id);
    // A snapshot is made by the collection of images (5.14.1.2).
    await cimi.wait((await (await cimi.get<'Machine'>(id)).act('snapshot', { name: 'before' })).job);
    const { latestSnapshot } = await cimi.get<'Machine'>(id);
    const image = latestSnapshot && (await cimi.get(latestSnapshot));
    return { disks, read, image: [image?.name, image?.type, image?.state] };
  },

  async failing(run: Run) {
    const { job } = await (await made(run, 'failing')).act('restart');
    const seen: string[] = [];
    return { error: await failure(run.cimi.wait(job, { onProgress: ({ state }) => seen.push(state) })), last: seen.at(-1) };
  },

  async aborted({ cimi, make }: Run) {
    const { job } = await make('aborted');
    const control = new AbortController();
    const waiting = cimi.wait(job, { signal: control.signal }).then(
      () => 'waited',
      () => 'ended',
    );
    control.abort(new Error('enough'));
    return [await waiting, (await cimi.wait(job))?.state];
  },

  async refusals(run: Run) {
    const { cimi } = run;
    const filter = await failure(cimi.machines.all({ filter: 'foo bar' }));
    const wrong = await failure(cimi.machines.create({ name: 'x', machineTemplate: { machineConfig: { cpu: -1 } } } as never));
    const state = await failure((await made(run, 'refused')).act('start'));
    const nothing = await failure(Promise.resolve().then(() => cimi.collection('nothings')));
    return { filter, wrong, state, nothing };
  },

  async watched(run: Run) {
    const { cimi } = run;
    const control = new AbortController();
    const changes: string[] = [];
    const options = { filter: `name='${run.way}-watched'`, everyMs: 20, signal: control.signal };
    const making = made(run, 'watched');
    try {
      for await (const { change, item } of watch(cimi.machines, options)) {
        changes.push(`${change} ${item.state}`);
        if (changes.filter((told) => told.endsWith('STARTED')).length === 1 && item.state === 'STARTED') await (await making).delete();
        if (change === 'removed') control.abort(new Error('enough'));
      }
      return { changes, isEnded: false };
    } catch (error) {
      return { changes, isEnded: error === control.signal.reason };
    }
  },

  async events(run: Run) {
    const { cimi } = run;
    const [log] = await cimi.eventLogs.all();
    const control = new AbortController();
    const events = log?.events && follow(cimi, log.events, { signal: control.signal, kept: 'all' });
    const { id } = await made(run, 'evented');
    let about: string | undefined;
    for await (const event of events ?? []) {
      about = event.about?.href;
      if (about === id) break;
    }
    control.abort(new Error('enough'));
    return about === id;
  },
};

const machine = ({ way, image }: Scene, name: string) => ({
  name: `${way}-${name}`,
  machineTemplate: { machineConfig: { cpu: 1, memory: 1_048_576 }, machineImage: { href: image } },
});

export type Story = keyof typeof stories;

/** Values that a story told, as JSON has them, and the URIs that it asked for without having been told them. */
export interface Told {
  told: unknown;
  strange: string[];
}

/** Runs a story. */
export async function tell(story: Story, scene: Scene, transport: Transport = fetchTransport): Promise<Told> {
  const sent: Sent[] = [];
  const known = new Set([scene.entry, scene.image, 'http://127.0.0.1:1/', 'http://127.0.0.1:1/cimi/cloudEntryPoint']);
  const recorded: Transport = async (request) => {
    const one: Sent = { method: request.method, url: request.url, key: request.headers['Idempotency-Key'], status: undefined };
    sent.push(one);
    const answer = await transport(request);
    one.status = answer.status;
    for (const name of ['Location', 'CIMI-Job-URI']) known.add(answer.header(name) ?? '');
    return {
      ...answer,
      text: async () => {
        const text = await answer.text();
        for (const [, uri = ''] of text.matchAll(/"(http[^"]*)"/g)) known.add(withoutQuery(uri));
        return text;
      },
    };
  };
  const cimi = await connect(scene.entry, { transport: recorded });
  const run: Run = { ...scene, transport: recorded, cimi, sent, make: (name) => cimi.machines.create(machine(scene, name)) };
  const told: unknown = await stories[story](run);
  const strange = sent.map(({ url }) => withoutQuery(url)).filter((url) => !known.has(url));
  return { told: JSON.parse(JSON.stringify(told)), strange };
}
