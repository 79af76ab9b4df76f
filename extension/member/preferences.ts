/** How this plugin behaves where it may behave one way or the other: what the organisation fixed goes before what the member chose. */
import { type ManagedSettings, readManaged } from '../../src/wire/managed-settings.ts';
import type { MemberPorts } from './ports.ts';
import type { FoundRisk } from './risk.ts';

/** What decides on a single check before sending. */
const CHECKS = {
  'lookalike': 'riskLookalike', 'colleagues-name': 'riskColleagueName', 'new-domain': 'riskNewDomain',
  'greeting': 'riskGreeting', 'no-attachment': 'riskAttachment', 'password-archive': 'riskPasswordFile',
} as const satisfies Partial<Record<FoundRisk, keyof ManagedSettings>>;

const NAMES = ['sendDelay', 'riskCheck', 'manyOutsiders', 'hideSubject', 'outsidePictures', 'sealedDrafts', 'listTags', 'addressLists'] as const;

export interface Settings {
  /** Seconds between "send" and sending, in which it can be taken back. */
  readonly sendDelay: number;
  /** Ask before an unusual mail goes. */
  readonly riskCheck: boolean;
  /** What is not asked about all the same. */
  readonly unchecked: ReadonlySet<FoundRisk>;
  /** From how many visible recipients outside the own organisation on to ask. */
  readonly manyOutsiders: number;
  /** Hide subjects unless it is chosen otherwise for one mail. */
  readonly hideSubject: boolean;
  /** Pictures of a sealed mail may be fetched from servers outside, when the member asks for it. */
  readonly outsidePictures: boolean;
  /** Drafts lie sealed on the mail server. */
  readonly sealedDrafts: boolean;
  /** Verdicts are shown as tags in the list of messages. */
  readonly listTags: boolean;
  /** Lists of the address book may be recipients, where the member permits reading it. */
  readonly addressLists: boolean;
  /** Whether a report of a malicious mail tells the sending organisation who reports; undefined where the member decides. */
  readonly reportsNameMember: boolean | undefined;
  /** What the organisation fixed: not for the member to change. */
  readonly fixed: ReadonlySet<typeof NAMES[number]>;
}

/** Throws `configuration-invalid` naming the field, as the organisation's settings are never half followed. */
export async function loadSettings({ managed, tables }: Pick<MemberPorts, 'managed' | 'tables'>): Promise<Settings> {
  const central = readManaged(await managed());
  const own = (await tables.preferences.get('sending')) ?? {};
  const writing = (await tables.preferences.get('writing')) ?? {};
  return {
    sendDelay: central.sendDelay ?? own.sendDelay ?? 0,
    riskCheck: central.riskCheck ?? true,
    unchecked: new Set(Object.entries(CHECKS).filter(([, setting]) => central[setting] === false).map(([risk]) => risk as keyof typeof CHECKS)),
    manyOutsiders: central.manyOutsiders ?? 10,
    hideSubject: central.hideSubject ?? writing.hideSubject ?? false,
    outsidePictures: central.outsidePictures ?? true,
    sealedDrafts: central.sealedDrafts ?? writing.sealedDrafts ?? true,
    listTags: central.listTags ?? (await tables.preferences.get('list'))?.listTags ?? false,
    addressLists: central.addressLists ?? true,
    reportsNameMember: central.reportsNameMember,
    fixed: new Set(NAMES.filter((name) => central[name] !== undefined)),
  };
}
