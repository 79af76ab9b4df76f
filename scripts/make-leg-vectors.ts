/**
 * Writes test/vectors/{der,structures,content,trust,legs,judge}.json anew: `npx tsx scripts/make-leg-vectors.ts`. Keys,
 * nonces and times are fixed, so every run writes the same bytes.
 */
import { writeFileSync } from 'node:fs';
import { hex } from '../src/core/bytes.ts';
import { contentVectors } from './vectors/content.ts';
import { derVectors } from './vectors/der.ts';
import { legVectors } from './vectors/legs.ts';
import { mailVectors } from './vectors/mails.ts';
import { createVectorScene } from './vectors/scene.ts';
import { structureVectors } from './vectors/structures.ts';

const { scene, trust } = await createVectorScene();
const { vectors: legs, honest } = await legVectors(scene);
const files = { der: derVectors, structures: structureVectors, content: await contentVectors(), trust, legs, judge: await mailVectors(scene, honest) };
for (const [name, vectors] of Object.entries(files)) {
  const json = JSON.stringify(vectors, (_, value: unknown) => (value instanceof Uint8Array ? hex(value) : value), 1);
  writeFileSync(new URL(`../test/vectors/${name}.json`, import.meta.url), `${json}\n`);
}
