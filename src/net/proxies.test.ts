import { proxyName } from './tunnel';
import { askedOf, proxiesOf, proxyOption, shownProxy } from './proxies';

const to = (env: Record<string, string>, url: string, option?: string): string | undefined => {
  const proxy = proxiesOf(option, env)(new URL(url));
  return proxy && proxyName(proxy);
};

describe('the proxies of the environment', () => {
  const both = { HTTP_PROXY: 'http://plain:3128', HTTPS_PROXY: 'http://secure:3129' };

  test.each([
    [both, 'http://cloud.example/', 'http://plain:3128'],
    [both, 'https://cloud.example/', 'http://secure:3129'],
    [{ HTTP_PROXY: 'http://plain:3128' }, 'https://cloud.example/', undefined],
    [{ https_proxy: 'http://lower:1', HTTPS_PROXY: 'http://upper:1' }, 'https://cloud.example/', 'http://lower:1'],
    [{ https_proxy: '', HTTPS_PROXY: 'http://upper:1' }, 'https://cloud.example/', undefined],
    [{ HTTPS_PROXY: 'proxy.corp:3128' }, 'https://cloud.example/', 'http://proxy.corp:3128'],
    [{ HTTPS_PROXY: 'https://proxy.corp' }, 'https://cloud.example/', 'https://proxy.corp'],
    [{ HTTPS_PROXY: 'http://[fd00::1]:3128' }, 'https://cloud.example/', 'http://[fd00::1]:3128'],
    [{}, 'https://cloud.example/', undefined],
    [both, 'http://localhost:8080/', undefined],
    [both, 'http://127.0.0.1:8080/', undefined],
    [both, 'http://[::1]:8080/', undefined],
  ])('%j lead to %s by %s', (env, url, proxy) => {
    expect(to(env as Record<string, string>, url)).toBe(proxy);
  });

  test.each(['socks5://proxy:1080', 'http://', 'http://proxy/path', 'http://proxy?x', 'http://%zz@proxy'])('%s is none', (text) => {
    expect(() => proxiesOf(undefined, { https_proxy: text })).toThrow(/https_proxy is not the URL of an http or https proxy/);
    expect(() => proxiesOf(undefined, { HTTP_PROXY: text })).toThrow(/HTTP_PROXY/);
  });
});

describe('NO_PROXY', () => {
  test.each([
    ['*', 'https://cloud.example/', true],
    ['cloud.example', 'https://cloud.example/', true],
    ['cloud.example', 'https://api.cloud.example/', true],
    ['cloud.example', 'https://othercloud.example/', false],
    ['.example', 'https://cloud.example/', true],
    ['*.cloud.example', 'https://api.cloud.example/', true],
    ['Cloud.Example', 'https://CLOUD.example/', true],
    ['cloud.example.', 'https://cloud.example/', true],
    ['cloud.example', 'https://cloud.example./', true],
    ['cloud.example:8443', 'https://cloud.example:8443/', true],
    ['cloud.example:8443', 'https://cloud.example/', false],
    ['cloud.example:443', 'https://cloud.example/', true],
    ['.example:443', 'https://cloud.example/', true],
    ['10.1.2.3', 'https://10.1.2.3/', true],
    ['2.3', 'https://10.1.2.3/', false],
    ['10.1.2.3:5000', 'https://10.1.2.3:5000/', true],
    ['10.0.0.0/8', 'https://10.200.0.1/', true],
    ['10.0.0.0/8', 'https://11.0.0.1/', false],
    ['10.0.0.0/33', 'https://10.0.0.1/', false],
    ['10.0.0.0/8', 'https://ten.example/', false],
    ['fd00::/8', 'https://[fd12::1]/', true],
    ['[fd12::1]', 'https://[fd12::1]/', true],
    ['[fd12::1]:5000', 'https://[fd12::1]:5000/', true],
    ['fd12::1', 'https://[fd12::1]/', true],
    ['a.example, b.example  c.example', 'https://c.example/', true],
    ['', 'https://cloud.example/', false],
  ])('%s of %s: direct is %s', (rule, url, direct) => {
    for (const name of ['NO_PROXY', 'no_proxy'])
      expect(to({ HTTPS_PROXY: 'http://proxy:3128', [name]: rule }, url)).toBe(direct ? undefined : 'http://proxy:3128');
  });
});

describe('the option', () => {
  const env = { HTTPS_PROXY: 'http://env:1', NO_PROXY: '*' };

  test('goes before the environment, exceptions and this machine included', () => {
    expect(to(env, 'https://127.0.0.1/', 'http://own:2')).toBe('http://own:2');
    expect(to({ HTTPS_PROXY: 'http://env:1' }, 'https://cloud.example/', 'none')).toBeUndefined();
  });

  test('carries user and password, which are in no word', () => {
    const proxy = proxiesOf('http://ann:p%40ss%3Aword@proxy:3128', {})(new URL('https://cloud.example/'));
    expect(proxy?.authorization).toBe(`Basic ${Buffer.from('ann:p@ss:word').toString('base64')}`);
    expect(String(proxy?.url)).toBe('http://proxy:3128/');
    expect(shownProxy('ann:secret@proxy:3128')).toBe('http://proxy:3128');
    expect(shownProxy('none')).toBe('none');
    expect(shownProxy('ftp://ann:secret@proxy')).toBeUndefined();
  });

  test('that is no proxy is refused without being repeated', () => {
    const refused = proxyOption.safeParse('ftp://ann:secret@proxy');
    expect(refused.success).toBe(false);
    expect(JSON.stringify(refused.error?.issues)).not.toContain('secret');
    for (const text of ['none', 'http://proxy:3128', 'proxy:3128', 'https://ann:x@proxy'])
      expect(proxyOption.safeParse(text).success).toBe(true);
  });

  test('asks a proxy for http itself, and for a tunnel to https or by https', () => {
    expect(askedOf(proxiesOf('http://p:1', {}), new URL('http://cloud/'))?.url.host).toBe('p:1');
    expect(askedOf(proxiesOf('http://p:1', {}), new URL('https://cloud/'))).toBeUndefined();
    expect(askedOf(proxiesOf('https://p:1', {}), new URL('http://cloud/'))).toBeUndefined();
  });
});
