import type { Catalogue } from '../../src/model/catalogue';
import { chaptersOf } from '../../src/model/chapters';
import { operationsOf, record, type Exchange, type Recorded } from './recorder';

const NOTE = '<!-- Recorded by scripts/make-requests.cjs; do not edit. -->';
const INTRODUCTION =
  'A request and its answer for every operation of every resource type, in JSON and in XML, as a gateway over the simulated cloud gave them. ' +
  'What that cloud or the gateway does not do is refused, as you see it here. Ids of resources are replaced by names, those of Jobs by `ID`, all ' +
  'times by one; long bodies are cut. What the attributes mean: [reference](../reference/README.md).';

/** The pages of recorded requests, in Markdown, by file name: one for each chapter, and `README.md` that leads to them. */
export async function requestPages(catalogue: Catalogue): Promise<ReadonlyMap<string, string>> {
  const [json, xml] = [await record(catalogue, 'json'), await record(catalogue, 'xml')];
  const operations = new Map(operationsOf(catalogue));
  const chapters = chaptersOf(catalogue);
  const rows = chapters.flatMap(({ chapter, types }) =>
    types.map(({ name }) => {
      const links = (operations.get(name) ?? []).map((each) => `[${each}](${chapter.name}.md#${anchorOf(name, each)})`);
      return `| ${name} | ${links.join(' ')} |`;
    }),
  );
  const pages = chapters.map(({ chapter, types }): [string, string] => {
    const sections = types.flatMap(({ name }) => [
      `## ${name}`,
      ...(operations.get(name) ?? []).flatMap((each) => sectionOf(name, each, json, xml)),
    ]);
    return [`${chapter.name}.md`, text([`# Requests: ${chapter.title}`, NOTE, ...sections])];
  });
  return new Map([
    ['README.md', text(['# Requests and answers', NOTE, INTRODUCTION, ['| type | operations |', '| --- | --- |', ...rows].join('\n')])],
    ...pages,
  ]);
}

const anchorOf = (type: string, operation: string): string => `${type}-${operation}`.toLowerCase();
const text = (parts: readonly string[]): string => `${parts.join('\n\n')}\n`;

function sectionOf(type: string, operation: string, ...recorded: readonly Recorded[]): string[] {
  const exchanges = recorded.map((each) => each.get(`${type} ${operation}`));
  const shown = exchanges.flatMap((each) => (each ? [blockOf(each)] : []));
  if (shown.length !== recorded.length) throw new Error(`${type} ${operation} was not recorded`);
  return [`### ${type} ${operation}`, ...shown];
}

function blockOf({ request, answer }: Exchange): string {
  return `\`\`\`http\n${request}\n\`\`\`\n\n\`\`\`http\n${answer}\n\`\`\``;
}
