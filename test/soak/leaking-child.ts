/** A program that does the same again and again, round by round as it is told by signals, and keeps what it is told to keep. */
const [kept = ''] = process.argv.slice(2);
const memory: string[] = [];
const timers: NodeJS.Timeout[] = [];
let rounds = 0;

process.on('SIGUSR2', () => {
  rounds += 1;
  const made = Array.from({ length: 20_000 }, (_, at) => `${rounds} ${at}`);
  if (kept === 'memory') memory.push(...made);
  if (kept === 'timers') timers.push(...made.slice(0, 20).map(() => setInterval(() => undefined, 3_600_000)));
  process.stdout.write(`round ${rounds}\n`);
});
setInterval(() => undefined, 3_600_000);
process.stdout.write('working on Jobs\n');
