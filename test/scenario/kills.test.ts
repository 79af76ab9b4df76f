/**
 * kill -9 of the gateway, the key server and the inspection server before and after each numbered relay step
 * (docs/protocol.md §11), at the sending and at the receiving organisation: nothing is lost, and what doubles is noted by
 * the reader. Who sends does what mail clients and mail servers do: the same sealed bytes again.
 */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Notes, note } from '../../extension/member/seen.ts';
import type { SeenDelivery, SeenOrganisation, Tables } from '../../extension/member/records.ts';
import { runSsmax } from '../../scripts/world/ssmax.ts';
import { HINODE, type LocalOrganisation, startLocalWorld, TSUKIMI } from '../../scripts/world/local-world.ts';
import { World } from '../../scripts/world/process.ts';
import { until } from '../../scripts/world/wait.ts';
import { hex } from '../../src/core/bytes.ts';
import type { Trust } from '../../src/flow/trust.ts';
import { parseMime } from '../../src/mail/mime.ts';
import { memoryTable } from '../memory-table.ts';
import { Correspondent, type Sealed } from './correspondent.ts';
import { checkpoints, Killer, type Moment, type Victim } from './killer.ts';

// Real servers on a busy machine: slow is no failure.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const VICTIMS: readonly Victim[] = ['gateway', 'keyServer', 'inspection'];
/** One recipient at the other organisation and one at the own: the sending gateway makes a leg 2 and a leg 3, two copies. */
const SUBMISSION: readonly Moment[] = [
  { step: 'before 1', event: 'submission dot' },
  { step: 'after 1', event: 'submission dot-passed' },
  { step: 'after 2, before 3', event: 'keyServer /v1/inspect request' },
  { step: 'after 3', event: 'keyServer /v1/inspect answer' },
  { step: 'before 4', event: 'inspection /v1/inspections?leg=1&direction=outbound&form=sealed request' },
  { step: 'in 4', event: 'inspection /v1/inspections?leg=1&direction=inbound&form=sealed request' },
  { step: 'after 4', event: 'inspection /v1/inspections?leg=1&direction=inbound&form=sealed answer' },
  { step: 'before 5, transfer', event: 'keyServer /v1/transfer request' },
  { step: 'after 5, transfer', event: 'keyServer /v1/transfer answer' },
  { step: 'after 6, before 7, transfer', event: 'keyServer /v1/sign request' },
  { step: 'after 7, transfer', event: 'keyServer /v1/sign answer' },
  { step: 'before 5, deliver', event: 'keyServer /v1/deliver request' },
  { step: 'after 5, deliver', event: 'keyServer /v1/deliver answer' },
  { step: 'after 6, before 7, deliver', event: 'keyServer /v1/sign request', nth: 2 },
  { step: 'after 7, deliver', event: 'keyServer /v1/sign answer', nth: 2 },
  { step: 'after 8, before 9', event: 'queue connect' },
  { step: 'after 9, before 10', event: 'queue dot' },
  { step: 'in 10: one copy taken, the other not', event: 'queue dot', nth: 2, after: 'queue reply' },
  { step: 'after 10', event: 'queue reply', nth: 2 },
  { step: 'before 11', event: 'submission reply' },
  { step: 'after 11', event: 'submission reply-passed' },
];
const ARRIVING: readonly Moment[] = [
  { step: 'before 1', event: 'arriving dot' },
  { step: 'after 1', event: 'arriving dot-passed' },
  { step: 'after 2, before 3', event: 'keyServer /v1/inspect request' },
  { step: 'after 3', event: 'keyServer /v1/inspect answer' },
  { step: 'before 4', event: 'inspection /v1/inspections?leg=2&direction=inbound&form=sealed request' },
  { step: 'after 4', event: 'inspection /v1/inspections?leg=2&direction=inbound&form=sealed answer' },
  { step: 'before 5', event: 'keyServer /v1/deliver request' },
  { step: 'after 5', event: 'keyServer /v1/deliver answer' },
  { step: 'after 6, before 7', event: 'keyServer /v1/sign request' },
  { step: 'after 7', event: 'keyServer /v1/sign answer' },
  { step: 'after 8, before 9', event: 'queue connect' },
  { step: 'after 9, before 10', event: 'queue dot' },
  { step: 'after 10', event: 'queue reply' },
  { step: 'before 11', event: 'arriving reply' },
  { step: 'after 11', event: 'arriving reply-passed' },
];

/**
 * Copies that double: those which a queue took before the gateway was killed ahead of its own 250, and no others. Sending:
 * one in step 10, both after 10, both before 11. Receiving: one after 10, one before 11.
 */
const DOUBLED = 1 + 2 + 2 + 1 + 1;

let world: World;
let hinode: LocalOrganisation;
let tsukimi: LocalOrganisation;
let taro: Correspondent;
let readers: readonly Reader[];
const killers = { hinode: new Killer(), tsukimi: new Killer() };
const count = { kills: 0, lost: 0, doubled: 0, noted: 0 };

/** A recipient with what the plugin remembers. */
interface Reader {
  readonly who: Correspondent;
  readonly trust: Trust;
  readonly tables: Pick<Tables, 'correspondents' | 'deliveries' | 'organisations'>;
}

beforeAll(async () => {
  world = await World.open();
  const local = await startLocalWorld(world, [HINODE, TSUKIMI], { detour: checkpoints(world, killers) });
  [hinode, tsukimi] = local.organisations as [LocalOrganisation, LocalOrganisation];
  killers.hinode.organisation = hinode;
  killers.tsukimi.organisation = tsukimi;
  taro = await Correspondent.enrol(local, hinode, 'taro');
  const recipients = [await Correspondent.enrol(local, tsukimi, 'hanako'), await Correspondent.enrol(local, hinode, 'yuki')];
  readers = await Promise.all(recipients.map(async (who) => ({ who, trust: await who.trust(), tables: { deliveries: memoryTable<SeenDelivery>(), organisations: memoryTable<SeenOrganisation>(), correspondents: memoryTable() } })));
}, 300_000);
afterAll(async () => {
  await world.stop();
});

describe('kill -9', () => {
  it.each(VICTIMS)('of the sending %s, at every step', async (victim) => {
    let sealed = await seal();
    for (const moment of SUBMISSION) {
      killers.hinode.aim(moment, victim);
      const answer = await submit(sealed);
      expect(killers.hinode.fired, `${moment.step}: ${answer}; seen: ${killers.hinode.seen}`).toBe(true);
      count.kills++;
      await killers.hinode.heal();
      // 4xx: come again. Anything permanent would make the client give up: the mail were lost.
      expect(answer, moment.step).toMatch(/^(250|4\d\d) /);
      if (!answer.startsWith('250')) continue;
      await arrived(sealed);
      sealed = await seal();
    }
    expect(await submit(sealed)).toMatch(/^250 /);
    await arrived(sealed);
  }, 900_000);

  it.each(VICTIMS)('of the receiving %s, at every step', async (victim) => {
    let sealed: Sealed | undefined;
    for (const moment of ARRIVING) {
      for (let attempt = 0; !killers.tsukimi.fired; attempt++) {
        expect(attempt, `${moment.step} is not reached; seen: ${killers.tsukimi.seen}`).toBeLessThan(4);
        // Postfix may have come again by itself, before there was an aim.
        if (sealed !== undefined && (await waiting()) === 0) {
          await arrived(sealed);
          sealed = undefined;
        }
        killers.tsukimi.aim(moment, victim);
        if (sealed === undefined) {
          sealed = await seal();
          expect(await submit(sealed)).toMatch(/^250 /);
        } else {
          await hinode.postfix.flush();
        }
        await until(async () => killers.tsukimi.fired || (await waiting()) === 0, { what: `${moment.step}; seen: ${killers.tsukimi.seen}`, withinMs: 120_000, everyMs: 50 });
      }
      count.kills++;
      await until(async () => (await hinode.postfix.queue()).every(({ queue }) => queue === 'deferred'), { what: 'the end of the attempt', withinMs: 120_000, everyMs: 50 });
      await killers.tsukimi.heal();
    }
    await hinode.postfix.flush();
    if (sealed !== undefined) await arrived(sealed);
  }, 900_000);

  it('loses nothing, and the reader notes what doubled', async () => {
    console.log(`${count.kills} kills, ${count.lost} lost, ${count.doubled} doubled, ${count.noted} noted`);
    expect(count).toEqual({ kills: VICTIMS.length * (SUBMISSION.length + ARRIVING.length), lost: 0, doubled: DOUBLED, noted: DOUBLED });
    expect(await taro.mailbox().list()).toEqual([]); // no delivery report
  });

  it('leaves both audit chains whole', async () => {
    for (const { state } of [hinode, tsukimi]) {
      expect(await runSsmax(['audit', 'verify', '--state', state])).toMatchObject({ code: 0 });
    }
  });
});

function seal(): Promise<Sealed> {
  return taro.seal({ to: readers.map(({ who: { address } }) => ({ address, displayName: address })), subject: '件名' });
}

/** The answer that decides, or what the client makes of a connection that broke. */
async function submit({ raw }: Sealed): Promise<string> {
  try {
    return (await taro.submit(raw, readers.map(({ who }) => who.address))).final.text;
  } catch (error) {
    return `400 ${String(error)}`;
  }
}

/** Mails of hinode that are not delivered yet. */
async function waiting(): Promise<number> {
  return (await hinode.postfix.queue()).length;
}

/** Waits until all queues are empty; then each recipient must have the mail, and know each copy but one for a copy. */
async function arrived(sealed: Sealed): Promise<void> {
  for (const { postfix } of [hinode, tsukimi, hinode]) {
    await postfix.flush();
    await postfix.drained(120_000);
  }
  for (const reader of readers) {
    const messages = await reader.who.mailbox().list();
    const notes: Notes[] = [];
    for (const { raw } of messages) {
      const judgement = await reader.who.judge(raw, reader);
      expect(judgement).toMatchObject({ state: 'verified', contentDigest: hex(sealed.contentDigest), deliveredTo: reader.who.address, content: 'opened' });
      notes.push(await note(reader.tables, judgement, parseMime(raw, 'outer').headers, new Date()));
    }
    if (messages.length === 0) count.lost++;
    count.doubled += Math.max(0, messages.length - 1);
    count.noted += notes.filter(({ duplicateOf }) => duplicateOf !== undefined).length;
    await reader.who.mailbox().delete();
  }
}
