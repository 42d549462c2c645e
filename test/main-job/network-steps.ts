import { CIMI } from '../../src/model/define';
import type { Json } from '../harness/client';
import type { Steps } from './steps';

/** Steps that the tests of networks do over HTTP, whatever the cloud. */
export function networkSteps(steps: Steps) {
  const posted = async (collection: string, type: string, body: object, andXml: boolean): Promise<Json> => {
    const { location } = await steps.done('POST', collection, { json: { resourceURI: `${CIMI}/${type}`, ...body } });
    if (andXml) await steps.xml(location);
    return (await steps.client.get(location)).json;
  };
  return {
    /** Creates a resource of the type from a template; answers its representation. */
    make: (collection: string, type: string, body: object): Promise<Json> => posted(collection, `${type}Create`, body, true),
    /** Adds a resource of the type to a collection; answers its representation. */
    add: (collection: string, type: string, body: object): Promise<Json> => posted(collection, type, body, false),
    /** Expects a refusal with such words, at once by this status, or by a Job that fails. */
    refused: async (method: string, uri: unknown, status: number, words: RegExp, json?: object): Promise<void> => {
      const answer = await steps.client.send(method, String(uri), json ? { json } : {});
      const job = answer.status === 202 ? await steps.client.ended(answer) : answer.json;
      expect([answer.status === 202 ? status : answer.status, String(job.state)]).toEqual([status, 'FAILED']);
      expect(job.statusMessage).toMatch(words);
    },
  };
}
