/** Files and directories with exactly the permissions asked for, whatever the umask is: servers run as other users. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';

/** Makes one directory, if it is not there. */
export function makeDirectory(path: string, mode: number): void {
  mkdirSync(path, { recursive: true });
  chmodSync(path, mode);
}

export function writeFile(path: string, text: string, mode: number): void {
  writeFileSync(path, text, { mode });
  chmodSync(path, mode);
}
