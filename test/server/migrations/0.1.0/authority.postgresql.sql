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
CREATE TABLE public.kysely_migration (
    name character varying(255) NOT NULL,
    "timestamp" character varying(255) NOT NULL
);
CREATE TABLE public.kysely_migration_lock (
    id character varying(255) NOT NULL,
    is_locked integer DEFAULT 0 NOT NULL
);
CREATE TABLE public.organisations (
    id text NOT NULL,
    entry bytea NOT NULL,
    key_server bytea NOT NULL
);
CREATE TABLE public.publication (
    id integer NOT NULL,
    number bigint NOT NULL,
    directory bytea NOT NULL,
    crl bytea NOT NULL,
    at bigint NOT NULL
);
CREATE TABLE public.revocations (
    serial text NOT NULL,
    at bigint NOT NULL,
    reason text NOT NULL,
    invalid_since bigint
);
INSERT INTO public.audit_details VALUES (1, '\x3f3e69d44954fd65ab9d8135aceffec29d4418556dd455c65c571906923ddb97', '{"role":"user","serial":"01"}');
INSERT INTO public.audit_details VALUES (2, '\x56c9e6084cc97fb8533d0e2d60b2f176df7f977a03eb9fdc1fcd6c9d46d666b1', '{"role":"user","serial":"02"}');
INSERT INTO public.audit_details VALUES (3, '\xf7981afe47f0647f8fe362e63c5a4ff61327209a24134fd4ecb47a67c0f222a1', '{"role":"user","serial":"03"}');
INSERT INTO public.audit_entries VALUES (1, 1790000000001, 'certified', '\x30a976cdd24dd6f4fc00e39b003def5e3a084599ffb149078fee389770342b8e', '\x0000000000000000000000000000000000000000000000000000000000000000', '\xf6610a355981f7f3daec89d5cac302d740c8e3e49d99a270d60b54f1d19582d0');
INSERT INTO public.audit_entries VALUES (2, 1790000000002, 'certified', '\x40336f19ef7e47674c90cd63fb5a7a42583f0a2877c38f880e6d74ea803ec3a4', '\xf6610a355981f7f3daec89d5cac302d740c8e3e49d99a270d60b54f1d19582d0', '\xbd152e96af1b274d91f478021f7e613030699a887e14a03961543cb936d9c19f');
INSERT INTO public.audit_entries VALUES (3, 1790000000003, 'certified', '\x72f1b51e54bbcd87cfdfba1e999ca8246631659eefee308f5d8d8cb2e5193de4', '\xbd152e96af1b274d91f478021f7e613030699a887e14a03961543cb936d9c19f', '\x1c373898f6e76cd7f1bfe517d411ad83eef41fc3bbcc12503e0724a47491f29e');
INSERT INTO public.kysely_migration VALUES ('0001-audit-chain', '2026-11-22T06:05:39.895Z');
INSERT INTO public.kysely_migration VALUES ('0002-authority', '2026-11-22T06:05:39.953Z');
INSERT INTO public.kysely_migration_lock VALUES ('migration_lock', 0);
INSERT INTO public.organisations VALUES ('organisations.id.1', '\x6f7267616e69736174696f6e732e656e7472792e31', '\x6f7267616e69736174696f6e732e6b65795f7365727665722e31');
INSERT INTO public.organisations VALUES ('organisations.id.2', '\x6f7267616e69736174696f6e732e656e7472792e32', '\x6f7267616e69736174696f6e732e6b65795f7365727665722e32');
INSERT INTO public.organisations VALUES ('organisations.id.3', '\x6f7267616e69736174696f6e732e656e7472792e33', '\x6f7267616e69736174696f6e732e6b65795f7365727665722e33');
INSERT INTO public.publication VALUES (1000001, 1790000000001, '\x7075626c69636174696f6e2e6469726563746f72792e31', '\x7075626c69636174696f6e2e63726c2e31', 1790000000001);
INSERT INTO public.publication VALUES (1000002, 1790000000002, '\x7075626c69636174696f6e2e6469726563746f72792e32', '\x7075626c69636174696f6e2e63726c2e32', 1790000000002);
INSERT INTO public.publication VALUES (1000003, 1790000000003, '\x7075626c69636174696f6e2e6469726563746f72792e33', '\x7075626c69636174696f6e2e63726c2e33', 1790000000003);
INSERT INTO public.revocations VALUES ('revocations.serial.1', 1790000000001, 'revocations.reason.1', 1790000000001);
INSERT INTO public.revocations VALUES ('revocations.serial.2', 1790000000002, 'revocations.reason.2', 1790000000002);
INSERT INTO public.revocations VALUES ('revocations.serial.3', 1790000000003, 'revocations.reason.3', 1790000000003);
ALTER TABLE ONLY public.audit_details
    ADD CONSTRAINT audit_details_pkey PRIMARY KEY (seq);
ALTER TABLE ONLY public.audit_entries
    ADD CONSTRAINT audit_entries_pkey PRIMARY KEY (seq);
ALTER TABLE ONLY public.audit_entries
    ADD CONSTRAINT audit_entries_previous_key UNIQUE (previous);
ALTER TABLE ONLY public.kysely_migration_lock
    ADD CONSTRAINT kysely_migration_lock_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.kysely_migration
    ADD CONSTRAINT kysely_migration_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.organisations
    ADD CONSTRAINT organisations_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.publication
    ADD CONSTRAINT publication_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.revocations
    ADD CONSTRAINT revocations_pkey PRIMARY KEY (serial);
