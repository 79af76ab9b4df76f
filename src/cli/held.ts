/** `ssmax inspection held|show|approve|reject`: mail that waits for a second person. */
import { setTimeout as delay } from 'node:timers/promises';
import { type Command, InvalidArgumentError } from 'commander';
import { z } from 'zod';
import { signObject } from '../core/cms/signed-data.ts';
import type { Bytes } from '../core/bytes.ts';
import { refused, SsmaxError } from '../core/error.ts';
import { OID } from '../core/oids.ts';
import { openView } from '../flow/held-view.ts';
import type { Credential } from '../flow/ports.ts';
import { printable } from '../mail/shown-text.ts';
import { createNodeCrypto } from '../platform/node-crypto.ts';
import { type HeldDecision, heldListSchema, type HeldLook, heldLookAnswerSchema, heldMailSchema, type HeldRecord, type HeldView } from '../wire/held.ts';
import { decodeJson, encodeJson } from '../wire/json.ts';
import { adminCall, adminOption } from './admin.ts';
import { addKeyOptions, type KeyOptions, loadCredential } from './credential.ts';
import { explanations } from './explanations.ts';

const organisationSchema = z.strictObject({ organisation: z.string() });

export function listHeld(command: Command): void {
  command
    .addOption(adminOption())
    .option('--all', 'also what was decided')
    .option('--json', 'for programs')
    .action(async ({ state, all, json }: { state: string; all?: true; json?: true }) => {
      const { held } = decodeJson(heldListSchema, await adminCall(state, 'GET', '/held'));
      const shown = held.filter((one) => all === true || one.state === 'waiting');
      process.stdout.write(json === true ? `${new TextDecoder().decode(encodeJson(shown))}\n` : shown.map(line).join(''));
    });
}

const NUMBER = 'as `held` lists it, or its first digits';

export function showHeld(command: Command): void {
  const verb = command.argument('<number>', NUMBER, digits).addOption(adminOption())
    .option('--wait <seconds>', 'how long to wait for the mail to come round, with --key', seconds, 120);
  addKeyOptions(verb, false).action(async (id: string, { key, wait, ...options }: Partial<KeyOptions> & { state: string; wait: number }) => {
    const mail = await find(options.state, id);
    process.stdout.write(details(mail));
    if (key !== undefined) process.stdout.write(viewLines(await look(mail, { key, ...options }, wait)));
  });
}

function seconds(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new InvalidArgumentError('a number of seconds is due');
  return Number(text);
}

/** Asks to see a mail in the approver's name; the server seals it to him when the gateway has let it come round. */
async function look({ id }: HeldRecord, options: KeyOptions & { state: string }, wait: number): Promise<HeldView> {
  const { state } = options;
  const credential = await loadCredential(options);
  const time = new Date();
  const signed = await signAs(credential, { type: 'held-look', id, audience: await audience(state), time } satisfies HeldLook, time);
  await adminCall(state, 'POST', '/held/looks', { signed });
  const path = `/held/${id}/looks/${encodeURIComponent(credential.certificate.emails[0] ?? '')}`;
  for (let waited = 0; waited < wait; waited++) {
    const { sealed, sealer } = decodeJson(heldLookAnswerSchema, await adminCall(state, 'GET', path));
    if (sealed !== undefined) return openView(createNodeCrypto(), sealed, credential, id, sealer);
    await delay(1000);
  }
  throw new SsmaxError('unavailable', 'held-look-later', { id });
}

async function audience(state: string): Promise<string> {
  return decodeJson(organisationSchema, await adminCall(state, 'GET', '/organisation')).organisation;
}

function signAs({ key, certificate }: Credential, value: unknown, signingTime: Date): Promise<Bytes> {
  return signObject(
    { type: OID.userRequest, value: encodeJson(value), signingTime }, { key, certificate: certificate.der, subjectKeyIdentifier: certificate.subjectKeyIdentifier },
  );
}

export function decideHeld(command: Command, decision: HeldDecision['decision']): void {
  const verb = command.argument('<number>', NUMBER, digits).addOption(adminOption());
  addKeyOptions(verb, true).action(async (id: string, options: KeyOptions & { state: string }) => { await decide(id, decision, options); });
}

function digits(text: string): string {
  if (!/^[0-9a-f]{8,32}(?:-[12]-(?:out|in)bound)?$/.test(text)) throw new InvalidArgumentError('at least eight digits of the number are due');
  return text;
}

async function find(state: string, id: string): Promise<HeldRecord> {
  return decodeJson(heldMailSchema, await adminCall(state, 'GET', `/held/${id}`));
}

async function decide(id: string, decision: HeldDecision['decision'], options: KeyOptions & { state: string }): Promise<void> {
  const { state } = options;
  const mail = await find(state, id);
  if (mail.state !== 'waiting') throw refused('held-decided', { id: mail.id, state: mail.state });
  const credential = await loadCredential(options);
  const time = new Date();
  const codes = [...new Set(mail.findings.map(({ code }) => code))];
  const signed = await signAs(credential, { type: 'held-decision', id: mail.id, decision, codes, audience: await audience(state), time } satisfies HeldDecision, time);
  const decided = decodeJson(heldMailSchema, await adminCall(state, 'POST', '/held/decisions', { signed }));
  process.stdout.write(line(decided));
}

function line({ id, state, since, sender, recipients, findings }: HeldRecord): string {
  const codes = [...new Set(findings.map(({ code }) => code))].join(', ');
  return `${id}  ${state}  ${since.toISOString().slice(0, 16)}Z  ${printable(`${sender} → ${recipients.join(', ')}`)}  ${codes}\n`;
}

function details(mail: HeldRecord): string {
  const findings = mail.findings.map(({ code, part }) => `  part ${part}: ${explanations[code]?.[0] ?? code} (${code})`);
  return [
    `number:     ${mail.id}`,
    `state:      ${mail.state}${mail.decidedBy === undefined ? '' : ` by ${mail.decidedBy}`}`,
    `from:       ${mail.sender}`,
    `to:         ${mail.recipients.join(', ')}`,
    `direction:  ${mail.direction}`,
    `since:      ${mail.since.toISOString()}`,
    `until:      ${mail.until.toISOString()}`,
    `policy:     ${mail.policy}`,
    `approvers:  ${mail.approvers.join(', ')}`,
    `queue:      ${mail.queueIds.join(', ') || 'not known'}`,
    'found:', ...findings,
  ].map((one) => `${printable(one)}\n`).join('');
}

const MARKS: Readonly<Record<HeldView['views'][number]['pieces'][number]['marks'][number], string>> = {
  encrypted: 'needs a password', macros: 'holds macros or other code', unreadable: 'could not be read', 'too-much': 'holds too much to be read',
};

/** Places first: they are what the decision is about. Every line is set in by a bar, so that nothing in a mail looks like our own words. */
function viewLines({ views }: HeldView): string {
  const lines = views.flatMap(({ pieces, places, cut }, index) => [
    ...(index > 0 ? [`forwarded mail ${index}:`] : []),
    ...places.flatMap((place) => [`found by ${place.rule} (${place.code}), ${placeName(place)}:`, ...quoted(place.text.trim())]),
    ...pieces.filter(({ text, name, marks }) => text.trim() !== '' || name !== undefined || marks.length > 0).flatMap((piece) => [
      `${placeName(piece)}${piece.kind === undefined ? '' : `, ${piece.kind}`}${piece.marks.map((mark) => `, ${MARKS[mark]}`).join('')}:`,
      ...quoted(piece.text.trim()), ...(piece.cut ? ['  (there is more of it)'] : []),
    ]),
    ...(cut ? ['(there is more in this mail)'] : []),
  ]);
  return ['', ...(lines.length === 0 ? ['the mail could not be read'] : lines)].map((one) => `${printable(one)}\n`).join('');
}

function placeName({ part, name }: { readonly part: number; readonly name?: string | undefined }): string {
  return `${part === 0 ? 'header' : `part ${part}`}${name === undefined ? '' : ` "${name}"`}`;
}

function quoted(text: string): string[] {
  return text === '' ? [] : text.split(/\r\n|\r|\n/).map((one) => `  | ${one.replaceAll('\t', ' ')}`);
}
