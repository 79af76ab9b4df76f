/** Whoever blocks, delays or swaps a CRL or the directory gets "cannot check now", and 451 at gateways: never "verified". */
import { beforeAll, describe, expect, it } from 'vitest';
import type { Bytes } from '../../src/core/bytes.ts';
import { SsmaxError } from '../../src/core/error.ts';
import { type CrlOrder, issueCrl, parseCrl } from '../../src/core/pki/crl.ts';
import type { Issuer } from '../../src/core/pki/issue.ts';
import { judgeMail } from '../../src/flow/open.ts';
import { loadTrust, requireUnrevoked, type Trust, type TrustMaterial } from '../../src/flow/trust.ts';
import { verifyLeg } from '../../src/flow/verify-leg.ts';
import { native } from '../flow/world.ts';
import { chain, createScene, flip, HANAKO, mail, refusal, type Scene, TARO } from './scene.ts';

let scene: Scene;
let material: TrustMaterial;
let legs: { leg1: Bytes; leg2: Bytes; leg3: Bytes };
const HOUR = 3_600_000;
beforeAll(async () => {
  scene = await createScene();
  legs = await chain(scene);
  material = await scene.world.material();
});

/** The material's CRLs: the Authority's, then the organisations'. */
function withCrls(change: (crls: readonly Bytes[]) => readonly Bytes[]): TrustMaterial {
  return { ...material, crls: change(material.crls) };
}

async function crl(issuer: Issuer, change: Partial<CrlOrder> = {}): Promise<Bytes> {
  const now = scene.world.now.getTime();
  return (await issueCrl({ issuer, number: 1_000_000, thisUpdate: new Date(now - HOUR), nextUpdate: new Date(now + HOUR), revoked: [], ...change })).der;
}

async function trustOf(given: TrustMaterial): Promise<Trust | SsmaxError> {
  return loadTrust(given, scene.world.now).catch((error: unknown) => {
    if (error instanceof SsmaxError) return error;
    throw error;
  });
}

/** What the reader of leg 3, its sender's Sent copy and the gateway make of it. */
async function judgements(given: TrustMaterial): Promise<{ hanako: string; taro: string; gateway: string }> {
  const trust = await trustOf(given);
  const read = async (cms: Bytes, address: string): Promise<string> => {
    const credential = address === TARO ? scene.taro : scene.hanako;
    const { state, code } = await judgeMail(mail(cms, [HANAKO]), { native, credentials: [credential], addresses: [address], trust, now: scene.world.now });
    return `${state} ${code}`;
  };
  const gateway = trust instanceof SsmaxError ? `${trust.kind} ${trust.code}`
    : await verifyLeg(legs.leg1, trust, scene.world.now, 'now').then(() => 'ok', (error: unknown) => (error instanceof SsmaxError ? `${error.kind} ${error.code}` : 'fault'));
  return { hanako: await read(legs.leg3, HANAKO), taro: await read(legs.leg1, TARO), gateway };
}

describe('with everything at hand', () => {
  it('the mail is verified', async () => {
    expect(await judgements(material)).toEqual({ hanako: 'verified verified', taro: 'verified own-copy', gateway: 'ok' });
  });
});

describe("the Authority's CRL", () => {
  const past = (): Partial<CrlOrder> => ({ thisUpdate: new Date(scene.world.now.getTime() - 2 * HOUR), nextUpdate: new Date(scene.world.now.getTime() - 1000) });
  it.each<[string, string, () => Promise<TrustMaterial>]>([
    ['missing', 'crl-missing', async () => withCrls((all) => all.slice(1))],
    ['stale', 'crl-stale', async () => {
      const stale = await crl(scene.world.delegate, past());
      return withCrls((all) => [stale, ...all.slice(1)]);
    }],
    ['not yet valid', 'crl-not-yet-valid', async () => {
      const early = await crl(scene.world.delegate, { thisUpdate: new Date(scene.world.now.getTime() + HOUR), nextUpdate: new Date(scene.world.now.getTime() + 2 * HOUR) });
      return withCrls((all) => [early, ...all.slice(1)]);
    }],
    ['altered', 'crl-signature', async () => withCrls(([first, ...rest]) => [flip(first ?? new Uint8Array(1), (first?.length ?? 1) - 3), ...rest])],
    ['garbage', 'crl-malformed', async () => withCrls((all) => [new Uint8Array(100), ...all])],
    ['signed by another delegate', 'crl-wrong-issuer', async () => {
      const other = await createScene();
      const foreign = await crl({ ...other.world.delegate, certificate: { ...other.world.delegate.certificate } });
      return withCrls((all) => [foreign, ...all.slice(1)]);
    }],
  ])('%s', async (_, code, given) => {
    const seen = await judgements(await given());
    expect(seen).toEqual({ hanako: `cannot-check ${code}`, taro: `cannot-check ${code}`, gateway: `unavailable ${code}` });
  });
});

describe("an organisation's CRL", () => {
  it('missing or signed by another organisation stops what it decides on, and only that', async () => {
    for (const [change, code] of [
      [(all: readonly Bytes[]) => all.filter((der) => !isOf(der, scene.hinode.issuer)), 'crl-missing'],
    ] as const) {
      expect(await judgements(withCrls(change))).toEqual({ hanako: 'verified verified', taro: `cannot-check ${code}`, gateway: `unavailable ${code}` });
    }
  });
  it('with a higher number that nobody signed does not pass for the newest', async () => {
    const good = await crl(scene.hinode.issuer, { number: 2_000_000 });
    expect((await judgements(withCrls((all) => [...all, flip(good, good.length - 3)]))).taro).toBe('cannot-check crl-signature');
  });
});

describe('the directory', () => {
  it('stale, from the future or altered is of no use', async () => {
    const later = new Date(scene.world.now.getTime() + 25 * HOUR);
    await expect(loadTrust(material, later)).rejects.toMatchObject({ kind: 'unavailable', code: 'directory-stale' });
    const earlier = new Date(scene.world.now.getTime() - HOUR);
    await expect(loadTrust(material, earlier)).rejects.toMatchObject({ kind: 'unavailable', code: 'clock-wrong' });
    await expect(loadTrust({ ...material, directory: { ...material.directory, index: flip(material.directory.index, material.directory.index.length - 5) } }, scene.world.now)).rejects.toMatchObject({ kind: 'refused' });
  });
  it('of another root is refused', async () => {
    const other = await createScene();
    await expect(loadTrust({ ...material, root: other.world.root.der }, scene.world.now)).rejects.toMatchObject(refusal('certificate-untrusted'));
  });
  it('of a revoked delegate is refused', async () => {
    const revoked = await crl(scene.world.delegate, { revoked: [{ serial: scene.world.delegate.certificate.serial, date: new Date(scene.world.now.getTime() - HOUR) }] });
    await expect(loadTrust(withCrls(([, ...rest]) => [revoked, ...rest]), scene.world.now)).rejects.toMatchObject(refusal('certificate-revoked'));
  });
});

describe('when a revocation counts', () => {
  const at = (hours: number): Date => new Date(scene.world.now.getTime() + hours * HOUR);
  async function judge(date: Date, invalidityDate: Date | undefined, signed: Date): Promise<unknown> {
    const { certificate } = scene.taro;
    const der = await crl(scene.hinode.issuer, { revoked: [{ serial: certificate.serial, date, ...(invalidityDate !== undefined && { invalidityDate }) }] });
    return requireUnrevoked({ certificate, issuer: scene.hinode.issuer.certificate, crl: parseCrl(der), at: signed, now: scene.world.now });
  }
  it('what was signed before it stays', async () => {
    await judge(at(-1), undefined, at(-2));
    await expect(judge(at(-1), undefined, at(-1))).rejects.toMatchObject(refusal('certificate-revoked'));
  });
  it('unless the certificate was invalid before already', async () => {
    await expect(judge(at(-1), at(-3), at(-2))).rejects.toMatchObject(refusal('certificate-revoked'));
    await judge(at(-1), at(-3), at(-4));
  });
  it('of the sender’s organisation counts for readers elsewhere, who see its attestation only', async () => {
    const { serial } = scene.hinode.issuer.certificate;
    const read = async (date: Date): Promise<string> => {
      const revoked = await crl(scene.world.delegate, { revoked: [{ serial, date }] });
      return (await judgements(withCrls(([, ...rest]) => [revoked, ...rest]))).hanako;
    };
    expect(await read(at(-1))).toBe('problem certificate-revoked');
    expect(await read(at(0.5))).toBe('verified verified'); // attested before it
  });
  it('an invalidity date after the revocation postpones nothing', async () => {
    await expect(judge(at(-2), at(5), at(-1))).rejects.toMatchObject(refusal('certificate-revoked'));
  });
});

function isOf(der: Bytes, { certificate }: Issuer): boolean {
  return Buffer.from(parseCrl(der).issuerDer).equals(certificate.subjectDer);
}
