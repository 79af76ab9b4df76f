import { expect, it } from 'vitest';
import { providedNative } from '../../src/core/native.ts';
import { base64Rules } from './base64-rules.ts';

it('is what engines do that provide nothing', () => {
  expect(providedNative()).toBeUndefined();
});

base64Rules();
