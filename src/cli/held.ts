/** `ssmax inspection held|show|approve|reject`: mail that waits for a second person. */
import { type Command, InvalidArgumentError } from 'commander';
import { z } from 'zod';
import { signObject } from '../core/cms/signed-data.ts';
import { refused } from '../core/error.ts';
import { OID } from '../core/oids.ts';
import { type HeldDecision, heldListSchema, heldMailSchema, type HeldRecord } from '../wire/held.ts';
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
  command.argument('<number>', NUMBER, digits).addOption(adminOption()).action(async (id: string, { state }: { state: string }) => {
    process.stdout.write(details(await find(state, id)));
  });
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
  const { organisation } = decodeJson(organisationSchema, await adminCall(state, 'GET', '/organisation'));
  const { key, certificate } = await loadCredential(options);
  const time = new Date();
  const codes = [...new Set(mail.findings.map(({ code }) => code))];
  const value = encodeJson({ type: 'held-decision', id: mail.id, decision, codes, audience: organisation, time } satisfies HeldDecision);
  const signed = await signObject({ type: OID.userRequest, value, signingTime: time }, { key, certificate: certificate.der, subjectKeyIdentifier: certificate.subjectKeyIdentifier });
  const decided = decodeJson(heldMailSchema, await adminCall(state, 'POST', '/held/decisions', { signed }));
  process.stdout.write(line(decided));
}

function line({ id, state, since, sender, recipients, findings }: HeldRecord): string {
  const codes = [...new Set(findings.map(({ code }) => code))].join(', ');
  return `${id}  ${state}  ${since.toISOString().slice(0, 16)}Z  ${sender} → ${recipients.join(', ')}  ${codes}\n`;
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
  ].map((one) => `${one}\n`).join('');
}
