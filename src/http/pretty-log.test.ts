import { createLog } from './log';
import { prettyLines } from './pretty-log';

function written(log: (logger: ReturnType<typeof createLog>) => void): string {
  let text = '';
  const destination = prettyLines({ write: (line) => (text += line) });
  log(createLog({ level: 'info', destination }));
  return text;
}

describe('prettyLines', () => {
  it('writes time, level, words and members on one line', () => {
    const text = written((log) => log.warn({ requestId: 'r1', status: 503, facts: { a: 1 } }, 'the cloud does not answer'));
    expect(text).toMatch(/^\d\d:\d\d:\d\d\.\d{3} WARN {2}the cloud does not answer requestId=r1 status=503 facts=\{"a":1\}\n$/);
  });

  it('writes stacks below, and no control characters of a client', () => {
    const text = written((log) => log.error({ err: new Error('broken'), path: '/\u001b[2J\nfake' }, 'failed'));
    expect(text).toMatch(/err=broken path=\/\ufffd\[2J\ufffdfake\n {4}Error: broken\n {4,}at /);
  });

  it('keeps secrets struck out and passes on what is no JSON', () => {
    expect(written((log) => log.info({ headers: { authorization: 'Basic HUSH' } }, 'x'))).not.toContain('HUSH');
    let text = '';
    prettyLines({ write: (line) => (text += line) }).write('plain\n');
    expect(text).toBe('plain\n');
  });
});
