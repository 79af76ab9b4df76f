/**
 * The least that can stand where a gateway stands: takes mail as Postfix's proxy filter and re-injects it unchanged.
 * A header field `X-Refuse: arriving|submission CODE TEXT` makes that listener answer CODE TEXT instead.
 *
 * Arguments: the ports for re-injection, arriving mail and submission.
 */
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import { SMTPServer } from 'smtp-server';

const [reinjection = 0, arriving = 0, submission = 0] = process.argv.slice(2).map(Number);

for (const [listener, port] of Object.entries({ arriving, submission })) {
  const server = new SMTPServer({
    name: 'gateway.invalid',
    authOptional: true,
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    hideDSN: false,
    useXForward: true,
    onData: (stream, session, callback) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const raw = Buffer.concat(chunks);
        const [, where, code, text] = /^X-Refuse: (\w+) (\d{3}) (.*?)\r?$/m.exec(raw.toString('utf8')) ?? [];
        if (where === listener) {
          callback(Object.assign(new Error(text), { responseCode: Number(code) }));
          return;
        }
        const { mailFrom, rcptTo } = session.envelope;
        reinject(mailFrom === false ? '' : mailFrom.address, rcptTo.map(({ address }) => address), raw)
          .then((reply) => callback(null, reply))
          .catch((error: unknown) => callback(Object.assign(new Error(`4.3.0 not re-injected: ${String(error)}`), { responseCode: 451 })));
      });
    },
  });
  server.listen(port, '127.0.0.1');
}

function reinject(from: string, to: readonly string[], raw: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const connection = new SMTPConnection({ host: '127.0.0.1', port: reinjection, ignoreTLS: true, name: 'gateway.invalid' });
    connection.once('error', reject);
    connection.connect(() => {
      connection.send({ from, to: [...to], dsn: { ret: 'HDRS' } }, raw, (error, info) => {
        connection.quit();
        if (error !== null) reject(error);
        else resolve(info?.response.replace(/^\d+ /, '') ?? '');
      });
    });
  });
}
