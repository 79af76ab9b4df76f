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
CREATE TABLE public.held (
    id text NOT NULL,
    content_digest bytea NOT NULL,
    leg integer NOT NULL,
    direction text NOT NULL,
    sender text NOT NULL,
    recipients text NOT NULL,
    findings text NOT NULL,
    approvers text NOT NULL,
    policy text NOT NULL,
    since bigint NOT NULL,
    until bigint NOT NULL,
    state text NOT NULL,
    decided bigint,
    decided_by text
);
CREATE TABLE public.held_looks (
    held text NOT NULL,
    approver text NOT NULL,
    certificate bytea NOT NULL,
    requested bigint NOT NULL,
    sealed bytea
);
CREATE TABLE public.held_queue (
    content_digest bytea NOT NULL,
    queue_id text NOT NULL,
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
INSERT INTO public.audit_details VALUES (1, '\x238fbb5d3a954926b90d8dec29c3ba68e7b1e80afa9b83a28d2ab77f02e99d26', '{"role":"user","serial":"01"}');
INSERT INTO public.audit_details VALUES (2, '\x77edabdf0435f60f29e82cf01e7a48d0ab8335f6908913ff4d2529dbb540e8f6', '{"role":"user","serial":"02"}');
INSERT INTO public.audit_details VALUES (3, '\x81145e8ca7d3ed37348395262e400bbe5f6db1ac3647abf86995fdc81c194155', '{"role":"user","serial":"03"}');
INSERT INTO public.audit_entries VALUES (1, 1790000000001, 'certified', '\x6496a98743ce04c22c256ae0f8ee4bbb5dac6b64f16b7a1179b4c7d9228ebe6a', '\x0000000000000000000000000000000000000000000000000000000000000000', '\x96b2d1a30a57d9e6bc63d6d04c3e3dd86c26be5f02c20a10167ad3b0ca6ddd49');
INSERT INTO public.audit_entries VALUES (2, 1790000000002, 'certified', '\x24a265ae4f63d5df090984777ea328fdfe9b913098c63c1cfcde6d24e2546471', '\x96b2d1a30a57d9e6bc63d6d04c3e3dd86c26be5f02c20a10167ad3b0ca6ddd49', '\x8b7e132cef578a9152fd92470a159631bc2438994f08089d61ecedf1c47e13ba');
INSERT INTO public.audit_entries VALUES (3, 1790000000003, 'certified', '\x355d9e4895706b7e81f2b4381f9a2fd06ec85a62f5e6899109bb90f649b3cc92', '\x8b7e132cef578a9152fd92470a159631bc2438994f08089d61ecedf1c47e13ba', '\x43eb699fc90b78f144d76b57a09f32aa78dd7f42c30ab315fe75c24545f35e38');
INSERT INTO public.held VALUES ('held.id.1', '\x68656c642e636f6e74656e745f6469676573742e31', 1000001, 'held.direction.1', 'held.sender.1', 'held.recipients.1', 'held.findings.1', 'held.approvers.1', 'held.policy.1', 1790000000001, 1790000000001, 'held.state.1', 1790000000001, 'held.decided_by.1');
INSERT INTO public.held VALUES ('held.id.2', '\x68656c642e636f6e74656e745f6469676573742e32', 1000002, 'held.direction.2', 'held.sender.2', 'held.recipients.2', 'held.findings.2', 'held.approvers.2', 'held.policy.2', 1790000000002, 1790000000002, 'held.state.2', 1790000000002, 'held.decided_by.2');
INSERT INTO public.held VALUES ('held.id.3', '\x68656c642e636f6e74656e745f6469676573742e33', 1000003, 'held.direction.3', 'held.sender.3', 'held.recipients.3', 'held.findings.3', 'held.approvers.3', 'held.policy.3', 1790000000003, 1790000000003, 'held.state.3', 1790000000003, 'held.decided_by.3');
INSERT INTO public.held_looks VALUES ('held_looks.held.1', 'held_looks.approver.1', '\x68656c645f6c6f6f6b732e63657274696669636174652e31', 1790000000001, '\x68656c645f6c6f6f6b732e7365616c65642e31');
INSERT INTO public.held_looks VALUES ('held_looks.held.2', 'held_looks.approver.2', '\x68656c645f6c6f6f6b732e63657274696669636174652e32', 1790000000002, '\x68656c645f6c6f6f6b732e7365616c65642e32');
INSERT INTO public.held_looks VALUES ('held_looks.held.3', 'held_looks.approver.3', '\x68656c645f6c6f6f6b732e63657274696669636174652e33', 1790000000003, '\x68656c645f6c6f6f6b732e7365616c65642e33');
INSERT INTO public.held_queue VALUES ('\x68656c645f71756575652e636f6e74656e745f6469676573742e31', 'held_queue.queue_id.1', 1790000000001);
INSERT INTO public.held_queue VALUES ('\x68656c645f71756575652e636f6e74656e745f6469676573742e32', 'held_queue.queue_id.2', 1790000000002);
INSERT INTO public.held_queue VALUES ('\x68656c645f71756575652e636f6e74656e745f6469676573742e33', 'held_queue.queue_id.3', 1790000000003);
INSERT INTO public.kysely_migration VALUES ('0001-audit-chain', '2026-11-22T17:40:54.167Z');
INSERT INTO public.kysely_migration VALUES ('0005-inspection', '2026-11-22T17:40:54.345Z');
INSERT INTO public.kysely_migration VALUES ('0006-held-looks', '2026-11-22T17:40:54.528Z');
INSERT INTO public.kysely_migration_lock VALUES ('migration_lock', 0);
ALTER TABLE ONLY public.audit_details
    ADD CONSTRAINT audit_details_pkey PRIMARY KEY (seq);
ALTER TABLE ONLY public.audit_entries
    ADD CONSTRAINT audit_entries_pkey PRIMARY KEY (seq);
ALTER TABLE ONLY public.audit_entries
    ADD CONSTRAINT audit_entries_previous_key UNIQUE (previous);
ALTER TABLE ONLY public.held_looks
    ADD CONSTRAINT held_looks_key PRIMARY KEY (held, approver);
ALTER TABLE ONLY public.held
    ADD CONSTRAINT held_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.held_queue
    ADD CONSTRAINT held_queue_key PRIMARY KEY (content_digest, queue_id);
ALTER TABLE ONLY public.kysely_migration_lock
    ADD CONSTRAINT kysely_migration_lock_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.kysely_migration
    ADD CONSTRAINT kysely_migration_pkey PRIMARY KEY (name);
CREATE INDEX held_digest ON public.held USING btree (content_digest);
