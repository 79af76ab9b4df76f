/** Checks of legs on their way: signatures, labels, keys, verdicts, recipients, what a reader accepts. */
import { type Fault, NEVER, of } from './fault.ts';

const LEG = 'test/security/leg-checks.test.ts';
const KEY_SERVER = 'test/security/key-server-checks.test.ts';
const LIES = 'test/security/key-server-taken-over.test.ts';
const GATEWAY = 'test/security/gateway-checks.test.ts';
const READER = 'test/security/reader-checks.test.ts';
const VERDICT = 'test/security/verdict-reuse.test.ts';
const CIPHER = 'test/security/cipher-downgrade.test.ts';
const FORGED = 'test/security/forged-signed-attributes.test.ts';
const POINTS = 'test/security/elgamal-points.test.ts';
const OUTSIDE = 'test/security/outside-signer.test.ts';
const BOMBS = 'test/security/der-bombs.test.ts';

export const legs: readonly Fault[] = [
  ...of('src/flow/verify-leg.ts', LEG, [
    ['leg: eContentType', 'if (signedData.eContentType !== signedData.signer.attributes.contentType)', NEVER, 'eContentType (leg 1)'],
    ['leg: contentDigest of the leg attribute', "if (!equal(leg.contentDigest, digest))", NEVER, 'contentDigest of the leg attribute'],
    ['leg: contentDigest of ukm', 'if (!equal(info.ukm, part.digest))', NEVER, 'contentDigest of ukm'],
    ['leg: contentDigest of labels', 'if (!equal(label.contentDigest, digest))', NEVER, 'contentDigest of a label'],
    ['leg: label hashes', '|| hashes.some((hash, i) => !equal(hash, leg.labelHashes[i] ?? hash.slice(1)))', '', 'label hashes (leg 1)'],
    ['leg: number of label hashes', 'hashes.length !== leg.labelHashes.length || ', '', 'number of label hashes'],
    ['leg: content type of the mode', 'contentType: contentTypeOf(leg.mode),', 'contentType: signer.attributes.contentType,', 'mode sign-only'],
    ['leg: purpose', 'if (leg.purpose !== PURPOSE_OF_LEG[leg.leg].primary)', NEVER, 'purpose of the leg'],
    ['leg: purposes of the recipient infos', 'if (labels.some((label) => !allowed.includes(label.purpose)))', NEVER, "leg 2 that still has the sender's info"],
    ['leg: purposes of the recipient infos, leg 1', "allowed: ['seal', 'self'] }", "allowed: ['seal', 'self', 'deliver'] }", 'leg 1 with an info for somebody else'],
    ['leg: at least one primary info', 'if (count(primary) < least || count(primary) > most)', 'if (count(primary) > most)', 'leg 1 without a seal info'],
    ['leg: at most one transfer', 'const most = leg.leg === 3 ? MAX_DEVICES : 1;', 'const most = MAX_DEVICES;', 'leg 2 for two organisations'],
    ['leg: at most eight devices', 'const MAX_DEVICES = 8;', 'const MAX_DEVICES = 9;', 'leg 3 for nine devices'],
    ['leg: exactly one self', "if (leg.leg === 1 && count('self') !== 1)", NEVER, 'leg 1 without a self info'],
    ['leg: at most one recover', "if (count('recover') > 1)", NEVER, 'leg 3 with two recover infos'],
    ['leg: sealer', 'if (!equal(label.sealer, await sha256(signed.certificate.der)))', NEVER, 'sealer of a label'],
    ['leg: recipients of labels', 'if (label.recipients.length !== recipients.length || label.recipients.some((address, i) => address !== recipients[i]))', NEVER, 'recipients of a label'],
    ['leg: target of self', "purpose === 'self' || purpose === 'recover' ?", "purpose === 'recover' ?", 'target of self'],
    ['leg: target of recover', "purpose === 'self' || purpose === 'recover' ?", "purpose === 'self' ?", 'target of recover'],
    ['leg: target of seal', "purpose === 'seal' || purpose === 'forward' ? organisations() : [targetKey]", '[targetKey]', 'target of seal'],
    ['leg: signer named by its key identifier', 'certificates.find((one) => equal(one.subjectKeyIdentifier, signer.subjectKeyIdentifier))', 'certificates[0]', 'signer certificate carried'],
    ['leg 1: path to the root', 'const { organisation: issuer } = await validatePath({ leaf: certificate, intermediates: issuers,', "const issuer = issuers[0]; await Promise.resolve({ leaf: certificate, intermediates: issuers,", 'path to the pinned root'],
    ['leg 1: revocation of the user', "await requireUnrevoked({ certificate, issuer, crl: organisationCrl(trust, issuer), at, now });", '', "a user's and an organisation's certificate"],
    ['leg 1: revocation of the organisation', 'await requireUnrevoked({ certificate: issuer, issuer: trust.delegate, crl: trust.authorityCrl, at, now });', '', "a user's and an organisation's certificate"],
    ['leg 1: certified address', 'if (address !== leg.sender.address || others.length > 0)', NEVER, 'sender address of the certificate'],
    ['leg 1: certified name', 'leg.sender.displayName !== commonName || ', '', 'sender name of the certificate'],
    ['leg 1: pseudonym', '|| leg.sender.pseudonym !== (pseudonym !== undefined)', '', 'pseudonym mark'],
    ['leg 1: no unsigned attribute', 'if (signer.gatewaySignature !== undefined)', NEVER, 'no unsigned attribute on leg 1'],
    ['leg 1: no attestation', 'leg.attestations.length > 0 || ', '', 'no attestation on leg 1'],
    ['leg 1: no previous', 'leg.previous !== undefined || ', '', 'no previous on leg 1'],
    ['leg 1: no addressedAs', ' || leg.addressedAs !== undefined', '', 'no addressedAs on leg 1'],
    ['leg 2: revocation of the organisation', 'await requireUnrevoked({ certificate, issuer: trust.delegate, crl: trust.authorityCrl, at, now });', '', "a user's and an organisation's certificate"],
    ['leg 2: previous', 'if (leg.previous === undefined)', NEVER, 'previous on leg 2'],
    ['leg 2: attestations of this leg', '!expected.includes(numbers) || ', '', 'attestation for this leg'],
    ['leg 2: attestation by the signer', ' || leg.attestations.at(-1)?.organisation !== signer.id', '', 'attestation by the signer'],
    ['leg 2: sender of the organisation', '!sendingOrganisation.domains.includes(domainOf(leg.sender.address))', 'false', 'sender of the signing organisation on leg 2'],
    ['leg 3: sender of the first organisation', '!sendingOrganisation.domains.includes(domainOf(leg.sender.address))', 'false', 'sender of the first attesting organisation on leg 3'],
    ['leg 2: name constraints', 'if (leg.leg === 2) requireCertifiedFor(certificate, domainOf(leg.sender.address));', '', 'a domain that the directory lists'],
    ["gateway's signature present", "if (gatewaySignature === undefined) throw refused('gateway-signature-missing');", 'if (gatewaySignature === undefined) return;', "gateway's signature present"],
    ["gateway's key in the directory", 'if (!isGatewayOf(signed.organisation, gatewaySignature.spkiHash, at))', NEVER, "gateway's key in the directory"],
    ["gateway's certificate carried", "throw refused('gateway-certificate-missing');", '', "gateway's certificate carried"],
    ["gateway's signature over these attributes", "throw refused('gateway-signature-invalid');", 'return;', "gateway's signature over these attributes"],
  ]),
  ...of('src/flow/verify-leg.ts', LIES, [
    ["gateway's signature made by its key", 'if (await verifyGatewaySignature(signed.signer, gateway.publicKey)) return;', 'return;', 'names the true gateway but is signed by another key'],
  ]),
  ...of('src/flow/verify-leg.ts', READER, [
    ["gateway's certificate genuine", "await validatePath({ leaf: gateway, intermediates,", "await Promise.resolve({ leaf: gateway, intermediates,", 'altered by one bit anywhere'],
  ]),
  ...of('src/flow/trust.ts', LEG, [
    ['organisation in the directory', "if (found === undefined || ![found.certificate, ...found.formerCertificates].some((one) => equal(one, der))) throw refused('organisation-unknown');", "if (found === undefined) throw refused('organisation-unknown');", 'organisation in the directory'],
  ]),
  ...of('src/wire/text.ts', LEG, [
    ['text that shows nothing', "if (text === '' || UNFIT.test(text))", NEVER, 'display name without bidirectional control'],
    ['codes in kebab case', 'if (!/^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(code))', NEVER, 'codes in kebab case'],
  ]),
  ...of('src/wire/leg.ts', LEG, [
    ['hidden among the recipients', 'if (hidden.some((address) => !recipients.includes(address)))', NEVER, 'hidden among the recipients'],
  ]),
  ...of('src/core/pki/path.ts', LEG, [
    ['path: expiry', "for (const { notAfter, serial } of path) if (at > notAfter)", 'for (const { notAfter, serial } of path) if (false)', 'an expired certificate'],
  ]),
  ...of('src/core/pki/profile.ts', LEG, [
    ['path: role', 'if (found !== role || roles.length !== (isCa ? 0 : 1))', NEVER, 'role of the user'],
  ]),
  ...of('src/core/cms/signed-data.ts', LEG, [
    ['certificate hash', 'if (!equal(attributes.certificateHash, await sha256(expected.certificate)))', NEVER, 'certificate hash (leg 1)'],
    ['message digest', 'if (expected.eContentDigest !== undefined && !equal(attributes.messageDigest, expected.eContentDigest))', NEVER, 'message digest (leg 1)'],
    ['signature', 'if (!(await verifyEcdsa(expected.publicKey, signer.signedAttrs, signer.signature)))', NEVER, 'signature (leg 1)'],
  ]),
  ...of('src/core/cms/signed-data.ts', FORGED, [
    ['content type attribute', 'if (attributes.contentType !== expected.contentType)', NEVER, 'a signer who signed another type'],
    ['signed attributes mandatory', "if (c.peek() !== contextTag(0)) throw refused('signed-attributes-missing');", "if (c.peek() !== contextTag(0)) throw refused('x');", 'a signer without signed attributes'],
    ['one signer', 'if (others.length > 0)', NEVER, 'two signers'],
    ['signer present', "throw refused('signature-missing')", "throw refused('signer-count')", 'no signer is unsigned'],
    ['attributes once', 'if (values.has(type))', NEVER, 'a missing, doubled or unknown attribute'],
    ['no unknown attribute', 'if (unknown !== undefined)', NEVER, 'a missing, doubled or unknown attribute'],
    ['digest algorithm of the signer', "if (!equal(c.element().full, SHA256)) throw refused('signer-info-invalid', { what: 'digest algorithm' });", 'c.element();', 'another digest or signature algorithm'],
    ['signature algorithm', "if (!equal(c.element().full, ECDSA_SHA256)) throw refused('signer-info-invalid', { what: 'signature algorithm' });", 'c.element();', 'another digest or signature algorithm'],
    ['digest algorithms of the data', "if (!equal(set.element().full, SHA256)) throw refused('signed-data-invalid', { what: 'digest algorithm' });", 'set.element();', 'another digest or signature algorithm'],
    ['unsigned attributes', 'if (attr.oid() !== OID.gatewaySignature)', 'if (attr.oid() === undefined)', 'an unsigned attribute of another kind'],
    ['number of certificates', 'const MAX_CERTIFICATES = 4;', 'const MAX_CERTIFICATES = 40;', 'more than four certificates'],
    ['content carried', "if (encap.done) throw refused('content-detached');", "if (encap.done) return { eContentType: type, eContent: new Uint8Array(0) };", 'detached content'],
    ['version of the data', 'if (c.small() !== 3) throw refused(\'signed-data-invalid\'', "if (c.small() > 3) throw refused('signed-data-invalid'", 'another version'],
  ]),
  ...of('src/core/cms/signed-data.ts', VERDICT, [
    ['type of signed objects', 'if (eContentType !== expected.contentType)', NEVER, 'declared as a verdict'],
  ]),
  ...of('src/core/cms/auth-enveloped-data.ts', CIPHER, [
    ['CEK-HKDF', 'if (type !== OID.cekHkdfSha256)', NEVER, 'AES-GCM without CEK-HKDF'],
    ['AES-256-GCM', 'if (cipher !== OID.aes256Gcm)', NEVER, 'AES-128-GCM'],
    ['tag length', 'if (p.small() !== TAG_LENGTH)', 'if (p.small() < 0)', 'a tag of 12 bytes'],
    ['nonce length', 'const NONCE_LENGTH = 12;', 'const NONCE_LENGTH = 16;', 'a nonce of 16 bytes'],
    ['commitment present', 'if (c.peek() !== contextTag(1))', NEVER, 'no CEK commitment'],
  ]),
  ...of('src/core/cms/auth-enveloped-data.ts', 'test/security/two-keys-one-ciphertext.test.ts', [
    ['CEK commitment', 'if (!equal(await commitment(cek), body.cekCommitment))', NEVER, 'opens under both by AES-GCM alone'],
  ]),
  ...of('src/core/cms/auth-enveloped-data.ts', BOMBS, [
    ['number of recipient infos', 'const MAX_RECIPIENTS = 10;', 'const MAX_RECIPIENTS = 1000;', 'no more than ten recipient infos'],
  ]),
  ...of('src/platform/node-native.ts', 'test/platform/node-native.test.ts', [
    ['GCM by Node: the tag', '      decipher.final();', '', 'opens nothing that was altered, or whose tag was cut'],
    ['GCM by Node: the whole tag', 'const TAG = { authTagLength: 16 };', 'const TAG = {};', 'opens nothing that was altered, or whose tag was cut'],
    ['ECDSA by Node', "return verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, signature);", 'return key !== undefined;', 'verifies signatures as WebCrypto does'],
    ['base64 by Node: no letter left out', 'if (decoded.length !== (letters / 4) * 3 - padding)', NEVER, 'refuse a whole group that is none'],
    ['base64 by Node: letters of base64url', "text.includes('-') || text.includes('_')", 'false', 'refuse every byte that is no letter, wherever it stands'],
    ['base64 by Node: unused bits', "if (text.toString('latin1', end - 4) !== last)", NEVER, 'refuse bits after the last byte'],
    ['base64 by Node: line breaks', 'if (text[i] !== CR || text[i + 1] !== LF)', NEVER, 'refuse anything else in place of a line break'],
  ]),
  ...of('src/core/der.ts', BOMBS, [
    ['DER depth', 'if (this.depth >= MAX_DEPTH)', 'if (this.depth >= 1000)', 'no more than 32 levels'],
    ['DER sets sorted', 'if (previous !== undefined && compare(previous, element.full) >= 0)', NEVER, 'no more than ten recipient infos, and none twice'],
    ['DER minimal lengths', 'if (length < 0x80 || length < 256 ** (count - 1))', NEVER, 'lengths in their one form'],
  ]),
  ...of('src/flow/authorise.ts', KEY_SERVER, [
    ['key server: label hash', 'if (!signed.leg.labelHashes.some((hash) => equal(hash, labelHash)))', NEVER, 'a header that the leg does not name'],
    ['key server: label against signer', 'await checkLabel(signed, label, sealed.digest);', '', 'sealer (leg 1)'],
    ['key server: leg 1 of own members', 'leg.leg === 1 ? !ours :', 'leg.leg === 1 ? false :', "leg 1 of another organisation's member"],
    ['key server: purpose seal', 'if (label.purpose !== mainPurpose(signed.leg, sealed.forwarded))', NEVER, "the sender's own copy"],
    ['key server: leg 2 of others', 'leg.leg !== 2 || ours)', 'leg.leg !== 2)', 'leg 2 of the own organisation'],
    ['key server: legs 1 and 2 only', ': leg.leg !== 2 || ours)', ': ours)', 'leg 3 of another organisation'],
    ['key server: target', 'const target = await acceptedCertificate(trust, own, label.targetKey, now);', 'const target: Certificate | undefined = own;', 'leg 2 for another organisation'],
    ['key server: freshness', 'requireFresh(signer.attributes.signingTime, now);', '', 'five days and no more'],
    ['key server: label proof', 'await verifyLabelProof(native, { publicKey: sealedTo.publicKey, c1: header.c1, labelDigest: labelHash }, header);', '', 'another c1'],
    ['key server: one label for each C1', 'if (!equal(known, labelHash))', NEVER, 'is refused and alerted'],
  ]),
  ...of('src/flow/verify-leg.ts', KEY_SERVER, [
    ['freshness: five days', 'if (age > 5 * 86_400_000)', NEVER, 'five days and no more'],
    ['freshness: ten minutes ahead', 'if (age < -10 * 60_000)', NEVER, 'ten minutes ahead'],
  ]),
  ...of('src/flow/authorise.ts', VERDICT, [
    ['verdict: there', "if (verdict === undefined) throw refused('verdict-missing', { direction });", "if (verdict === undefined) return { direction, result: 'passed', policy: '-', codes: [] };", 'is there'],
    ['verdict: content', 'if (!equal(verdict.contentDigest, arriving.leg.contentDigest))', NEVER, 'for this content'],
    ['verdict: leg', 'if (verdict.leg !== arriving.leg.leg)', NEVER, 'for this leg'],
    ['verdict: direction', '(one) => one.direction === direction', '() => true', 'for this direction'],
    ['verdict: an hour', 'age > VERDICT_LIFETIME || ', '', 'an hour old at most'],
    ['verdict: not of the future', ' || age < -600', '', 'not of the future'],
    ['verdict: result', "if (verdict.result !== 'pass' && verdict.result !== 'tag')", NEVER, 'pass or tag'],
    ['verdict: both directions inside', "purpose === 'deliver' ? ['outbound', 'inbound'] : ['outbound']", "['outbound']", 'mail inside the organisation needs both'],
    ['verdict: inbound for leg 2', "if (leg === 2) return ['inbound'];", "if (leg === 2) return ['outbound'];", 'an outbound one of leg 1 does not do for leg 2'],
    ['verdict: path and role', "await requireIssuedByOwn(certificate, 'inspection', own, trust, now);", '', 'signed by an inspection server'],
    ['verdict: revocation', "await requireIssuedByOwn(certificate, 'inspection', own, trust, now);", "await requireIssuedByOwn(certificate, 'inspection', own, { ...trust, organisationCrls: trust.organisationCrls.map((crl) => ({ ...crl, revoked: new Map() })) }, now);", 'signed by a server in force'],
    ['verdict: listed server', 'if (!organisation.inspections.some((hash) => equal(hash, certificate.spkiSha256)))', NEVER, 'signed by a server that the Authority lists'],
    ['verdict: organisation', 'if (verdict.organisation !== organisation.id)', NEVER, 'in the name of this organisation'],
    ['verdict: signature', "await verifySignedObject(signed, { contentType: OID.verdict, certificate: certificate.der, publicKey: certificate.publicKey });", '', 'unaltered'],
  ]),
  ...of('src/flow/key-service.ts', VERDICT, [
    ['verdicts before every answer', 'const verdicts = await requireVerdicts(given.verdicts, needed, leg, certificate, trust, now);', "const verdicts: Inspection[] = needed.map((direction) => ({ direction, result: 'passed', policy: 'x', codes: [] }));", 'for this content'],
  ]),
  ...of('src/flow/deliveries.ts', 'test/flow/lists.test.ts', [
    ['list: owner in an own domain', 'if (list?.owner !== undefined && !ownDomains.includes(domainOf(list.owner)))', NEVER, 'a report sent elsewhere'],
  ]),
  ...of('src/flow/key-service.ts', KEY_SERVER, [
    ['key server: alert', 'await parts.records.alert(error.code, leg.leg.contentDigest);', '', 'is refused and alerted'],
    ['key server: recipients of the label', "for (const { recipients } of splits) {\n    for (const address of recipients) {\n      if (!leg.leg.recipients.includes(address))", 'for (const { recipients } of splits) {\n    for (const address of recipients) {\n      if (false)', 'recipients of the label only'],
    ['key server: Bcc stands alone', 'if (recipients.length > 1 && recipients.some((address) => leg.leg.hidden.includes(address)))', NEVER, 'a hidden recipient stands alone'],
    ['key server: leg 2 from leg 1 only', "if (leg.leg.leg !== 1) throw refused('leg-not-for-us');\n    const target", 'const target', 'no leg 2 out of a leg 2'],
    ['key server: one recipient for leg 3', 'if (recipient === undefined || others.length > 0)', 'if (recipient === undefined)', 'one recipient a leg 3'],
    ['key server: own domains for leg 3', 'if (organisation === undefined || !equal(organisation.certificate, certificate.der))', NEVER, 'no leg 3 for others'],
    ['key server: members', 'if (members.length === 0)', NEVER, 'members only'],
    ['key server: enrolled members', 'if (targets.length > 0 || leg.parts.length === 0 || recover)', 'if (true)', 'enrolled members only'],
    ['key server: listed inspection server', 'if (!own.inspections.some((hash) => equal(hash, target.spkiSha256)))', NEVER, 'no inspection server but the one'],
    ['key server: ISP', "if (own.type === 'isp' && (await consents({ outbound, inbound: [...recipients] }, own)).length === 0)", NEVER, "no inspection of an ISP's members"],
  ]),
  ...of('src/flow/key-service.ts', 'test/security/gateway-taken-over.test.ts', [
    ['key server: splits as authorised', "one.mailbox === asked.mailbox && sameAddresses", 'sameAddresses', 'a split that it never asked for'],
    ['key server: targets looked up', 'certificate: at(targets, i).certificate.der,', 'certificate: certificate.der,', 'to a key of its own'],
  ]),
  ...of('src/core/elgamal/reencrypt.ts', 'test/security/gateway-taken-over.test.ts', [
    ['no answer tells a·C1', 'return { c1prime, d,', 'return { c1prime, d: encodePoint(shared),', 'no answer tells a·C1'],
  ]),
  ...of('src/flow/trust.ts', KEY_SERVER, [
    ['target: one organisation', "if (found.some((one) => one?.id !== organisation?.id)) throw refused('split-mixed');", '', 'one organisation a leg'],
    ['target: certified', "if (organisation === undefined) throw refused('recipient-outside', { recipient: recipients[0] ?? '' });", "if (organisation === undefined) return own;", 'certified organisations only'],
    ['target: another organisation', 'if (equal(organisation.certificate, own.der))', NEVER, 'no leg 2 to ourselves'],
    ['target: path', 'await validatePath({ leaf: target, intermediates: [],', 'await Promise.resolve({ leaf: target, intermediates: [],', 'no organisation that the root did not certify'],
    ['target: revocation', 'await requireUnrevoked({ certificate: target, issuer: trust.delegate, crl: trust.authorityCrl, at: now, now });', '', 'no organisation that is revoked'],
    ['target: name constraints', 'for (const address of recipients) requireCertifiedFor(target, domainOf(address));', '', 'no domain that the root did not certify'],
  ]),
  ...of('src/flow/relay.ts', GATEWAY, [
    ['gateway: leg of the listener', "if (decodeLeg(leg).leg !== (listener === 'submission' ? 1 : 2))", NEVER, 'leg 1 only'],
    ['gateway: not while suspended', 'await requireOwnStanding(organisation, trust, now);', '', 'suspended puts off'],
    ['gateway: own members submit', 'if (equal(leg.organisation.certificate, own.der) !== (leg.leg.leg === 1))', NEVER, 'no leg 2 of its own'],
    ['gateway: own target', 'const target = await acceptedCertificate(trust, own, mainRecipient(leg, part).label.targetKey, now);', 'const target: Certificate | undefined = own;', 'leg 2 for this organisation only'],
    ['gateway: freshness', 'requireFresh(leg.signer.attributes.signingTime, now);', '', 'what was sealed within five days'],
    ['gateway: From', 'if (arrival.from !== leg.leg.sender.address)', NEVER, 'the certified From only'],
    ['gateway: RCPT TO', 'if (!leg.leg.recipients.includes(address))', NEVER, 'recipients of the label only'],
    ['gateway: verdict', "if (verdict.result === 'refuse') throw refused(finding?.code ?? 'inspection-refused', why);", '', 'what the inspection lets pass'],
  ]),
  ...of('src/flow/split.ts', GATEWAY, [
    ['gateway: certified organisations', "if (leg.leg.leg === 2 || leg.leg.mode !== 'sign-only') throw refused('recipient-outside', { recipient: address });", 'if (leg.leg.leg === 2) continue;', 'recipients at certified organisations only'],
    ['gateway: own recipients', 'else if (leg.leg.leg === 2) throw', "else if (leg.leg.purpose === 'seal' && leg.leg.leg === 2) throw", 'recipients of this organisation only'],
  ]),
  ...of('src/flow/relay.ts', 'test/security/bcc-and-sender-certificate.test.ts', [
    ['gateway: hidden ones are not visible', 'if (hidden.join() !== leg.leg.hidden.join())', NEVER, 'the gateway refuses a leg 1'],
    ['gateway: hidden ones are not visible on leg 2', '} else if (leg.leg.hidden.some((address) => arrival.visible.includes(address))) {', '} else if (false) {', 'and a leg 2 that shows a hidden one'],
    ["the sender's certificate stays", 'certificates: [parts.organisation.der, certificate.der],', 'certificates: [parts.organisation.der, certificate.der, ...leg.signedData.certificates].slice(0, 3),', 'no later leg holds it'],
  ]),
  ...of('src/flow/relay.ts', 'test/security/inspection-taken-over.test.ts', [
    ['gateway: content of the verdict', '!equal(verdict.contentDigest, leg.contentDigest) || ', '', 'for other content'],
    ['gateway: direction of the verdict', ' || verdict.direction !== direction', '', 'for another direction or leg'],
    ['gateway: leg of the verdict', ' || verdict.leg !== number', '', 'for another direction or leg'],
  ]),
  ...of('src/flow/key-service.ts', OUTSIDE, [
    [
      'outside: signed only, and for outside', // each of the two refuses alone what has both
      "const clear = leg.leg.leg === 1 && leg.leg.mode === 'sign-only' ? evidence.mixed?.clear : undefined;\n      if (outside === undefined || clear === undefined || await formFor(recipients, trust, outside.signedOnly) !== 'signed-only')",
      'const clear = evidence.mixed?.clear ?? leg.leg.contentDigest;\n      if (outside === undefined)', 'over mail that is encrypted',
    ],
    ['outside: verdict', "await inspectionsFor(leg, [{ recipients }], { verdicts, due: directionsDue(1, 'outside'), trust, now });", '', 'without a verdict'],
    ['outside: nobody inside', " || await formFor(recipients, trust, outside.signedOnly) !== 'signed-only'", '', 'or for people inside'],
  ]),
  ...of('src/flow/outside-signature.ts', OUTSIDE, [
    ['outside: what is signed', 'if (!equal(expected, signedAttrs))', NEVER, 'no signature over another text'],
    ['outside: signature', 'if (!(await verifyEcdsa(signer.publicKey, signedAttrs, signature)))', NEVER, 'none that does not hold'],
    ['outside: certificate', "await requireIssuedByOwn(signer, 'mail-signer', organisation, trust, now);", '', 'none revoked'],
    ['outside: address', 'if (signer.emails.join() !== leg.sender.address)', NEVER, 'no certificate of another address'],
    ['outside: nobody named', ' || equal(signer.publicKey, user.publicKey)', '', 'none that names one'],
  ]),
  ...of('src/flow/outside-signature.ts', 'test/flow/outside.test.ts', [
    ['outside: 7-bit', 'if (!isSevenBitSafe(mixed.clear))', NEVER, 'what a mail server would change on the way'],
  ]),
  ...of('src/flow/recipients.ts', 'test/flow/outside.test.ts', [
    ['outside: no mix', 'if (outside.length < new Set(recipients).size)', NEVER, 'is a mix'],
    ['outside: policy', 'if (denied.length > 0)', NEVER, 'what the policy does not allow for the domain'],
  ]),
  ...of('src/flow/evidence.ts', 'test/security/key-server-never-sees-content.test.ts', [
    ['C2 stays at the gateway', 'certificates: [...leg.signedData.certificates],', 'certificates: [...leg.signedData.certificates], c2: mainRecipient(leg).kemct.c2,', 'holds no C2'],
    ['content stays at the gateway', 'certificates: [...leg.signedData.certificates],', 'certificates: [...leg.signedData.certificates], content: leg.parts[0]?.body.ciphertext,', 'holds no piece of ciphertext'],
  ]),
  ...of('src/flow/deliveries.ts', LIES, [
    ['answer: nothing that was not asked for', 'if (!asked.has(name(recipients)))', NEVER, 'a message that the gateway did not ask for'],
    ['answer: signing time', 'if (Math.abs(now.getTime() - signingTime.getTime()) > SKEW)', NEVER, 'an old time'],
    ['answer: no mailbox on leg 2', 'mailbox !== undefined || targets.length !== sealed', 'false', 'the same organisation but another mailbox'],
    ['answer: nobody left out', 'answered.size !== asked.size || ', '', 'one recipient left out'],
    ['answer: nothing twice', ' || messages.size !== deliveries.length', '', 'one message twice'],
  ]),
  ...of('src/flow/relay.ts', LIES, [
    ['answer: label', 'if (!equal(expected, answer.label))', NEVER, 'another label with its own proof'],
    ['answer: both proofs', 'await verifyReencryption(parts.native, {', 'await Promise.resolve({', 'a D that is not what it proves'],
    ["answer: the mailbox's certificate", 'if (certificate.emails.join() !== delivery.mailbox)', NEVER, "a delivery to a mailbox with somebody else's certificate"],
    ["answer: a user's certificate", "await requireIssuedByOwn(certificate, 'user', parts.organisation, trust, parts.clock.now(), 'allowed');", '', 'a delivery to a certificate of no user'],
    ['answer: listed inspection server', 'if (!(await entryInUse(trust, parts.organisation)).inspections.some((hash) => equal(hash, target.spkiSha256)))', NEVER, 'an inspection server that the Authority does not list'],
    ['answer: role of the inspection server', "await requireIssuedByOwn(target, 'inspection', parts.organisation, trust, now);", '', 'its own user certificate in place of'],
    ['answer: signed attributes', 'if (!equal(expected, answer.signedAttrs))', NEVER, 'nothing that says otherwise'],
    ["answer: organisation's signature", 'if (!(await verifyEcdsa(parts.organisation.publicKey, answer.signedAttrs, answer.signature)))', NEVER, 'with a signature by another key'],
    ['answer: number of signatures', 'if (signatures.length !== contents.length)', NEVER, 'fewer signatures than messages, or more'],
  ]),
  ...of('src/server/gateway/handle.ts', GATEWAY, [
    ['gateway: only sealed mail is submitted', "if (senders.some((sender) => stageOf(parts.stages(), sender) !== 'observe')) throw refused('not-protected');", '', 'is never submitted'],
    ['gateway: alwaysSigned', "if (impersonated !== undefined) throw refused('impersonation', { organisation: impersonated.names.en });", '', 'is refused when From claims'],
    ['outside: the header that was signed', 'if (clear !== undefined) requireSameHeader(clear, outer);', 'void clear;', 'goes only with the header'],
    ['gateway: reports have a null sender', "envelope.from !== '' || ", '', 'but not with a sender'],
  ]),
  ...of('src/mail/delivery-report.ts', GATEWAY, [
    ['reports speak for mail servers', " && claimed.every((text) => NAME.test(text.replace(DAEMON, '').replace(/[<>()]/g, '').trim()))", '', 'but not in the name of a person'],
    ['reports are reports', "return mail.type === 'multipart/report' && ", 'return ', 'but not of another type with that parameter'],
  ]),
  ...of('src/flow/open.ts', READER, [
    ['reader: one From, the certified one', 'if (from === undefined || others.length > 0 || parseFrom(from).address !== leg.sender.address)', NEVER, 'another address'],
    ['reader: addressed to me', 'if (addresses !== undefined && !addresses.includes(mailbox))', NEVER, 'is "not addressed to you"'],
    ['reader: my own copy only', 'if (addresses !== undefined && !addresses.includes(leg.sender.address))', NEVER, "only the sender's own"],
    ["reader: from the recipient's own organisation", 'if (!organisation.domains.includes(domainOf(mailbox)))', NEVER, "only from the recipient's own organisation"],
    ['reader: one mailbox', 'if (mailbox === undefined || others.length > 0)', 'if (mailbox === undefined)', 'only for one mailbox'],
    ['reader: not from the future', 'if (ahead > 10 * 60_000)', NEVER, 'not from the future'],
    ['reader: inner From', 'if (headers.from.address !== verified.leg.sender.address)', NEVER, 'must come from the certified sender'],
    ['reader: alwaysSigned', 'if (impersonated !== undefined) {', 'if (false) {', 'is outside, or impersonation'],
    ['reader: reports speak for mail servers', 'if (isDaemonReport(outer)) {', 'if (isDeliveryReport(outer)) {', 'a delivery report is never verified'],
  ]),
  ...of('src/flow/open.ts', 'test/security/gateway-taken-over.test.ts', [
    ['reader: leg 2 is for nobody', "if (leg.leg === 2) throw refused('wrong-leg');", '', 'a leg 2 delivered as it is'],
  ]),
  ...of('src/mail/carrier.ts', READER, [
    ['carrier: neighbours', "if (mail.children.some((part) => part !== sealed && part.type !== 'text/plain'))", NEVER, 'between two pieces of an image tag'],
    ['carrier: root', "if (mail.type !== 'multipart/mixed')", NEVER, 'under multipart/related'],
    ['carrier: once', 'if (named !== 1 || typed !== 1)', NEVER, 'beside a text of its name'],
    ['carrier: one mark', "if (marks.length > 1 || (marks[0] ?? '1') !== '1')", NEVER, 'under two marks'],
  ]),
  ...of('src/flow/open-submission.ts', 'test/security/inspection-taken-over.test.ts', [
    ['inspection: for this server', 'if (!equal(info.subjectKeyIdentifier, certificate.subjectKeyIdentifier))', NEVER, 'leg1 does not'],
    ['inspection: purpose', 'if (label.purpose !== purpose)', NEVER, 'a label for another purpose'],
    ['inspection: sealer', 'if (sealers.some((sealer) => equal(sealer, label.sealer))) return;', 'return;', "another organisation's submission"],
  ]),
  ...of('src/flow/open-submission.ts', 'test/security/decryption-oracle.test.ts', [
    ['inspection: one error', "throw refused('content-invalid');", 'throw error;', 'gives one and the same answer'],
  ]),
  ...of('src/flow/open-submission.ts', 'test/flow/open-submission.test.ts', [
    ['inspection: own faults', "if (!(error instanceof SsmaxError) || error.kind === 'fault') throw error;", '', 'is not refused when this server cannot calculate'],
  ]),
  ...of('src/wire/verdict.ts', 'test/security/inspection-taken-over.test.ts', [
    ['verdict: codes only', 'code: readCode(c)', 'code: c.text(64)', 'is no code'],
  ]),
  ...of('src/core/elgamal/kem.ts', POINTS, [
    ['KEM: label proof', 'await verifyLabelProof(native, { publicKey, c1: ciphertext.c1, labelDigest }, ciphertext);', '', 'the proof does not follow'],
  ]),
  ...of('src/core/elgamal/curve.ts', POINTS, [
    ['points: ±G', 'if (point.x === G.x) throw kemInvalid();', '', 'is refused as a key to seal for, as C2 and as D'],
    ['additions: equal x', 'if (p.x === q.x) throw kemInvalid();', '', 'C2 = ±D is the same opaque error'],
  ]),
];
