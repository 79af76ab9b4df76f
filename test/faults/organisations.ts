/** Checks around the chain: trust and revocation, modes, forwarding, consent, held mail, reports. */
import { type Fault, NEVER, of } from './fault.ts';

const LIES = 'test/security/key-server-taken-over.test.ts';
const VERDICT = 'test/security/verdict-reuse.test.ts';
const REVOCATION = 'test/security/soft-fail-revocation.test.ts';
const ROLLBACK = 'test/security/trust-rollback.test.ts';
const MODES = 'test/security/mode-downgrade.test.ts';
const ORIGINS = 'test/security/forward-origin.test.ts';
const RENEWAL = 'test/security/renewal.test.ts';

export const organisations: readonly Fault[] = [
  ...of('src/flow/directory-files.ts', REVOCATION, [
    ["directory: delegate's path", 'await validatePath({ leaf: delegate, intermediates: [], root: roots,', 'await Promise.resolve({ leaf: delegate, intermediates: [], root: roots,', 'of another root is refused'],
    ['directory: signature', 'await verifySignedObject(signed, { contentType: OID.directoryIndex, certificate: delegate.der, publicKey: delegate.publicKey });', '', 'stale, from the future or altered'],
    ['directory: freshness', "if (index.nextUpdate < now) throw new SsmaxError('unavailable', 'directory-stale');", '', 'stale, from the future or altered'],
    ['directory: not of the future', "if (index.issued.getTime() > now.getTime() + SKEW)", NEVER, 'stale, from the future or altered'],
  ]),
  ...of('src/flow/directory-files.ts', 'test/security/directory-files.test.ts', [
    ['directory: a file is the one that is signed for', 'if (!equal(await sha256(bytes), hash)) throw damaged(name);', '', 'play back an old shard'],
    ['directory: a domain\'s organisation has it', 'if (organisation?.domains.includes(domain) !== true) throw damaged(domain);', '', 'that it has not'],
    ['directory: what cannot be read says nothing against a mail', "if (error instanceof SsmaxError && error.kind === 'refused')", NEVER, 'cannot be read'],
  ]),
  ...of('src/flow/impersonation.ts', 'test/security/directory-files.test.ts', [
    ['directory: look-ups for one mail', 'if (claimed.length > MAX_DOMAINS)', NEVER, 'more domains'],
  ]),
  ...of('src/server/shared/file-cache.ts', 'test/server/shared/file-cache.test.ts', [
    ['directory: kept files are what their names say', 'if (!isNamed(name, bytes)) return undefined;', '', 'damaged on disk'],
    ['directory: fetched files are what their names say', 'if (isNamed(name, bytes)) return bytes;', 'return bytes;', 'no other file'],
  ]),
  ...of('src/flow/trust.ts', REVOCATION, [
    ["directory: delegate's revocation", 'await requireUnrevoked({ certificate: delegate, issuer: delegate, crl: authorityCrl, at: now, now });', 'void authorityCrl;', 'of a revoked delegate'],
    ['revocation: a CRL is there', "if (input.crl === undefined) throw", "if (input.crl === undefined) return; if (false) throw", 'missing or signed by another organisation'],
    ['revocation: invalidity date', 'status.invalidityDate !== undefined && status.invalidityDate < status.date ? status.invalidityDate : status.date', 'status.date', 'unless the certificate was invalid before'],
    ['revocation: by the time of signing', 'if (since > input.at) return;', 'if (since >= input.at) return;', 'what was signed before it stays'],
  ]),
  ...of('src/flow/verify-leg.ts', REVOCATION, [
    ["leg 3: revocation of the sender's organisation", 'if (attesting !== undefined && found.id !== signer.id)', NEVER, 'of the sender’s organisation counts for readers elsewhere'],
  ]),
  ...of('src/core/pki/crl.ts', REVOCATION, [
    ['CRL: issuer', "if (!rightIssuer) throw unusable('crl-wrong-issuer');", '', 'signed by another delegate'],
    ['CRL: signature', "throw unusable('crl-signature');", '{}', 'altered'],
    ['CRL: stale', 'if (crl.nextUpdate < at)', NEVER, 'stale'],
    ['CRL: not yet valid', 'if (crl.thisUpdate.getTime() > at.getTime() + SKEW)', NEVER, 'not yet valid'],
  ]),
  ...of('src/flow/trust.ts', ROLLBACK, [
    ['rollback: directory', 'if (issued < known.issued)', NEVER, 'is not older in any part'],
    ['rollback: CRLs', 'if (number < (known.crls.get(issuer) ?? 0n))', NEVER, 'is not older in any part'],
    ['rollback: an entry that cannot be had', '.catch(() => true)', '.catch(() => false)', 'cannot be had any more'],
    ['rollback: CRLs are signed', "if (!(await isByOrganisation(crl, next))) throw new SsmaxError('unavailable', 'crl-signature');", '', 'holds no CRL with a high number'],
  ]),
  ...of('src/flow/trust.ts', 'test/security/former-delegate.test.ts', [
    ['delegate: not a former one', 'if (known.delegate !== undefined && next.delegate.notBefore < known.delegate)', NEVER, 'has seen the newer one'],
    ['delegate: not before the pinned one', 'if (delegate.notBefore < delegateSince)', NEVER, 'whose pins hold the newer one'],
    ['delegate: kept lists are signed', 'else if (!(await isSignedBy(authorityCrl, delegate.publicKey,', 'else if (false && !(await isSignedBy(authorityCrl, delegate.publicKey,', 'only where somebody signed them'],
    ['pins: one name', ' || roots.some((one) => !equal(one.subjectDer, first.subjectDer))', '', 'no two of different names'],
  ]),
  ...of('src/server/shared/trust-source.ts', 'test/security/former-delegate.test.ts', [
    ['delegate: remembered after the copies’ time', 'return marksOfCopies({ root: parts.root,', 'await load(clock.now()); return marksOfCopies({ root: parts.root,', 'down until all it had kept'],
  ]),
  ...of('src/server/shared/trust-source.ts', ROLLBACK, [
    ['rollback: kept copies', 'await requireSuccessor(next, await known());', '', 'keeps the newer of directory and CRLs'],
    ['rollback: verified before kept', 'const next = await load(now, candidate);\n    await requireSuccessor(next, await known());', 'const next = { directory: inUse };', 'never replaces what is good'],
  ]),
  ...of('src/server/shared/trust-source.ts', 'test/security/directory-mirror.test.ts', [
    ['mirror: what it lacks or gives wrongly', 'if (names.some((name) => fetched.get(name) === undefined || fetched.get(name) !== copies.get(name))) return false;', '', 'is replaced by the Authority'],
    ['mirror: holds back', 'const enough = Math.min(issued.getTime(), thisUpdate.getTime()) > now.getTime() - MIRROR_AGE;', 'const enough = true;', 'for two hours at most'],
  ]),
  ...of('src/flow/leg-content.ts', MODES, [
    ['mode: what is there', 'if (mode !== found)', NEVER, 'with 1 sealed parts of its own'],
    ['mode: number of sealed parts', 'if (sealed.length > MAX_SEALED_PARTS)', NEVER, 'at most sixteen sealed parts'],
  ]),
  ...of('src/flow/verify-leg.ts', MODES, [
    ['mode: digest of the whole', "if (!equal(leg.contentDigest, digest))", NEVER, 'another clear part'],
  ]),
  ...of('src/mail/mixed.ts', MODES, [
    ['mixed: one form', 'if (!equal(encodeMixed(mixed), bytes))', NEVER, 'a field more'],
    ['mixed: no Bcc', "if ([...clear.headers.all('Bcc'), ...clear.headers.all('Resent-Bcc')].length > 0)", NEVER, 'a clear part that names Bcc'],
    ['mixed: the clear part says so', "if (clear.params.get('hp') !== 'clear')", NEVER, 'a clear part that names Bcc'],
  ]),
  ...of('src/flow/authorise.ts', MODES, [
    ['key server: digest of the whole', 'if (!equal(await mixedDigest({ clear: mixed.clear, parts: identities }), leg.contentDigest))', NEVER, 'no part back'],
    ['key server: all sealed parts', 'if (headers.length !== content.length)', NEVER, 'no part back'],
  ]),
  ...of('src/flow/key-service.ts', MODES, [
    ['key server: permitted modes', 'else if (!parts.modes.includes(mode))', 'else if (false)', 'is refused at submission where it is not permitted'],
  ]),
  ...of('src/flow/verify-leg.ts', ORIGINS, [
    ['origin: delivered to who forwards', 'if (delivery.leg.recipients[0] !== next.leg.sender.address)', NEVER, 'delivered to somebody else'],
    ['origin: a delivery', "if (leg.leg !== 3 || mailbox === undefined", 'if (mailbox === undefined', 'of leg 1 of a colleague'],
    ['origin: not hidden', 'if (leg.hidden.length > 0)', NEVER, 'that came by Bcc'],
    ['origin: mode and digests', "if ((leg.mode === 'protect-all') !== (mixed === undefined))", NEVER, 'does not go with its digests'],
    ['origin: content', 'if (!equal(digest, leg.contentDigest))', NEVER, 'of another content'],
    ['origin: part', 'if (mixed !== undefined && !mixed.parts.some((part) => equal(part, identity)))', NEVER, 'by taking the writer off'],
  ]),
  ...of('src/flow/forward.ts', ORIGINS, [
    ['forward: what was delivered', "if (leg.leg.leg !== 3)", NEVER, 'cannot forward a leg on its way'],
    ['forward: no Bcc', 'if (leg.leg.hidden.length > 0)', NEVER, 'that came by Bcc'],
  ]),
  ...of('src/flow/open.ts', ORIGINS, [
    ['forward: inner From of the writer', 'if (headers !== undefined && headers.from.address !== first.leg.sender.address)', NEVER, 'is no mail of his'],
  ]),
  ...of('src/flow/individuals.ts', 'test/security/consent.test.ts', [
    ['consent: direction of the statement', 'if (verified.some((statement) => !statement[direction]))', NEVER, 'a statement for the other direction'],
    ['consent: whose statement', "if (direction === 'outbound' && verified.some((statement) => statement.address !== address))", NEVER, 'a statement by another member'],
    ['consent: address of the certificate', 'if (certificate.emails.join() !== statement.address)', NEVER, "in his name by another member's key"],
    ['consent: audience', 'if (statement.audience !== own.id)', NEVER, 'a statement to another organisation'],
    ['consent: at least one statement', 'if (statements.length === 0)', NEVER, 'no statement'],
  ]),
  ...of('src/flow/verify-leg.ts', 'test/security/consent.test.ts', [
    ['leg: uninspected only by an ISP', "if (type !== 'isp' && inspections.some(({ result }) => result === 'not-inspected'))", NEVER, 'by its key server too'],
    ['leg: every direction spoken of', "if (inspections.map(({ direction }) => direction).join() !== due.join())", NEVER, 'the wrong direction'],
  ]),
  ...of('src/flow/key-service.ts', 'test/security/consent.test.ts', [
    ['ISP: no inspection without consent', "if (own.type === 'isp' && (await consents({ outbound, inbound: [...recipients] }, own)).length === 0)", NEVER, 'gets nothing for inspection'],
  ]),
  ...of('src/flow/outside-report.ts', 'test/server/gateway/outside.test.ts', [
    ['outside report: this mail', 'if (!equal(report.mail, await mailDigest(raw)))', NEVER, 'a report moved to another mail'],
    ['outside report: own organisation', 'if (own?.includes(organisation.id) === false)', NEVER, 'a report moved to another mail'],
    ['outside report: listed gateway', 'if (!organisation.gateways.some((hash) => equal(hash, certificate.spkiSha256)))', NEVER, 'a report by a key that the directory does not list'],
  ]),
  ...of('src/flow/authorise.ts', VERDICT, [['verdict: recipients', "if (!equal(verdict.recipients, recipients)) throw refused('verdict-invalid', { what: 'recipients' });", '', 'for these recipients']]),
  ...of('src/flow/relay.ts', 'test/security/inspection-taken-over.test.ts', [['gateway: recipients of the verdict', "if (!equal(verdict.recipients, recipients)) throw refused('verdict-invalid', { what: 'recipients' });", '', 'for others than the recipients']]),
  ...of('src/flow/relay.ts', MODES, [['gateway: names the recipients of a mail that is signed only', 'encodeSignedSubmission(eContent, leg.leg.recipients)', 'encodeSignedSubmission(eContent, leg.leg.recipients.slice(0, 1))', 'sign-only: the policy counts']]),
  ...of('src/flow/deliveries.ts', LIES, [['answers: mailbox elsewhere', 'if (mailbox !== undefined && !ownDomains.includes(domainOf(mailbox)))', NEVER, 'a delivery to a mailbox elsewhere']]),
  ...of('src/server/inspection/reading/reader-pool.ts', 'test/server/inspection/reading/reader-pool.test.ts', [
    ['readers: not the mail', "if (answer === 'unbegun') unbegun++;", "if (answer === 'unbegun' && ++died === 2) return undefined;", 'not to blame for processes'],
    ['readers: twice', 'else if (++died === 2) return undefined;', 'else died++;', 'and not a third time'],
    ['readers: stopping', 'while (!closed && unbegun < MOST_UNBEGUN) {', 'while (unbegun < MOST_UNBEGUN) {\n        if (closed) return undefined;', 'while the server stops'],
  ]),
  ...of('src/server/inspection/held-mails.ts', 'test/server/inspection/held-mails.test.ts', [
    ['held: recipients of an approval', 'JSON.stringify([hex(contentDigest), sender, [...recipients].sort()])', 'JSON.stringify([hex(contentDigest), sender, recipients.length === 0])', 'for one sender and these recipients'],
    ['held: sender of an approval', 'JSON.stringify([hex(contentDigest), sender, [...recipients].sort()])', "JSON.stringify([hex(contentDigest), sender === '', [...recipients].sort()])", 'for one sender and these recipients'],
    ['held: sender approves', 'approver === row.sender || ', '', 'only an approver decides'],
  ]),
  ...of('src/server/gateway/refusal-reason.ts', 'test/security/refusal-reasons.test.ts', [
    ['reason: signed by a member', "if (!(await isSignedBy(certificate, issuer.publicKey, hex(certificate.sha256)))) return undefined;\n  await verifySignerInfo(signer, {", 'void isSignedBy; void verifySignerInfo; Object.keys({', 'what no member of ours signed'],
  ]),
  ...of('src/server/keyserver/records.ts', 'test/security/refusal-reasons.test.ts', [
    ['reason: by sender', ".where('content_digest', '=', contentDigest).where('sender', '=', sender)", ".where('content_digest', '=', contentDigest)", 'the member who signed'],
  ]),
  ...of('src/flow/report.ts', 'test/security/abuse-reports.test.ts', [
    ['report: path of the target', 'await validatePath({ leaf: target, intermediates: [],', 'await Promise.resolve({ leaf: target, intermediates: [],', 'is sealed to no key'],
    ['report: the target is who it is for', 'if (target?.subject.organisationId !== entry.id)', 'if (target === undefined)', 'is sealed to no key'],
  ]),
  ...of('src/server/authority/register.ts', 'test/security/former-certificate.test.ts', [
    ['register: stolen key under its former certificate', 'const revoked = [inUse, ...former].filter(', 'const revoked = [inUse].filter(', 'a stolen key falls'],
    ['register: renewal of a suspended organisation', "if (before !== undefined && standingOf(before) === 'suspended')", NEVER, 'a suspended organisation signs under none'],
  ]),
  ...of('src/server/authority/review.ts', 'test/security/former-certificate.test.ts', [['review: suspension under a former certificate', 'const serials = [organisation.certificate, ...organisation.formerCertificates]', 'const serials = [organisation.certificate]', 'a suspended organisation signs under none']]),
  ...of('src/flow/individuals.ts', 'test/security/consent.test.ts', [['consent: issuer revoked', 'await requireUnrevoked({ certificate: issuer, issuer: trust.delegate, crl: trust.authorityCrl, at: statement.time, now });', '', 'outlives a renewal']]),
  ...of('src/server/gateway/smtp.ts', 'test/server/gateway/admission.test.ts', [['gateway: more than was declared', 'place.grow(room);', '', 'gives no room beyond what was declared']]),
  ...of('src/flow/report.ts', 'test/security/abuse-reports.test.ts', [
    ['report: delivered to the reporter', 'if (reporter !== undefined && reporter !== deliveredTo)', NEVER, 'a member cannot report'],
    ['report: content of the delivery', "if (!equal(leg.contentDigest, digest)) throw refused('report-evidence', { what: 'content' });", '', 'a member cannot report'],
    ['report: content that was sent', 'if (!equal(leg.contentDigest, report.contentDigest))', NEVER, 'never sent'],
    ['report: sent to who reports', 'if (!leg.recipients.every((address) => from.domains.includes(domainOf(address))))', NEVER, 'sent to another'],
    ['report: to this organisation', 'if (report.to !== own.certificate.subject.organisationId)', NEVER, 'in another'],
  ]),
  ...of('src/server/keyserver/abuse-desk.ts', 'test/security/abuse-reports.test.ts', [
    ['report: replayed', 'if (replayed !== undefined)', NEVER, 'nor a report again'],
    ['report: age', 'if (age > MAX_AGE || age < -600_000)', NEVER, 'nor an old one'],
    ['report: sealed to a former key', 'for (const own of organisation.keys) {', 'for (const own of organisation.keys.slice(0, 1)) {', 'while either organisation changed its key'],
  ]),
  ...of('src/server/keyserver/member-keys.ts', RENEWAL, [
    ["requests: by the certificate's own key", 'await verifySignedObject(signed, { contentType: OID.userRequest, certificate: first, publicKey: holder.certificate.publicKey });', '', 'by another key'],
    ['requests: issued here', 'if (row === undefined || row.member === null || !equal(row.der, der))', 'if (row === undefined || row.member === null)', 'that this organisation did not issue'],
    ['requests: not revoked', 'if (row.revoked !== null) {', 'if (false) {', 'after revocation'],
    ['requests: audience', 'if (request.audience !== organisation)', NEVER, 'for another organisation'],
    ['requests: time', 'if (Math.abs(now.getTime() - request.time.getTime()) > REQUEST_SKEW)', NEVER, 'by an old request again'],
  ]),
  ...of('src/server/keyserver/renewal.ts', RENEWAL, [
    ['renewal: not too late', 'if (now.getTime() > certificate.notAfter.getTime() + GRACE)', NEVER, 'and not for ever'],
  ]),
  ...of('src/flow/enrol.ts', RENEWAL, [
    ['renewal: answer for the own key', "if (own === undefined || email !== address || others.length > 0) throw refused('enrolment-answer-invalid', { what: 'certificate' });", '', 'for another address is not taken'],
  ]),
];
