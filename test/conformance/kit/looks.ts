import assert from 'node:assert/strict';
import type { Content } from './body';
import { freshName } from './ingredients';
import type { Session } from './session';
import type { Value } from './value';
import type { Answer } from './wire';

/** Target of a request, as it was before it. */
export interface Look {
  /** URI without query. */
  uri: string;
  /** Look at what was there: undefined where nothing was shown in JSON. */
  before: string | undefined;
  /** Name under which a Collection must hold nothing new. */
  name?: string;
}

/** Content of a create with a name that nothing else has, by which what it makes can be found. */
export function marked(content: Content): { content: Content; name: string } {
  if (typeof content.name === 'string' && content.name !== '') return { content, name: content.name };
  const name = freshName('refused');
  return { content: { name, ...content }, name };
}

const isCollection = (value: Value): boolean => value.resourceURI?.endsWith('Collection') ?? false;

/** A representation but for its operations, which come and go while a Job runs. */
function written(text: string): string {
  const { operations, ...rest } = JSON.parse(text) as Record<string, unknown>;
  return operations === undefined ? text : JSON.stringify(rest);
}

async function read(session: Session, uri: string): Promise<{ value?: Value; text?: string }> {
  const answer = await session.fetch('GET', uri, 'json');
  if (answer.status !== 200 || answer.mediaType !== 'application/json') return {};
  return { value: answer.body, text: answer.text };
}

/** Reads what a request is about to be sent to. `name`: that of what it would make. */
export async function look(session: Session, target: string, name?: string): Promise<Look> {
  const uri = target.split('?')[0] ?? target;
  const { value, text } = await read(session, uri);
  const before = value === undefined || text === undefined || isCollection(value) ? undefined : written(text);
  return { uri, before, ...(name === undefined ? {} : { name }) };
}

/**
 * Asserts that a refused request has left everything as it was. What a create was refused for only at the cloud may stand there
 * in ERROR: `deletes` is told of all that is found.
 */
export async function assertUntouched(session: Session, seen: Look, answer: Answer, deletes: (uri: string) => void): Promise<void> {
  const { value, text } = await read(session, seen.uri);
  if (seen.before !== undefined) {
    assert.ok(text !== undefined, `${answer.request} was refused (${answer.status}), and ${seen.uri} is gone`);
    assert.equal(written(text), seen.before, `${answer.request} was refused (${answer.status}), and has changed ${seen.uri}`);
  }
  if (seen.name === undefined || value === undefined || !isCollection(value)) return;
  const made = value.items().filter((item) => item.text('name') === seen.name);
  made.forEach((item) => deletes(item.text('id') ?? ''));
  const working = made.filter((item) => item.text('state') !== 'ERROR').map((item) => item.text('id'));
  assert.deepEqual(working, [], `${answer.request} was refused (${answer.status}), and has made ${working.join(', ')}`);
}
