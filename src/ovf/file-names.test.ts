import { OvfError } from './error';
import { locationOf } from './file-names';

describe('names of files', () => {
  test.each([
    ['disk1.vmdk', { name: 'disk1.vmdk' }],
    ['my%20disk.vmdk', { name: 'my disk.vmdk' }],
    ['100%25.vmdk', { name: '100%.vmdk' }],
    ['50%@x.vmdk', { name: '50%@x.vmdk' }],
    ['https://example.org/a/disk.vmdk', { url: 'https://example.org/a/disk.vmdk' }],
  ])('%s is taken', (href, location) => expect(locationOf(href, 'here')).toEqual(location));

  test.each([
    ['../disk.vmdk'],
    ['%2e%2e%2fdisk.vmdk'],
    ['..%5cdisk.vmdk'],
    ['..'],
    ['.'],
    ['%2e%2e'],
    ['/etc/passwd'],
    ['a/b.vmdk'],
    ['C:\\disk.vmdk'],
    ['disk%00.vmdk'],
    ['file:///etc/passwd'],
    ['ftp://example.org/x'],
    ['data:,x'],
    ['file%3A%2F%2F%2Fetc%2Fpasswd'],
    ['javascript%3Ax'],
    ['https://'],
    ['a'.repeat(256)],
    ['ü'.repeat(128)],
  ])('%s is refused', (href) => expect(() => locationOf(href, 'here')).toThrow(OvfError));

  test('percent-encoding is taken off once', () => {
    expect(locationOf('%252e%252e%252fx', 'here')).toEqual({ name: '%2e%2e%2fx' });
  });
});
