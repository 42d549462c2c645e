import type { Done, EndContext, StepContext, Workflow } from '../jobs/workflow';
import { spoken } from '../model/shown';
import { removeWithAssociations } from '../operations/associations';
import { imagesLeft, makeImages, takeImagesBack } from './package-images';
import { readingOf, readPackage, rowOfDesigned, type ImportInput, type PackageDeps } from './read-package';

type Context = StepContext<ImportInput>;

export const importTemplate: Pick<Workflow, 'name' | 'version'> = { name: 'systemTemplate.import', version: 1 };

/** Makes a SystemTemplate, and what it refers to, of a package (5.13.4.1): its descriptor is read, its disks become images, its templates rows. */
export function importTemplateWorkflow(deps: PackageDeps): Workflow<ImportInput> {
  const { catalogue } = deps;
  return {
    ...importTemplate,
    steps: [
      { name: 'read', message: 'Reading the package', run: (context) => readPackage(deps, context, 'templates') },
      {
        name: 'images',
        message: 'Making images of the disks',
        run: ({ results, nested }) => Promise.resolve(makeImages(readingOf(results).images, nested)),
        undo: ({ results, nested, store }) => takeImagesBack(catalogue, store, readingOf(results).images, nested),
      },
      { name: 'write', message: 'Writing the templates', run: (context) => Promise.resolve(write(catalogue, context)) },
    ],
    succeeded: ({ results }) => Promise.resolve({ message: spoken(['Imported', ...readingOf(results).warnings].join('; ')) }),
    failed: (context) => tell(context, context.error.message),
    stopped: (context) => tell(context, 'Stopped; what had been made was taken back'),
  };
}

function write(catalogue: PackageDeps['catalogue'], { input, job, results }: Context): Done {
  const { root, resources } = readingOf(results);
  const values = { ...root, importImage: { href: shownSource(input.options.source) } };
  return {
    done: null,
    affected: resources.map(({ path }) => path),
    async apply(unit) {
      for (const resource of resources) await unit.insertResource(rowOfDesigned(catalogue, resource, job.tenant));
      await unit.updateResource(input.path, undefined, { values });
    },
  };
}

/** The source as it may be shown: what a query says may be as good as a password. */
function shownSource(source: string): string {
  const { origin, pathname } = new URL(source);
  return origin + pathname;
}

/** The last words of a Job that leaves nothing: rows of what is at no provider go, the rest is named. */
async function tell({ unit, input, results, left }: EndContext<ImportInput> & { left: readonly string[] }, why: string) {
  const remaining = [...left, ...(await imagesLeft(unit, readingOf(results).images))];
  await removeWithAssociations(unit, input.path);
  return { message: remaining.length > 0 ? `${why}; could not be taken back: ${remaining.join('; ')}` : why };
}
