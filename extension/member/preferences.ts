/** How this plugin behaves where it may behave one way or the other: what the organisation fixed goes before what the member chose. */
import { z } from 'zod';
import { refused } from '../../src/core/error.ts';
import type { MemberPorts } from './ports.ts';

/** Longest time to take a mail back, in seconds. */
const LONGEST_DELAY = 120;

const managedSchema = z.object({
  sendDelay: z.number().int().min(0).max(LONGEST_DELAY).optional(),
  riskCheck: z.boolean().optional(),
  manyOutsiders: z.number().int().min(2).max(1_000).optional(),
  hideSubject: z.boolean().optional(),
  outsidePictures: z.boolean().optional(),
  sealedDrafts: z.boolean().optional(),
  listTags: z.boolean().optional(),
});

const NAMES = ['sendDelay', 'riskCheck', 'manyOutsiders', 'hideSubject', 'outsidePictures', 'sealedDrafts', 'listTags'] as const;

export interface Settings {
  /** Seconds between "send" and sending, in which it can be taken back. */
  readonly sendDelay: number;
  /** Ask before an unusual mail goes. */
  readonly riskCheck: boolean;
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
  /** What the organisation fixed: not for the member to change. */
  readonly fixed: ReadonlySet<typeof NAMES[number]>;
}

/** Throws `configuration-invalid` naming the field, as the organisation's settings are never half followed. */
export async function loadSettings({ managed, tables }: Pick<MemberPorts, 'managed' | 'tables'>): Promise<Settings> {
  const result = managedSchema.safeParse((await managed()) ?? {});
  if (!result.success) throw refused('configuration-invalid', { field: result.error.issues[0]?.path.join('.') ?? '' });
  const own = (await tables.preferences.get('sending')) ?? {};
  const writing = (await tables.preferences.get('writing')) ?? {};
  const central = result.data;
  return {
    sendDelay: central.sendDelay ?? own.sendDelay ?? 0,
    riskCheck: central.riskCheck ?? true,
    manyOutsiders: central.manyOutsiders ?? 10,
    hideSubject: central.hideSubject ?? writing.hideSubject ?? false,
    outsidePictures: central.outsidePictures ?? true,
    sealedDrafts: central.sealedDrafts ?? writing.sealedDrafts ?? true,
    listTags: central.listTags ?? (await tables.preferences.get('list'))?.listTags ?? false,
    fixed: new Set(NAMES.filter((name) => central[name] !== undefined)),
  };
}
