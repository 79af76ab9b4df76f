/** Checks on the plugin's side, beyond those that it shares with the servers. */
import { type Fault, of } from './fault.ts';

const SENDER = 'test/security/claimed-sender.test.ts';

export const plugin: readonly Fault[] = [
  ...of('src/mail/address.ts', SENDER, [
    ['claimed sender: comments', '...texts.map(withoutComments)', '', 'claims the domain'],
    ['claimed sender: quotes and brackets', `.replace(/["\\\\[\\]]/g, '')`, '', 'claims the domain'],
    ['claimed sender: spaces around dots', ".replace(/ ?([.@]) ?/g, '$1')", '', 'claims the domain'],
    ['claimed sender: invisible letters', ".replace(/\\p{Cf}/gu, '')", '', 'claims the domain'],
  ]),
  ...of('src/mail/delivery-report.ts', SENDER, [
    ['claimed sender: reports too', '.flatMap(asReadersMight)', '', 'as a delivery report too'],
  ]),
  ...of('src/server/gateway/stages.ts', SENDER, [
    ['stages: members as readers see them', 'values.flatMap(asReadersMight).join', 'values.join', 'is the member of a group'],
    ['stages: an exception is for its own members', '  if (claimedDomains([others])', '  if (others === text && claimedDomains([text])', 'excuses nobody beside him'],
  ]),
];
