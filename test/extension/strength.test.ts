import { expect, it } from 'vitest';
import { strengthOf } from '../../extension/ui/strength.ts';

it.each(['', 'password', 'password1234', 'aaaaaaaaaaaaaaaaaaaa', '12345678901234567890', 'abcdefghijklmnop', 'taro-hinode-example', 'さくら'])('%s is weak', (passphrase) => {
  expect(strengthOf(passphrase, ['taro', 'hinode', 'example'])).toBe('weak');
});

it.each([['correct horse battery', 'fair'], ['Kx9!vq2Lw#7p', 'fair'], ['月夜に三羽の兎が踊る', 'fair'], ['correct horse battery staple under moonlight', 'strong'], ['月夜に三羽の兎が踊り、川は静かに流れる', 'strong']])('%s is %s', (passphrase, strength) => {
  expect(strengthOf(passphrase)).toBe(strength);
});
