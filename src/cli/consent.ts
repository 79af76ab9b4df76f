/** `ssmax consent show|give|withdraw`: a member of an ISP says what may be inspected of his mail, by his own key. */
import { Command, Option } from 'commander';
import { type Consent, type ConsentParts, readConsent, stateConsent } from '../flow/consent.ts';
import { fetchTrust } from '../flow/enrol.ts';
import { createNodeCrypto } from '../platform/node-crypto.ts';
import { addKeyOptions, type KeyOptions, loadCredential } from './credential.ts';
import { readPins } from './files.ts';
import { addServerOptions, httpFor, type ServerOptions } from './member-server.ts';

interface ConsentOptions extends ServerOptions, KeyOptions {
  readonly root: string;
  readonly direction: 'outbound' | 'inbound' | 'both';
}

export function consentCommand(): Command {
  const command = new Command('consent').description('whether an Internet provider may inspect your mail: only you decide');
  asked(command.command('show').description('what holds now')).action(async (options: ConsentOptions) => {
    print(await readConsent(await partsOf(options)));
  });
  said(command.command('give').description('let your provider inspect your mail from now on'), true);
  said(command.command('withdraw').description('from now on your provider inspects none of your mail'), false);
  return command;
}

function said(command: Command, value: boolean): void {
  asked(command)
    .addOption(new Option('--direction <direction>', 'mail that you send, that you receive, or both').choices(['outbound', 'inbound', 'both']).makeOptionMandatory())
    .action(async (options: ConsentOptions) => {
      const { direction } = options;
      print(await stateConsent(await partsOf(options), {
        ...(direction !== 'inbound' && { outbound: value }), ...(direction !== 'outbound' && { inbound: value }),
      }));
    });
}

function asked(command: Command): Command {
  return addKeyOptions(addServerOptions(command.requiredOption('--root <file>', 'the Authority\'s root certificate, PEM')), true);
}

async function partsOf(options: ConsentOptions): Promise<ConsentParts> {
  const [http, url, clock] = [httpFor(options), options.server, { now: () => new Date() }];
  const credential = await loadCredential(options);
  const { trust } = await fetchTrust(http, url, readPins(options.root), clock.now());
  const { random } = createNodeCrypto();
  return { http, url, credential, trust, clock, random };
}

function print({ outbound, inbound }: Consent): void {
  const say = (inspected: boolean): string => (inspected ? 'inspected' : 'not inspected');
  process.stdout.write(`outbound: ${say(outbound)}\ninbound: ${say(inbound)}\n`);
}
