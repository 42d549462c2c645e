import { Readable } from 'node:stream';
import { memoryAccess } from '../../test/harness/memory-access';
import { addToken, addUser, changeUser, listUsers, readPassword, removeUser, revokeToken } from './principals';

describe('the commands', () => {
  test('rules of names, roles and passwords are told in words', async () => {
    const access = memoryAccess({ now: 0 });
    const user = { name: 'ann', tenant: 't1', role: 'reader' as const, password: 'long enough' };
    await expect(addUser(access, { ...user, name: 'a:b' })).rejects.toThrow(/user name/);
    await expect(addUser(access, { ...user, tenant: '' })).rejects.toThrow(/tenant/);
    await expect(addUser(access, { ...user, password: 'short' })).rejects.toThrow(/at least 8/);
    await expect(addUser(access, { ...user, password: 'line\nbreak' })).rejects.toThrow(/control/);
    await addUser(access, user);
    await expect(addUser(access, user)).rejects.toThrow(/already/);
    const change = { password: 'long enough' };
    for (const ask of [() => changeUser(access, 'bob', change), () => removeUser(access, 'bob'), () => addToken(access, 'bob')])
      await expect(ask()).rejects.toMatchObject({ status: 404, message: 'there is no user bob' });
    await expect(revokeToken(access, 'none')).rejects.toMatchObject({ status: 404, message: 'there is no token none' });
    await expect(addToken(access, 'ann', { expires: 'yesterday' })).rejects.toThrow(/future/);
    expect(access.dump()).not.toContain('long enough');
    expect(await listUsers(access)).toEqual([
      { name: 'ann', tenant: 't1', role: 'reader', password: true, created: '2026-01-01T00:00:00.000Z', tokens: [] },
    ]);
  });

  test.each([
    ['one\ntwo\n', 'one'],
    ['windows\r\n', 'windows'],
    ['no end', 'no end'],
    ['', ''],
    [' päss ', ' päss '],
  ])('a password is the first line of standard input: %j', async (input, password) => {
    expect(await readPassword(Readable.from([Buffer.from(input).subarray(0, 3), Buffer.from(input).subarray(3)]))).toBe(password);
  });
});
