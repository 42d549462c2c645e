import { openScene, type Scene } from '../protocol/scene';
import { populate, type Population } from './population';

/** A gateway with one resource of everything in it; opened before the tests of a file, closed after them. */
export function populated(): { scene: Scene; population: Population } {
  const here = {} as { scene: Scene; population: Population };
  beforeAll(async () => {
    here.scene = await openScene({ config: { jobs: { graceMs: 10_000 } } });
    here.population = await populate(here.scene.client);
  });
  afterAll(() => here.scene.close());
  return here;
}
