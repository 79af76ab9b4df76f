/** What a gateway finds out about mail from outside SSMAX, and how it says so (docs/protocol.md §11.1). */
import { Resolver } from 'node:dns/promises';
import type { Bytes } from '../../core/bytes.ts';
import { OUTSIDE_FIELD, REPORT_FIELD, signOutsideReport } from '../../flow/outside-report.ts';
import type { Clock, Credential } from '../../flow/ports.ts';
import { authorOf } from '../../mail/address.ts';
import { formatAuthenticationResults, type MethodResult, readAuthenticationResults, RESULTS_FIELD } from '../../mail/authentication-results.ts';
import { type StreamedMail, stripMark } from '../../mail/carrier.ts';
import type { Entity } from '../../mail/mime.ts';
import { mailDigest } from '../../mail/outside-digest.ts';
import { toBase64 } from '../../wire/json.ts';
import type { OutsideReport } from '../../wire/outside-report.ts';
import { verifySmime } from '../shared/smime.ts';
import type { GatewayConfig } from './config.ts';
import type { Envelope } from './smtp.ts';

/** Milliseconds for all look-ups of one mail. */
const DEADLINE = 20_000;

/**
 * Mail that goes on without a report of ours, without marks and without anybody's claims about who it is from: readers here trust
 * some, and nobody before us may speak in the name of those (RFC 8601 §5).
 */
export function withoutClaims(raw: Bytes): StreamedMail {
  return stripMark(raw, { keeps: ({ name }) => name.toLowerCase() !== RESULTS_FIELD.toLowerCase() });
}

export interface OutsideDesk {
  /** The mail as it goes on: foreign marks and claims taken out, our own report put on top. */
  mark(envelope: Envelope, outer: Entity, raw: Bytes): Promise<StreamedMail>;
}

interface Parts {
  readonly config: GatewayConfig['outside'];
  readonly credential: Credential;
  /** The own organisation's identifier. */
  readonly organisation: string;
  readonly clock: Clock;
}

export function createOutsideDesk({ config, credential, organisation, clock }: Parts): OutsideDesk {
  const { authentication, smimeTrust } = config;
  const [ownName = 'gateway'] = credential.certificate.dnsNames;
  const resolver = new Resolver({ timeout: 5000, tries: 2 });
  if (authentication.by === 'gateway' && authentication.dns !== undefined) resolver.setServers(authentication.dns.map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`));

  /** The field to believe: the topmost in the name of the server before us, in mail that came from there. */
  function trustedField(outer: Entity, { client }: Envelope): number {
    if (authentication.by !== 'upstream' || client === undefined || !authentication.addresses.includes(client.address)) return -1;
    return outer.headers.fields.findIndex(({ name, value }) =>
      name.toLowerCase() === RESULTS_FIELD.toLowerCase() && readAuthenticationResults(value)?.by === authentication.name.toLowerCase());
  }

  async function results(envelope: Envelope, outer: Entity, raw: Bytes, trusted: number): Promise<readonly MethodResult[]> {
    if (authentication.by === 'gateway') return evaluate(envelope, outer, raw);
    return readAuthenticationResults(outer.headers.fields[trusted]?.value ?? '')?.results ?? [];
  }

  async function evaluate({ client, from }: Envelope, outer: Entity, raw: Bytes): Promise<readonly MethodResult[]> {
    // Of several authors nobody can say whom a result is about.
    if (client === undefined || outer.headers.all('From').length !== 1) return [];
    const late = new Promise<undefined>((resolve) => setTimeout(resolve, DEADLINE, undefined).unref());
    // Loaded with the first mail from outside: it is half of what a gateway's start costs.
    const { authenticate } = await import('mailauth');
    const work = authenticate(Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength), {
      ip: client.address, helo: client.helo, sender: from, mta: ownName, disableArc: true, disableBimi: true,
      resolver: (name, type) => resolver.resolve(name, type) as Promise<string[]>,
    });
    const found = await Promise.race([work.catch(() => undefined), late]);
    if (found === undefined) return [{ method: 'dmarc', result: 'temperror' }];
    const { spf, dkim, dmarc } = found;
    // A signature over the first part of a body only says nothing about the rest.
    const whole = dkim.results.filter(({ status }) => status.underSized !== true);
    // A domain without a policy gets no alignment, whatever the types say.
    const alignment = dmarc === false ? undefined : dmarc.alignment as typeof dmarc.alignment | undefined;
    const partly = alignment?.spf.result === false && alignment.dkim.underSized === true;
    return [
      ...(spf === false ? [] : [{ method: 'spf', result: spf.status.result, domain: spf.domain }]),
      ...whole.map(({ status, signingDomain }) => ({ method: 'dkim', result: status.result, domain: signingDomain })),
      ...(dmarc === false ? [] : [{ method: 'dmarc', result: partly ? 'fail' : dmarc.status.result, domain: dmarc.status.header?.['from'] as string | undefined ?? dmarc.domain }]),
    ].map(({ domain, ...rest }) => ({ ...rest, ...(domain !== undefined && { domain }) }));
  }

  return {
    async mark(envelope, outer, raw) {
      const trusted = trustedField(outer, envelope);
      const found = normal(await results(envelope, outer, raw, trusted));
      const smime = await verifySmime(outer, authorOf(outer.headers), smimeTrust);
      const by = authentication.by === 'upstream' && trusted === -1 ? 'nobody' : authentication.by;
      const [dmarc] = found.filter(({ method }) => method === 'dmarc');
      const [spf] = found.filter(({ method }) => method === 'spf');
      const report: OutsideReport = {
        version: 1, organisation, mail: await mailDigest(raw), time: clock.now(), by,
        dkim: found.filter(({ method }) => method === 'dkim').slice(0, 8).map(checked),
        ...(spf !== undefined && { spf: checked(spf) }), ...(dmarc !== undefined && { dmarc: checked(dmarc) }), ...(smime !== undefined && { smime }),
      };
      const signed = toBase64(await signOutsideReport(report, credential));
      return stripMark(raw, {
        addedFields: [
          [OUTSIDE_FIELD, '1'], [REPORT_FIELD, (signed.match(/.{1,72}/g) ?? []).join(' ')],
          ...(by === 'gateway' ? [[RESULTS_FIELD, formatAuthenticationResults({ by: ownName, results: found })] as const] : []),
        ],
        // Nobody before us may speak in the name of those whom readers here trust (RFC 8601 §5).
        keeps: ({ name }, index) => name.toLowerCase() !== RESULTS_FIELD.toLowerCase() || index === trusted,
      });
    },
  };
}

const RESULTS = new Set<string>(['pass', 'fail', 'softfail', 'neutral', 'none', 'policy', 'temperror', 'permerror']);
const DOMAIN = /^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9-]{1,63}$/;

/** Only what the report may hold: results by their names, domains that are some. */
function normal(found: readonly MethodResult[]): (MethodResult & { result: OutsideReport['dkim'][number]['result'] })[] {
  return found.flatMap(({ method, result, domain = '' }) => {
    const known = result === 'temperr' ? 'temperror' : result;
    if (!isResult(known)) return [];
    const lower = domain.toLowerCase();
    return [{ method, result: known, ...(lower.length <= 253 && DOMAIN.test(lower) && { domain: lower }) }];
  });
}

function isResult(text: string): text is OutsideReport['dkim'][number]['result'] {
  return RESULTS.has(text);
}

function checked({ result, domain }: ReturnType<typeof normal>[number]): OutsideReport['dkim'][number] {
  return { result, ...(domain !== undefined && { domain }) };
}
