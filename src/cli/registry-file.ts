/** Windows' registry files (`.reg`), as far as group policy for Thunderbird needs them. */

const KEY = String.raw`HKEY_LOCAL_MACHINE\SOFTWARE\Policies\Mozilla\Thunderbird`;
/** Bytes in a line. */
const WIDTH = 24;

/**
 * Policies (what stands under "policies" in policies.json) as values of the registry. Each is JSON in a REG_MULTI_SZ, which Thunderbird
 * parses as such: so booleans stay booleans, and letters of any language are written as bytes.
 */
export function registryFile(policies: Readonly<Record<string, unknown>>): string {
  const { '3rdparty': own, ...others } = policies as { readonly '3rdparty'?: { readonly Extensions: Readonly<Record<string, unknown>> } };
  const keys = [
    [KEY, others],
    [String.raw`${KEY}\3rdparty\Extensions`, own?.Extensions ?? {}],
  ] as const;
  const lines = keys.flatMap(([key, values]) => ['', `[${key}]`, ...Object.entries(values).map(([name, value]) => `"${name}"=${multiString(JSON.stringify(value))}`)]);
  return ['Windows Registry Editor Version 5.00', ...lines, ''].join('\r\n');
}

/** One string in a REG_MULTI_SZ: UTF-16, little end first; a zero ends the string, another one the list. */
function multiString(text: string): string {
  const bytes = [...Buffer.from(`${text}\0\0`, 'utf16le')].map((byte) => byte.toString(16).padStart(2, '0'));
  const rows = Array.from({ length: Math.ceil(bytes.length / WIDTH) }, (_, i) => bytes.slice(i * WIDTH, (i + 1) * WIDTH).join(','));
  return `hex(7):${rows.join(',\\\r\n  ')}`;
}
