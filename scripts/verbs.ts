/** Writes docs/verbs.md: every verb of the command line with its options, as `--help` tells them. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { verbs } from '../src/cli/main.ts';

const INTRODUCTION = `# All verbs of the command line

Made by \`npx tsx scripts/verbs.ts\` of the program: do not edit. What members, scripts and auditors do with them: [command-line.md](command-line.md); what administrators do: [admin](admin/README.md).

`;

function describe(command: Command, path: string): string {
  if (command.commands.length > 0) {
    return `## \`${path}\`\n\n${command.description()}\n\n${command.commands.map((one) => describe(one, `${path} ${one.name()}`)).join('')}`;
  }
  const words = command.registeredArguments.map((one) => (one.required ? `<${one.name()}${one.variadic ? '…' : ''}>` : `[${one.name()}]`));
  const options = command.options.map(({ flags, description }) => `  - \`${flags}\`: ${description}\n`);
  return `- **\`${[path, ...words].join(' ')}\`**: ${command.description()}\n${options.join('')}`;
}

/** The page as it should be. */
export async function verbsPage(): Promise<string> {
  const sections: string[] = [];
  for (const [name, load] of Object.entries(verbs)) {
    const command = await load();
    const text = describe(command, `ssmax ${name}`);
    sections.push(command.commands.length > 0 ? text : `## \`ssmax ${name}\`\n\n${text}`);
  }
  return `${INTRODUCTION}${sections.join('\n').trimEnd()}\n`;
}

if (process.argv[1] === import.meta.filename) writeFileSync(join(import.meta.dirname, '../docs/verbs.md'), await verbsPage());
