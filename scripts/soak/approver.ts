/** The colleagues who approve what the policy holds back: each with his own key, by the command line, some time after it was sent. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hex } from '../../src/core/bytes.ts';
import { SsmaxError } from '../../src/core/error.ts';
import { encodePem } from '../../src/core/pki/pem.ts';
import { adminCall } from '../../src/cli/admin.ts';
import { generatePrivateKey } from '../../src/platform/node-crypto.ts';
import { saveKey } from '../../src/server/shared/keystore.ts';
import { heldListSchema, type HeldRecord } from '../../src/wire/held.ts';
import { decodeJson } from '../../src/wire/json.ts';
import { Correspondent } from '../../test/scenario/correspondent.ts';
import { type LocalOrganisation, type LocalWorld, PASSPHRASE } from '../world/local-world.ts';
import { runSsmax } from '../world/ssmax.ts';
import { pause } from '../world/wait.ts';
import type { Ledger } from './ledger.ts';
import type { Random } from './random.ts';

/** Enrols a member and puts his key and certificate into files, which the command line asks for. */
export async function enrolWithFiles(local: LocalWorld, organisation: LocalOrganisation, user: string): Promise<Correspondent> {
  const pkcs8 = generatePrivateKey();
  const [key, certificate] = filesOf(organisation, `${user}@${organisation.plan.domain}`);
  await saveKey(key, pkcs8, PASSPHRASE);
  const who = await Correspondent.enrol(local, organisation, user, pkcs8);
  writeFileSync(certificate, encodePem('CERTIFICATE', who.credential.certificate.der));
  return who;
}

function filesOf({ dir }: LocalOrganisation, address: string): [key: string, certificate: string] {
  return [join(dir, `${address}.key`), join(dir, `${address}.pem`)];
}

export interface ApproverParts {
  readonly organisation: LocalOrganisation;
  readonly ledger: Ledger;
  readonly random: Random;
  /** Whether nobody sends any more: then no mail is left to wait. */
  readonly hurry: () => boolean;
}

/** Approves each held mail until `over`; gives how many. */
export async function approveUntil(over: () => boolean, parts: ApproverParts): Promise<number> {
  const { organisation, random, hurry } = parts;
  /** When each is looked at; milliseconds since 1970. */
  const turns = new Map<string, number>();
  let approved = 0;
  while (!over()) {
    for (const mail of await waiting(organisation)) {
      const turn = turns.get(mail.id) ?? mail.since.getTime() + random.between(2_000, 30_000);
      turns.set(mail.id, turn);
      if ((hurry() || Date.now() >= turn) && await approve(mail, parts)) approved++;
    }
    await pause(1_000);
  }
  return approved;
}

/** Nothing while its server is dead. */
async function waiting(organisation: LocalOrganisation): Promise<readonly HeldRecord[]> {
  try {
    const { held } = decodeJson(heldListSchema, await adminCall(stateOf(organisation), 'GET', '/held'));
    return held.filter(({ state }) => state === 'waiting');
  } catch (error) {
    if (!(error instanceof SsmaxError) || error.kind !== 'unavailable') throw error;
    return [];
  }
}

async function approve({ id, contentDigest, sender, recipients, approvers }: HeldRecord, { organisation, ledger, random }: ApproverParts): Promise<boolean> {
  if (ledger.find(hex(contentDigest), recipients[0] ?? '')?.what !== 'held') ledger.problems.push(`a mail from ${sender} was held that had no need`);
  const [key, certificate] = filesOf(organisation, random.pick(approvers.filter((address) => address !== sender)));
  const { code } = await runSsmax(['inspection', 'approve', id, '--state', stateOf(organisation), '--key', key, '--certificate', certificate], { passphrase: PASSPHRASE });
  return code === 0; // else its server was killed just now: it is asked again
}

function stateOf({ dir }: LocalOrganisation): string {
  return join(dir, 'inspection-state');
}
