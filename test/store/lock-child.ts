import { lockFolder } from '../../src/store/folder-lock';

/** Owns the folder until it is killed. */
lockFolder(process.argv[2] ?? '');
process.stdout.write('locked\n');
setInterval(() => undefined, 60_000);
