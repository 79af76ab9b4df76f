import { describe, expect, it } from 'vitest';
import { addressees } from '../../extension/thunderbird/addressees.ts';
import type { ComposeDetails } from '../../extension/thunderbird/api.ts';
import type { Judgement } from '../../src/flow/open.ts';
import type { HeaderConflict } from '../../src/mail/protected-headers.ts';

const mailbox = (address: string, displayName = ''): { address: string; displayName: string } => ({ address, displayName });
const OWN = new Set(['hanako@tsukimi.example']);

function judged(code: string, conflicts: readonly HeaderConflict[] = []): Judgement {
  return {
    state: 'verified', code, organisations: [], content: 'opened', recipients: ['hanako@tsukimi.example', 'jiro@hinode.example', 'ken@tsukimi.example'],
    message: {
      entity: undefined as never, conflicts,
      headers: {
        protection: 'cipher', from: mailbox('taro@hinode.example', 'Taro "T" \\'), to: [mailbox('hanako@tsukimi.example')], cc: [mailbox('jiro@hinode.example')], replyTo: [],
        subject: '', date: undefined, outerSubject: undefined,
      },
    },
  };
}

const window = (type: string, to: string[], cc: string[] = []): ComposeDetails => ({ type, to, cc } as ComposeDetails);
const CONFLICT: HeaderConflict = { field: 'reply-to', inner: '', outer: 'eve@evil.example, x@evil.example' };

describe('addressees', () => {
  it('a reply goes to the sender, a reply to all to those whom he named', () => {
    expect(addressees(window('reply', ['eve@evil.example']), judged('verified'), OWN)).toEqual({ to: ['"Taro \\"T\\" \\\\" <taro@hinode.example>'], cc: [] });
    expect(addressees(window('reply', ['eve@evil.example'], ['x@evil.example']), judged('verified'), OWN)).toMatchObject({ cc: ['jiro@hinode.example'] });
  });

  it('an outer Reply-To that nobody sealed does not make a reply to all of one to the sender', () => {
    expect(addressees(window('reply', ['eve@evil.example', 'x@evil.example']), judged('verified', [CONFLICT]), OWN)).toMatchObject({ cc: [] });
  });

  it('the own mail written anew goes to those whom it was sealed for, hidden ones too, and to nobody else', () => {
    expect(addressees(window('new', ['eve@evil.example']), judged('own-copy'), OWN)).toEqual({
      to: ['hanako@tsukimi.example'], cc: ['jiro@hinode.example'], replyTo: [], bcc: ['ken@tsukimi.example'],
    });
    expect(addressees(window('new', ['eve@evil.example']), judged('verified'), OWN)).toMatchObject({ to: ['hanako@tsukimi.example'], bcc: [] });
  });

  it('a forward has those whom the member names', () => {
    expect(addressees(window('forward', []), judged('verified'), OWN)).toEqual({});
  });
});
