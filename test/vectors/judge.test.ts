/** test/vectors/judge.json: each whole mail judged as its reader would be told. */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { SsmaxError } from '../../src/core/error.ts';
import { parseCertificate } from '../../src/core/pki/certificate.ts';
import { judgeMail } from '../../src/flow/open.ts';
import { loadTrust } from '../../src/flow/trust.ts';
import { createNodeCrypto } from '../../src/platform/node-crypto.ts';
import { privateKeyOf } from '../core/elgamal/fixed-keys.ts';
import { bytes } from '../mail/bytes.ts';
import { expectation, load, materialOf, trustVectors } from './load.ts';

const native = createNodeCrypto();
const { people, situations } = trustVectors;

const { mails, cases } = load('judge', {
  mails: z.record(z.string(), z.string()),
  cases: z.array(z.strictObject({
    name: z.string(), mail: z.string(), reader: z.strictObject({ keys: z.array(z.string()), addresses: z.array(z.string()) }).nullable(),
    trust: z.string(), hours: z.number(),
    expect: z.strictObject({
      state: z.enum(['verified', 'outside', 'problem', 'cannot-check']), code: expectation, detail: expectation.optional(), content: z.enum(['opened', 'not-opened']).optional(),
      conflicts: z.array(z.string()).optional(), leg: z.number().optional(), sender: z.string().optional(), deliveredTo: z.string().optional(),
      addressedAs: z.string().optional(), hidden: z.boolean().optional(),
    }),
  })),
});

describe('judge.json', () => {
  test.each(cases)('$name → $expect.state, $expect.code', async ({ mail, reader, trust, hours, expect: due }) => {
    const now = new Date(trustVectors.now.getTime() + hours * 3_600_000);
    const credentials = (reader?.keys ?? []).map((name) => {
      const held = people[name];
      if (held === undefined) throw new Error(`nobody is called ${name}`);
      return { key: privateKeyOf(BigInt(`0x${held.d}`)), certificate: parseCertificate(held.certificate) };
    });
    const judgement = await judgeMail(bytes(mails[mail] ?? ''), {
      native, credentials, addresses: reader?.addresses, now,
      trust: situations[trust] === undefined ? new SsmaxError('unavailable', trust) : await loadTrust(materialOf(trust), now),
    });
    const { state, code, detail, content, leg, deliveredTo, addressedAs, hidden, sender, message } = judgement;
    const found = { state, code, detail, content, leg, deliveredTo, addressedAs, hidden, sender: sender?.address, conflicts: message?.conflicts.map(({ field }) => field) };
    expect(found).toMatchObject(due);
    // What is not verified is never opened, and nobody's name is shown for it.
    if (state !== 'verified') expect({ content, message, sender }).toEqual({ content: 'not-opened', message: undefined, sender: undefined });
  });

  test('every state and every impersonation has its case', () => {
    expect(new Set(cases.map(({ expect: { state } }) => state)).size).toBe(4);
    expect(Object.keys(mails).every((name) => cases.some(({ mail }) => mail === name))).toBe(true);
  });
});
