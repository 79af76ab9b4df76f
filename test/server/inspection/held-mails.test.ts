/** Held mails on record: what an approval is for, who may give it, what goes round again. */
import { expect, beforeEach, afterEach, it } from 'vitest';
import type { Bytes } from '../../../src/core/bytes.ts';
import { signObject } from '../../../src/core/cms/signed-data.ts';
import { OID } from '../../../src/core/oids.ts';
import type { HeldMail } from '../../../src/flow/inspect.ts';
import type { Credential } from '../../../src/flow/ports.ts';
import { generatePrivateKey, loadPrivateKey } from '../../../src/platform/node-crypto.ts';
import { createHeldStore, type HeldStore } from '../../../src/server/inspection/held-mails.ts';
import { migrations, type Store, type Tables } from '../../../src/server/inspection/tables-inspection.ts';
import { openDatabase } from '../../../src/server/shared/database.ts';
import { onBothDatabases } from '../shared/databases.ts';
import type { HeldDecision, HeldLook, HeldRecord } from '../../../src/wire/held.ts';
import { encodeJson } from '../../../src/wire/json.ts';
import { HANAKO, JIRO, KEN, refusal, createScene, type Scene, TARO, YUKI } from '../../security/scene.ts';

let scene: Scene;
let store: Store;
let held: HeldStore;
let looks: boolean;

const contentDigest = new Uint8Array(32).fill(7);

function mail(fields: Partial<HeldMail> = {}): HeldMail {
  return {
    contentDigest, leg: 1, direction: 'outbound', sender: TARO, recipients: [HANAKO], policy: '1', findings: [{ code: 'keyword', part: 1 }], approvers: [YUKI],
    since: scene.world.now, until: new Date(scene.world.now.getTime() + 72 * 3_600_000), ...fields,
  };
}

async function decide(record: HeldRecord | undefined, by: Credential = scene.yuki, decision: HeldDecision['decision'] = 'approve'): Promise<HeldRecord> {
  const value: HeldDecision = {
    type: 'held-decision', id: record?.id ?? '', decision, codes: ['keyword'], audience: scene.hinode.id, time: scene.world.now,
  };
  const { key, certificate } = by;
  return held.decide(await signObject(
    { type: OID.userRequest, value: encodeJson(value), signingTime: scene.world.now }, { key, certificate: certificate.der, subjectKeyIdentifier: certificate.subjectKeyIdentifier },
  ));
}

const later = (minutes = 1): void => {
  scene.world.now = new Date(scene.world.now.getTime() + minutes * 60_000);
};

onBothDatabases('held mails', (fresh) => {
  beforeEach(async () => {
    looks = true;
    scene = await createScene();
    store = await openDatabase<Tables>(await fresh(), migrations);
    held = createHeldStore({
      store, organisation: scene.hinode.issuer.certificate, organisationId: scene.hinode.id, trust: () => scene.world.trust(), clock: { now: () => scene.world.now }, looks: () => looks,
    });
  });
  afterEach(() => store.close());

  it('an approval is for one sender and these recipients: the same ciphertext for others waits anew', async () => {
    expect(await held.decision(mail())).toBe('waiting');
    // Sealed anew for somebody else while the approver looks at the first.
    expect(await held.decision(mail({ recipients: [HANAKO, JIRO] }))).toBe('waiting');
    const [first] = (await held.list()).filter(({ recipients }) => recipients.length === 1);
    await decide(first);
    expect(await held.decision(mail())).toBe('approved');
    for (const other of [{ recipients: [HANAKO, JIRO] }, { recipients: [JIRO] }, { sender: KEN }]) expect(await held.decision(mail(other))).toBe('waiting');
    expect(await held.list()).toHaveLength(4);
  });

  it('an approval is for the codes that were told', async () => {
    await held.decision(mail());
    await decide((await held.list())[0]);
    expect(await held.decision(mail({ findings: [{ code: 'my-number', part: 1 }] }))).toBe('waiting');
  });

  it('each decision lets what lies in the queue go round, once', async () => {
    await held.decision(mail());
    await held.decision(mail({ recipients: [JIRO] }));
    later();
    for (const id of ['AAAAA1', 'AAAAA2']) await held.lies(contentDigest, id);
    expect(await held.releases()).toEqual([]);
    later();
    const [first, second] = await held.list();
    await decide(first);
    expect(await held.releases()).toEqual(['AAAAA1', 'AAAAA2']);
    await held.released(['AAAAA1', 'AAAAA2']);
    later();
    await held.lies(contentDigest, 'AAAAA3'); // the other one, held again
    expect(await held.releases()).toEqual([]);
    later();
    await decide(second, scene.yuki, 'reject');
    expect(await held.releases()).toEqual(['AAAAA3']);
    expect([await held.refusal(mail()), await held.refusal(mail({ recipients: [JIRO] }))]).toEqual([undefined, 'rejected']);
  });

  it('only an approver decides, never the sender, and not with a certificate out of force', async () => {
    await held.decision(mail({ approvers: [YUKI, TARO] }));
    const [record] = await held.list();
    for (const by of [scene.taro, scene.ken]) await expect(decide(record, by)).rejects.toMatchObject(refusal('held-approver'));
    await expect(decide(record, scene.hanako)).rejects.toMatchObject(refusal('certificate-untrusted'));
    scene.hinode.revoked.push({ serial: scene.yuki.certificate.serial, date: new Date(scene.world.now.getTime() - 1000), reason: 'certificateHold' });
    await expect(decide(record)).rejects.toMatchObject(refusal('certificate-suspended'));
    scene.hinode.revoked.pop();
    // The organisation's certificate was renewed, and then its key changed: his is of the former one.
    for (const key of [undefined, loadPrivateKey(generatePrivateKey())]) await scene.world.certifyAnew(scene.hinode, key);
    expect(await decide(record)).toMatchObject({ state: 'approved', decidedBy: YUKI });
    await expect(decide(record)).rejects.toMatchObject(refusal('held-decided'));
  });

  it('a decision is about this mail, for this organisation, of this moment', async () => {
    await held.decision(mail());
    const [record] = await held.list();
    const sign = async (fields: Partial<HeldDecision>, type: string = OID.userRequest): Promise<Bytes> => {
      const value = { type: 'held-decision', id: record?.id ?? '', decision: 'approve', codes: ['keyword'], audience: scene.hinode.id, time: scene.world.now, ...fields };
      const { key, certificate } = scene.yuki;
      return signObject({ type, value: encodeJson(value), signingTime: scene.world.now }, { key, certificate: certificate.der, subjectKeyIdentifier: certificate.subjectKeyIdentifier });
    };
    for (const [fields, code] of [
      [{ id: `${'0'.repeat(32)}-1-outbound` }, 'held-unknown'], [{ codes: ['malware'] }, 'held-changed'], [{ audience: scene.tsukimi.id }, 'request-invalid'],
      [{ time: new Date(scene.world.now.getTime() - 11 * 60_000) }, 'clock-wrong'],
    ] satisfies (readonly [Partial<HeldDecision>, string])[]) await expect(held.decide(await sign(fields))).rejects.toMatchObject(refusal(code));
    await expect(held.decide(await sign({}, OID.verdict))).rejects.toMatchObject(refusal('content-type-mismatch'));
    expect((await held.list())[0]?.state).toBe('waiting');
  });

  const ask = async (record: HeldRecord | undefined, { key, certificate }: Credential): Promise<void> => held.look(await signObject(
    { type: OID.userRequest, value: encodeJson({ type: 'held-look', id: record?.id ?? '', audience: scene.hinode.id, time: scene.world.now } satisfies HeldLook), signingTime: scene.world.now },
    { key, certificate: certificate.der, subjectKeyIdentifier: certificate.subjectKeyIdentifier },
  ));

  it('an approver who asks to see a mail makes it come round once; what is sealed to him goes with the decision', async () => {
    await held.decision(mail());
    const [record] = await held.list();
    const id = record?.id ?? '';
    await held.lies(contentDigest, 'AAAAA1');
    later();
    for (const by of [scene.taro, scene.ken]) await expect(ask(record, by)).rejects.toMatchObject(refusal('held-approver'));
    expect([await held.releases(), await held.viewers(mail())]).toEqual([[], []]);
    await ask(record, scene.yuki);
    expect(await held.releases()).toEqual(['AAAAA1']);
    later();
    // It comes round: held again, under another identifier, before the gateway says that the first was released.
    const [viewer] = await held.viewers(mail());
    expect(viewer).toMatchObject({ address: YUKI });
    expect(await held.viewers(mail({ recipients: [JIRO] }))).toEqual([]);
    expect(await held.seen(id, YUKI)).toBeUndefined();
    if (viewer !== undefined) await held.show(mail(), viewer, () => Promise.resolve(new Uint8Array([1])));
    await held.released(['AAAAA1']);
    expect(await held.lies(contentDigest, 'AAAAA2')).toMatchObject({ first: false });
    expect(await held.seen(id, YUKI)).toEqual(new Uint8Array([1]));
    expect([await held.releases(), await held.viewers(mail())]).toEqual([[], []]);
    // Asked for once more, say with another key.
    later();
    await ask(record, scene.yuki);
    expect([await held.releases(), await held.viewers(mail())]).toMatchObject([['AAAAA2'], [{ address: YUKI }]]);
    await decide(record);
    await expect(held.seen(id, YUKI)).rejects.toMatchObject(refusal('held-unknown'));
    await expect(ask(record, scene.yuki)).rejects.toMatchObject(refusal('held-decided'));
    const kinds = await store.query.selectFrom('audit_entries').select('kind').orderBy('seq').execute();
    expect(kinds.map(({ kind }) => kind)).toEqual(['mail-held', 'held-look', 'held-shown', 'held-look', 'held-approved']);
  });

  it('nobody looks where the policy says so; what expired is no longer there', async () => {
    await held.decision(mail());
    const [record] = await held.list();
    await ask(record, scene.yuki);
    looks = false;
    await expect(ask(record, scene.yuki)).rejects.toMatchObject(refusal('held-look-off'));
    later(73 * 60);
    await held.list();
    await expect(held.seen(record?.id ?? '', YUKI)).rejects.toMatchObject(refusal('held-unknown'));
  });
});
