/** The commands and files of docs/admin/installation.md: fenced blocks whose info string names machine, file and release. */
/** Of Debian. */
export type Release = '12' | '13';

export interface Block {
  readonly machine: 'keys' | 'mail' | 'both';
  /** Where the text belongs; a block without is a script. */
  readonly file: string | undefined;
  /** The Debian release that it is for; undefined: any. */
  readonly release: Release | undefined;
  readonly text: string;
}

/** In the order of the page. Info strings: `sh keys`, `sh both 13`, `yaml mail:/etc/ssmax/gateway.yaml`, `cf mail:/etc/dovecot/local.conf 12`. */
export function blocksOf(page: string): Block[] {
  return [...page.matchAll(/^```(?:sh|yaml|cf) (keys|mail|both)(?::(\S+))?(?: (12|13))?\n(.*?)^```$/gms)].map(([, machine, file, release, text = '']) => ({
    machine: machine as Block['machine'], file, release: release as Release | undefined, text,
  }));
}
