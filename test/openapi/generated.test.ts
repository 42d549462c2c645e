import { writeFile } from 'node:fs/promises';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GENERATED_CLIENTS, generatorsAvailable, installGenerators } from '../backends/api-generators';
import { describeWith } from '../backends/need';
import { openScene, type Scene } from '../protocol/scene';

describeWith('generators of API clients', generatorsAvailable(), () => {
  let scene: Scene;
  const folder = mkdtempSync(join(tmpdir(), 'cimi-clients-'));
  const document = join(folder, 'openapi.json');

  beforeAll(async () => {
    await installGenerators();
    scene = await openScene();
    const answer = await fetch(new URL('/openapi.json', scene.client.base));
    await writeFile(document, await answer.text());
  });
  afterAll(() => scene.close());

  test.each(GENERATED_CLIENTS.map((client) => [client.name, client] as const))(
    '%s: creates, waits, lists, stops, starts, is refused with the reason, deletes',
    async (name, { generate, use }) => {
      const client = join(folder, name.replaceAll(' ', '-'));
      await generate(document, client);
      expect(await use(client, scene.client.base.replace(/\/$/, ''))).toContain('done');
      const { json } = await scene.client.send('GET', 'machines');
      expect(json).not.toHaveProperty('machines');
    },
  );
});
