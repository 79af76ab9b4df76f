export { H_BYTES as generatorH } from './curve.ts';
export { decapsulate, decapsulateVerified, encapsulate, type Encapsulation, type KemCiphertext } from './kem.ts';
export { type LabelProof, type LabelStatement, verifyLabelProof } from './label-proof.ts';
export { assertKeyPair } from './native-multiply.ts';
export { type OwnCiphertext, reencryptOwn } from './own-reencryption.ts';
export {
  applyReencryption,
  type Reencryption,
  type ReencryptionClaim,
  type ReencryptionTarget,
  reencrypt,
  verifyReencryption,
  verifyReencryptions,
} from './reencrypt.ts';
export type { ReencryptionProof } from './reencryption-proof.ts';
