import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Selectable } from 'kysely';
import { isEvidence } from '../model/event-types';
import { codeOf, goneCode, readHeads } from './audit';
import type { AuditFault, AuditHead, AuditReport } from './audit-store';
import type { AuditChainsTable, EventsTable } from './schema';
import type { Session } from './session';

type Chain = Selectable<AuditChainsTable>;
type Entry = Selectable<EventsTable>;
const AT_ONCE = 1_000;
/** Faults of one chain that are told; more say no more. */
const MOST = 100;

/**
 * Checks every chain from its first entry to its last, entry by entry.
 * @param remembered ends that an earlier check found: entries up to them must be there still, unless retention has removed them
 * @throws NoKeyError, since the codes can't be made without the key
 */
export async function checkAudit(session: Session, remembered: readonly AuditHead[] = []): Promise<AuditReport> {
  const { db } = session;
  const report: AuditReport = { entries: 0, heads: await readHeads(session), faults: [] };
  const known = new Set(report.heads.map(nameOf));
  for (const head of report.heads) {
    const own = remembered.filter((one) => nameOf(one) === nameOf(head));
    const first = await checkChain(session, head, own);
    // Retention may have removed what was being read: what is wrong is so the second time, too.
    const { entries, faults } = first.faults.length === 0 ? first : await checkChain(session, head, own);
    report.entries += entries;
    report.faults.push(...faults);
  }
  for (const lost of remembered.filter((one) => one.link > 0 && !known.has(nameOf(one))))
    report.faults.push({ ...placeOf(lost), message: 'the whole chain is gone' });
  const strays = await db.selectFrom('events').select(['tenant', 'lane']).where('lane', 'is not', null).distinct().execute();
  for (const { tenant, lane } of strays)
    if (lane !== null && !known.has(nameOf({ tenant, lane })))
      report.faults.push({ tenant, lane, message: 'there are entries of a chain that is not there' });
  report.faults.push(...(await outside(session)));
  return report;
}

const nameOf = ({ tenant, lane }: Pick<AuditHead, 'tenant' | 'lane'>): string => JSON.stringify([tenant, lane]);
const placeOf = ({ tenant, lane }: Pick<AuditHead, 'tenant' | 'lane'>) => ({ tenant, lane });

async function checkChain(
  session: Session,
  { tenant, lane }: AuditHead,
  remembered: readonly AuditHead[],
): Promise<Pick<AuditReport, 'entries' | 'faults'>> {
  const { db } = session;
  const chain = await db
    .selectFrom('audit_chains')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('lane', '=', lane)
    .executeTakeFirstOrThrow();
  const walk = new Walk(session, chain, remembered);
  for (let after = 0; ;) {
    const rows = await page(session, chain, after);
    for (const row of rows) walk.next(row);
    const last = rows.at(-1);
    if (!last || rows.length < AT_ONCE) break;
    after = last.link ?? 0;
    await nextTurn();
  }
  return { entries: walk.entries, faults: walk.end() };
}

function page({ db }: Session, { tenant, lane }: Chain, after: number): Promise<Entry[]> {
  const select = db.selectFrom('events').selectAll().where('tenant', '=', tenant).where('lane', '=', lane).where('link', '>', after);
  return select.orderBy('link').limit(AT_ONCE).execute();
}

/** Entries of one chain, looked at in turn. */
class Walk {
  entries = 0;
  private readonly faults: AuditFault[] = [];
  private last: { link: number; mac: string };
  private readonly marks: Map<number, string>;

  constructor(
    private readonly session: Session,
    private readonly chain: Chain,
    private readonly remembered: readonly AuditHead[],
  ) {
    const { gone_link: link, gone_mac: mac, seal } = chain;
    this.last = { link, mac };
    this.marks = new Map(remembered.map((head) => [head.link, head.mac]));
    if (link > 0 && goneCode(session.cipher, chain) !== seal)
      this.tell(`what tells that retention removed the entries up to ${link} is not by this gateway`);
    this.compare(link, mac);
  }

  next(entry: Entry): void {
    const link = entry.link ?? 0;
    const mac = entry.mac ?? '';
    this.entries += 1;
    const due = this.last.link + 1;
    if (link > due) this.tell(`${link - due === 1 ? `entry ${due} is` : `entries ${due} to ${link - 1} are`} missing`, due);
    else if (link < due) this.tell('stands where retention has removed everything', link);
    else if (codeOf(this.session.cipher, entry, this.last.mac) !== mac) this.tell(`was changed, or put in (${entry.recorded})`, link);
    this.compare(link, mac);
    this.last = { link, mac };
  }

  end(): AuditFault[] {
    const { link, mac } = this.chain;
    const { last, remembered } = this;
    if (last.link < link) this.tell(`the end is cut off: entries ${last.link + 1} to ${link} are missing`, last.link + 1);
    else if (last.link === link && last.mac !== mac) this.tell('the last entry is not the one that was written last', link);
    for (const head of remembered)
      if (head.link > Math.max(link, last.link))
        this.tell(`entries ${last.link + 1} to ${head.link} were there when it was checked before`, last.link + 1);
    return this.faults;
  }

  private compare(link: number, mac: string): void {
    const known = this.marks.get(link);
    if (known !== undefined && link > 0 && known !== mac) this.tell('is another one than when it was checked before', link);
  }

  private tell(message: string, link?: number): void {
    const { tenant, lane } = this.chain;
    if (this.faults.length < MOST) this.faults.push({ tenant, lane, ...(link === undefined ? {} : { link }), message });
  }
}

/** Events that could pass for entries, and are in no chain. */
async function outside({ db }: Session): Promise<AuditFault[]> {
  const types = await db.selectFrom('events').select('type').where('lane', 'is', null).distinct().execute();
  const posing = types.map(({ type }) => type).filter(isEvidence);
  if (posing.length === 0) return [];
  const select = db.selectFrom('events').select(['seq', 'tenant']).where('lane', 'is', null).where('type', 'in', posing);
  const rows = await select.orderBy('seq').limit(MOST).execute();
  return rows.map(({ seq, tenant }) => ({ tenant, lane: -1, message: `event ${seq} looks like an entry and is in no chain` }));
}
