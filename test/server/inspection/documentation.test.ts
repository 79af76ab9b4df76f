/** The examples in docs/admin/inspection.md are what the server reads. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadInspectionConfig } from '../../../src/server/inspection/config.ts';
import { checkInspection } from '../../../src/server/inspection/main.ts';

test('the documented configuration and policy are accepted and complete', () => {
  const directory = mkdtempSync(join(tmpdir(), 'ssmax-docs-'));
  try {
    const document = readFileSync(new URL('../../../docs/admin/inspection.md', import.meta.url), 'utf8');
    for (const [, name, text] of document.matchAll(/```yaml\n# (\S+)\n([^]*?)```/g)) writeFileSync(join(directory, name!), text!);
    const file = join(directory, 'inspection.yaml');
    expect(checkInspection(file)).toBe('2026-11-22');
    const config = loadInspectionConfig(file);
    expect(Object.values(config)).not.toContain(undefined);
    expect(config.policy).toBe(join(directory, 'policy.yaml'));
  } finally {
    rmSync(directory, { recursive: true });
  }
});
