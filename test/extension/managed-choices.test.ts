/** What an organisation fixes of single checks and of reports, and what that changes. */
import { beforeEach, describe, expect, it } from 'vitest';
import { enrol } from '../../extension/member/enrol.ts';
import { loadSettings } from '../../extension/member/preferences.ts';
import { reportMalicious } from '../../extension/member/report.ts';
import { assessRisks, type FoundRisk } from '../../extension/member/risk.ts';
import { sealDraft } from '../../extension/member/seal.ts';
import { parseSignedData } from '../../src/core/cms/signed-data.ts';
import { SsmaxError } from '../../src/core/error.ts';
import { relay } from '../../src/flow/relay.ts';
import { buildCarrier, mailBytes } from '../../src/mail/carrier.ts';
import { decodeJson } from '../../src/wire/json.ts';
import { readManaged } from '../../src/wire/managed-settings.ts';
import { memberRequestSchema } from '../../src/wire/member-requests.ts';
import type { Complaint } from '../../src/wire/report.ts';
import { codeOf, createWorld, type TestOrganisation, type TestWorld } from '../flow/world.ts';
import { createTestMember, type TestMember } from './member-world.ts';

const [TARO, YUKI] = ['taro@hinode.example', 'yuki@hinode.example'] as const;

let chain: TestWorld;
let hinode: TestOrganisation;
let yuki: TestMember;

beforeEach(async () => {
  chain = await createWorld();
  hinode = await chain.addOrganisation('hinode.example', { ja: '日之出市役所', en: 'Hinode City Office' });
  yuki = createTestMember(chain, hinode);
});

function manage(more: Record<string, unknown>): void {
  const { managed } = yuki.ports;
  Object.assign(yuki.ports, { managed: async () => ({ ...(await managed() as object), ...more }) });
}

describe('a single check before sending', () => {
  const mailbox = (address: string, displayName = ''): { address: string; displayName: string } => ({ address, displayName });
  const known = [mailbox(YUKI, '鈴木 雪'), mailbox('hanako@tsukimi.example', '佐藤 花子'), mailbox('info@kawara.example')].map(({ address, displayName }) => ({ address, names: [displayName], lastAt: new Date(0) }));
  const found = async (): Promise<string[]> => {
    const { unchecked } = await loadSettings(yuki.ports);
    const to = [mailbox('hanako@tsukimi.examp1e'), mailbox('y@elsewhere.test', '鈴木 雪'), mailbox('x@new.test')];
    const { recipients, mail } = assessRisks({ from: mailbox(TARO), to, cc: [], bcc: [], subject: '', text: '田中様\n\n資料を添付します。', attachments: [], known, manyOutsiders: 3, unchecked });
    return [...recipients.flatMap(({ risks }) => risks), ...mail].map(({ kind }) => kind);
  };
  const ALL: readonly FoundRisk[] = ['lookalike', 'colleagues-name', 'new-domain', 'many-outsiders', 'greeting', 'no-attachment'];

  it.each<[string, readonly string[]]>([
    ['riskLookalike', ['new-domain', 'colleagues-name', 'new-domain', 'many-outsiders', 'greeting', 'no-attachment']], // no less new for that
    ['riskColleagueName', ['lookalike', 'new-domain', 'new-domain', 'many-outsiders', 'greeting', 'no-attachment']],
    ...([['riskNewDomain', 'new-domain'], ['riskGreeting', 'greeting'], ['riskAttachment', 'no-attachment']] as const).map(([name, kind]): [string, readonly string[]] => [name, ALL.filter((one) => one !== kind)]),
  ])('is left out where %s is false, and the others stay', async (name, left) => {
    expect(await found()).toEqual(ALL);
    manage({ [name]: true });
    expect(await found()).toEqual(ALL);
    manage({ [name]: 0 }); // as a group policy has it
    expect(await found()).toEqual(left);
  });

  it('of files locked by a password too', async () => {
    manage({ riskPasswordFile: false });
    expect([...(await loadSettings(yuki.ports)).unchecked]).toEqual(['password-archive']);
    expect(() => readManaged({ riskPasswordFile: 'no' })).toThrow('configuration-invalid');
  });
});

it.each([[undefined, true, true], [undefined, false, false], [true, false, true], [false, true, false]])('a report names its reporter as the organisation fixed it (%s), else as he chose (%s)', async (fixed, chosen, named) => {
  const taro = createTestMember(chain, hinode);
  await enrol(taro, { address: TARO, code: 'ABCD-1234' });
  await enrol(yuki, { address: YUKI, code: 'ABCD-1234' });
  const sealed = await sealDraft(taro, { from: TARO, to: [YUKI], cc: [], bcc: [], replyTo: [], subject: 'x', text: 'x', images: [], attachments: [] });
  if (sealed.kind !== 'sealed') throw new Error('not sealed');
  const { departures } = await relay(hinode.parts, 'submission', { cms: sealed.cms, recipients: [YUKI], from: TARO, visible: [YUKI] });
  const mail = mailBytes(buildCarrier([['From', TARO], ['To', YUKI], ['Subject', 'x']], departures[0]?.cms ?? new Uint8Array(0)));
  if (fixed !== undefined) manage({ reportsNameMember: fixed });
  const said: Complaint['disclose'][] = [];
  const { http } = yuki.ports;
  Object.assign(yuki.ports, { http: (request: Parameters<typeof http>[0]) => {
    if (!request.url.endsWith('/ssmax/v1/requests')) return http(request);
    const asked = decodeJson(memberRequestSchema, parseSignedData(request.body ?? new Uint8Array(0)).eContent);
    if (asked.type === 'report') said.push(asked.complaint.disclose);
    return Promise.reject(new SsmaxError('unavailable', 'network-unreachable'));
  } });
  const reported = await reportMalicious(yuki, mail, YUKI, { category: 'fraud', disclose: { reporter: chosen, comment: chosen } }).then(() => 'reported', codeOf);
  expect([reported, said]).toEqual(['network-unreachable', [{ reporter: named, comment: named }]]);
});
