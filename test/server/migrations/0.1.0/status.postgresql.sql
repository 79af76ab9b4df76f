CREATE TABLE public.beginning (
    id integer NOT NULL,
    at bigint NOT NULL
);
CREATE TABLE public.growth (
    at bigint NOT NULL,
    counter text NOT NULL,
    count bigint NOT NULL
);
CREATE TABLE public.kysely_migration (
    name character varying(255) NOT NULL,
    "timestamp" character varying(255) NOT NULL
);
CREATE TABLE public.kysely_migration_lock (
    id character varying(255) NOT NULL,
    is_locked integer DEFAULT 0 NOT NULL
);
CREATE TABLE public.standing (
    server text NOT NULL,
    counter text NOT NULL,
    value bigint NOT NULL
);
INSERT INTO public.beginning VALUES (1000001, 1790000000001);
INSERT INTO public.beginning VALUES (1000002, 1790000000002);
INSERT INTO public.beginning VALUES (1000003, 1790000000003);
INSERT INTO public.growth VALUES (1790000000001, 'growth.counter.1', 1790000000001);
INSERT INTO public.growth VALUES (1790000000002, 'growth.counter.2', 1790000000002);
INSERT INTO public.growth VALUES (1790000000003, 'growth.counter.3', 1790000000003);
INSERT INTO public.kysely_migration VALUES ('0001-history', '2026-11-22T17:41:13.741Z');
INSERT INTO public.kysely_migration_lock VALUES ('migration_lock', 0);
INSERT INTO public.standing VALUES ('standing.server.1', 'standing.counter.1', 1790000000001);
INSERT INTO public.standing VALUES ('standing.server.2', 'standing.counter.2', 1790000000002);
INSERT INTO public.standing VALUES ('standing.server.3', 'standing.counter.3', 1790000000003);
ALTER TABLE ONLY public.beginning
    ADD CONSTRAINT beginning_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.growth
    ADD CONSTRAINT growth_key PRIMARY KEY (at, counter);
ALTER TABLE ONLY public.kysely_migration_lock
    ADD CONSTRAINT kysely_migration_lock_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.kysely_migration
    ADD CONSTRAINT kysely_migration_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.standing
    ADD CONSTRAINT standing_key PRIMARY KEY (server, counter);
