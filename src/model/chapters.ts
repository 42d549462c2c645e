import type { Catalogue } from './catalogue';
import type { Resource } from './define';

/** A chapter of resource types: one clause of the standard, one page of the reference. */
export interface Chapter {
  /** Name of its page. */
  name: string;
  title: string;
  /** The clause that all its types stand below; absent for what the standard does not know. */
  clause?: string;
}

const CHAPTERS: readonly Chapter[] = [
  { name: 'metadata', title: 'Resource metadata', clause: '5.11' },
  { name: 'entry-point', title: 'Cloud Entry Point', clause: '5.12' },
  { name: 'system', title: 'Systems', clause: '5.13' },
  { name: 'machine', title: 'Machines', clause: '5.14' },
  { name: 'volume', title: 'Volumes', clause: '5.15' },
  { name: 'network', title: 'Networks', clause: '5.16' },
  { name: 'monitoring', title: 'Jobs, meters and events', clause: '5.17' },
];
const OTHER: Chapter = { name: 'extensions', title: 'Extensions' };

/** The chapter of a type, by its clause. */
export function chapterOf({ clause }: Pick<Resource, 'clause'>): Chapter {
  return CHAPTERS.find((chapter) => clause === chapter.clause || clause.startsWith(`${chapter.clause}.`)) ?? OTHER;
}

/** The chapters that have types in the catalogue, in the order of the standard, each with its types. */
export function chaptersOf(catalogue: Catalogue): { chapter: Chapter; types: Resource[] }[] {
  return [...CHAPTERS, OTHER]
    .map((chapter) => ({ chapter, types: catalogue.resources.filter((resource) => chapterOf(resource) === chapter) }))
    .filter(({ types }) => types.length > 0);
}
