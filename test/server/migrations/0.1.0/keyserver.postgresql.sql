CREATE TABLE public.aliases (
    address text NOT NULL,
    mailbox text NOT NULL
);
CREATE TABLE public.audit_details (
    seq bigint NOT NULL,
    salt bytea NOT NULL,
    details text NOT NULL
);
CREATE TABLE public.audit_entries (
    seq bigint NOT NULL,
    "time" bigint NOT NULL,
    kind text NOT NULL,
    details_hash bytea NOT NULL,
    previous bytea NOT NULL,
    hash bytea NOT NULL
);
CREATE TABLE public.certificates (
    serial text NOT NULL,
    role text NOT NULL,
    address text NOT NULL,
    member text,
    der bytea NOT NULL,
    spki_hash bytea NOT NULL,
    not_after bigint NOT NULL,
    revoked bigint,
    reason text,
    invalid_since bigint
);
CREATE TABLE public.crl (
    id integer NOT NULL,
    number bigint NOT NULL,
    der bytea NOT NULL
);
CREATE TABLE public.enrolment_codes (
    code_hash bytea NOT NULL,
    member text NOT NULL,
    expires bigint NOT NULL,
    used bigint,
    serial text
);
CREATE TABLE public.enrolment_failures (
    address text NOT NULL,
    at bigint NOT NULL
);
CREATE TABLE public.evidence (
    id text NOT NULL,
    content_digest bytea NOT NULL,
    leg integer NOT NULL,
    signer_info bytea NOT NULL,
    certificate_hash bytea NOT NULL,
    at bigint NOT NULL
);
CREATE TABLE public.kysely_migration (
    name character varying(255) NOT NULL,
    "timestamp" character varying(255) NOT NULL
);
CREATE TABLE public.kysely_migration_lock (
    id character varying(255) NOT NULL,
    is_locked integer DEFAULT 0 NOT NULL
);
CREATE TABLE public.members (
    id text NOT NULL,
    address text NOT NULL,
    reference text NOT NULL,
    display_name text NOT NULL,
    pseudonym integer NOT NULL,
    identity_check text NOT NULL,
    created bigint NOT NULL
);
CREATE TABLE public.refusals (
    content_digest bytea NOT NULL,
    sender text NOT NULL,
    code text NOT NULL,
    params text NOT NULL,
    at bigint NOT NULL
);
CREATE TABLE public.seen_ciphertexts (
    c1_hash bytea NOT NULL,
    label_hash bytea NOT NULL,
    at bigint NOT NULL
);
INSERT INTO public.aliases VALUES ('aliases.address.1', 'aliases.mailbox.1');
INSERT INTO public.aliases VALUES ('aliases.address.2', 'aliases.mailbox.2');
INSERT INTO public.aliases VALUES ('aliases.address.3', 'aliases.mailbox.3');
INSERT INTO public.audit_details VALUES (1, '\xd1adc90b6bdbebea4d5004da35e5d448da5669c549f8932ebba36fab2eedadc8', '{"role":"user","serial":"01"}');
INSERT INTO public.audit_details VALUES (2, '\x99957d6fa0b1b62050351aeb8592ff3fa9f8dc9fabe4b65383bf4e00ae5d002f', '{"role":"user","serial":"02"}');
INSERT INTO public.audit_details VALUES (3, '\x7e44fcf3747590b23a8c87e4640d2e343a735abd58e6e6477f08d4be5aaca1af', '{"role":"user","serial":"03"}');
INSERT INTO public.audit_entries VALUES (1, 1790000000001, 'certified', '\x247f5bca2de95c0686ed7bb622bbc43666913dd0730051fd9c676d1a6dd48f93', '\x0000000000000000000000000000000000000000000000000000000000000000', '\x6afb3efb5b14b6a048052f7e85538b5080c2e597c9076684515808c61f38b102');
INSERT INTO public.audit_entries VALUES (2, 1790000000002, 'certified', '\x522393b30192fc134db943e2814a71133124c06630158ca1513a32e0621a6c77', '\x6afb3efb5b14b6a048052f7e85538b5080c2e597c9076684515808c61f38b102', '\x605341e71feaedbf1d5df8695cf83f597a354a8477bd38e7e31ad14cd04672b8');
INSERT INTO public.audit_entries VALUES (3, 1790000000003, 'certified', '\x1f3199c96cd91795a099d7ce385bd43e958bd675da2d63637d3cd849c4b491cc', '\x605341e71feaedbf1d5df8695cf83f597a354a8477bd38e7e31ad14cd04672b8', '\xe3e5f76fab1c409215a9c613f9b17db2923da93e75720ec2b15af11877dad092');
INSERT INTO public.certificates VALUES ('certificates.serial.1', 'certificates.role.1', 'certificates.address.1', 'certificates.member.1', '\x6365727469666963617465732e6465722e31', '\x6365727469666963617465732e73706b695f686173682e31', 1790000000001, 1790000000001, 'certificates.reason.1', 1790000000001);
INSERT INTO public.certificates VALUES ('certificates.serial.2', 'certificates.role.2', 'certificates.address.2', 'certificates.member.2', '\x6365727469666963617465732e6465722e32', '\x6365727469666963617465732e73706b695f686173682e32', 1790000000002, 1790000000002, 'certificates.reason.2', 1790000000002);
INSERT INTO public.certificates VALUES ('certificates.serial.3', 'certificates.role.3', 'certificates.address.3', 'certificates.member.3', '\x6365727469666963617465732e6465722e33', '\x6365727469666963617465732e73706b695f686173682e33', 1790000000003, 1790000000003, 'certificates.reason.3', 1790000000003);
INSERT INTO public.crl VALUES (1000001, 1790000000001, '\x63726c2e6465722e31');
INSERT INTO public.crl VALUES (1000002, 1790000000002, '\x63726c2e6465722e32');
INSERT INTO public.crl VALUES (1000003, 1790000000003, '\x63726c2e6465722e33');
INSERT INTO public.enrolment_codes VALUES ('\x656e726f6c6d656e745f636f6465732e636f64655f686173682e31', 'enrolment_codes.member.1', 1790000000001, 1790000000001, 'enrolment_codes.serial.1');
INSERT INTO public.enrolment_codes VALUES ('\x656e726f6c6d656e745f636f6465732e636f64655f686173682e32', 'enrolment_codes.member.2', 1790000000002, 1790000000002, 'enrolment_codes.serial.2');
INSERT INTO public.enrolment_codes VALUES ('\x656e726f6c6d656e745f636f6465732e636f64655f686173682e33', 'enrolment_codes.member.3', 1790000000003, 1790000000003, 'enrolment_codes.serial.3');
INSERT INTO public.enrolment_failures VALUES ('enrolment_failures.address.1', 1790000000001);
INSERT INTO public.enrolment_failures VALUES ('enrolment_failures.address.2', 1790000000002);
INSERT INTO public.enrolment_failures VALUES ('enrolment_failures.address.3', 1790000000003);
INSERT INTO public.evidence VALUES ('evidence.id.1', '\x65766964656e63652e636f6e74656e745f6469676573742e31', 1000001, '\x65766964656e63652e7369676e65725f696e666f2e31', '\x65766964656e63652e63657274696669636174655f686173682e31', 1790000000001);
INSERT INTO public.evidence VALUES ('evidence.id.2', '\x65766964656e63652e636f6e74656e745f6469676573742e32', 1000002, '\x65766964656e63652e7369676e65725f696e666f2e32', '\x65766964656e63652e63657274696669636174655f686173682e32', 1790000000002);
INSERT INTO public.evidence VALUES ('evidence.id.3', '\x65766964656e63652e636f6e74656e745f6469676573742e33', 1000003, '\x65766964656e63652e7369676e65725f696e666f2e33', '\x65766964656e63652e63657274696669636174655f686173682e33', 1790000000003);
INSERT INTO public.kysely_migration VALUES ('0001-audit-chain', '2026-11-22T06:05:46.155Z');
INSERT INTO public.kysely_migration VALUES ('0002-key-server', '2026-11-22T06:05:46.210Z');
INSERT INTO public.kysely_migration_lock VALUES ('migration_lock', 0);
INSERT INTO public.members VALUES ('members.id.1', 'members.address.1', 'members.reference.1', 'members.display_name.1', 1000001, 'members.identity_check.1', 1790000000001);
INSERT INTO public.members VALUES ('members.id.2', 'members.address.2', 'members.reference.2', 'members.display_name.2', 1000002, 'members.identity_check.2', 1790000000002);
INSERT INTO public.members VALUES ('members.id.3', 'members.address.3', 'members.reference.3', 'members.display_name.3', 1000003, 'members.identity_check.3', 1790000000003);
INSERT INTO public.refusals VALUES ('\x7265667573616c732e636f6e74656e745f6469676573742e31', 'refusals.sender.1', 'refusals.code.1', 'refusals.params.1', 1790000000001);
INSERT INTO public.refusals VALUES ('\x7265667573616c732e636f6e74656e745f6469676573742e32', 'refusals.sender.2', 'refusals.code.2', 'refusals.params.2', 1790000000002);
INSERT INTO public.refusals VALUES ('\x7265667573616c732e636f6e74656e745f6469676573742e33', 'refusals.sender.3', 'refusals.code.3', 'refusals.params.3', 1790000000003);
INSERT INTO public.seen_ciphertexts VALUES ('\x7365656e5f63697068657274657874732e63315f686173682e31', '\x7365656e5f63697068657274657874732e6c6162656c5f686173682e31', 1790000000001);
INSERT INTO public.seen_ciphertexts VALUES ('\x7365656e5f63697068657274657874732e63315f686173682e32', '\x7365656e5f63697068657274657874732e6c6162656c5f686173682e32', 1790000000002);
INSERT INTO public.seen_ciphertexts VALUES ('\x7365656e5f63697068657274657874732e63315f686173682e33', '\x7365656e5f63697068657274657874732e6c6162656c5f686173682e33', 1790000000003);
ALTER TABLE ONLY public.aliases
    ADD CONSTRAINT aliases_key PRIMARY KEY (address, mailbox);
ALTER TABLE ONLY public.audit_details
    ADD CONSTRAINT audit_details_pkey PRIMARY KEY (seq);
ALTER TABLE ONLY public.audit_entries
    ADD CONSTRAINT audit_entries_pkey PRIMARY KEY (seq);
ALTER TABLE ONLY public.audit_entries
    ADD CONSTRAINT audit_entries_previous_key UNIQUE (previous);
ALTER TABLE ONLY public.certificates
    ADD CONSTRAINT certificates_pkey PRIMARY KEY (serial);
ALTER TABLE ONLY public.crl
    ADD CONSTRAINT crl_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.enrolment_codes
    ADD CONSTRAINT enrolment_codes_pkey PRIMARY KEY (code_hash);
ALTER TABLE ONLY public.evidence
    ADD CONSTRAINT evidence_once UNIQUE (content_digest, leg);
ALTER TABLE ONLY public.evidence
    ADD CONSTRAINT evidence_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.kysely_migration_lock
    ADD CONSTRAINT kysely_migration_lock_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.kysely_migration
    ADD CONSTRAINT kysely_migration_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.members
    ADD CONSTRAINT members_once UNIQUE (address, reference);
ALTER TABLE ONLY public.members
    ADD CONSTRAINT members_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.refusals
    ADD CONSTRAINT refusals_pkey PRIMARY KEY (content_digest);
ALTER TABLE ONLY public.seen_ciphertexts
    ADD CONSTRAINT seen_ciphertexts_pkey PRIMARY KEY (c1_hash);
CREATE INDEX certificates_address ON public.certificates USING btree (address, role);
CREATE INDEX enrolment_failures_address ON public.enrolment_failures USING btree (address, at);
