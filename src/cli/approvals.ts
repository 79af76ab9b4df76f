/**
 * What verbs that take two administrators share: asking the running key server for something, signing it, and showing what
 * came of it. The signature is made here, over the request as it is shown.
 */
import { Option } from 'commander';
import { fromUtf8 } from '../core/bytes.ts';
import type { PrivateKey } from '../core/keys.ts';
import { printable } from '../mail/shown-text.ts';
import { loadPrivateKey } from '../platform/node-crypto.ts';
import { loadKey } from '../server/shared/keystore.ts';
import { readPassphrase } from '../server/shared/passphrase.ts';
import { type Approval, approvalSchema, approvalStatement, approvedSchema } from '../wire/approval.ts';
import { decodeJson, encodeJson } from '../wire/json.ts';
import { adminCall } from './admin.ts';

export interface AdministratorKeyOptions {
  readonly state: string;
  readonly adminKey: string;
  readonly passphraseFd?: number;
}

export function adminKeyOption(): Option {
  return new Option('--admin-key <file>', 'your key as an administrator, as `ssmax admin init` made it').makeOptionMandatory();
}

/** The administrator's key: passphrase from the descriptor, the systemd credential `ssmax-admin`, or a prompt. */
export async function administratorKey({ adminKey, passphraseFd }: AdministratorKeyOptions): Promise<PrivateKey> {
  const passphrase = await readPassphrase({ question: 'Passphrase of your key as an administrator', credential: 'ssmax-admin', descriptor: passphraseFd });
  return loadPrivateKey(loadKey(adminKey, passphrase));
}

/** Asks for something that takes two administrators and signs it as the first; prints what the second one has to do. */
export async function requestApproval(kind: string, payload: object, options: AdministratorKeyOptions): Promise<void> {
  const key = await administratorKey(options);
  const approval = decodeJson(approvalSchema, await adminCall(options.state, 'POST', '/approvals', { kind, payload: encodeJson(payload) }));
  await signApproval(approval, key, options.state);
}

/** Signs a request and prints whether it was done. */
export async function signApproval(approval: Approval, key: PrivateKey, state: string): Promise<void> {
  const signature = await key.sign(approvalStatement(approval));
  const answer = await adminCall(state, 'POST', '/approvals/signatures', { id: approval.id, publicKey: key.publicKey, signature });
  const approved = decodeJson(approvedSchema, answer);
  process.stdout.write(approved.state === 'done'
    ? `done: ${printable(JSON.stringify(approved.result ?? {}))}\n`
    : `${approval.id} waits for another administrator until ${approval.expires.toISOString()}: ssmax approve ${approval.id}\n`);
}

/** One request for an administrator to read before he signs. */
export function describeApproval({ id, kind, payload, expires, signed }: Approval): string {
  const by = signed.length === 0 ? 'nobody yet' : signed.map(printable).join(', ');
  return `${id}  ${kind}  ${printable(fromUtf8(payload))}  signed by ${by}; until ${expires.toISOString()}\n`;
}
