/** The status server: shows administrators, in a browser, how the organisation's servers are. It holds no key and changes nothing. */
import { createServer } from 'node:http';
import type { Clock } from '../../flow/ports.ts';
import { openDatabase } from '../shared/database.ts';
import { listen, requestListener } from '../shared/http-shell.ts';
import { createLogger, type Logger } from '../shared/log.ts';
import { loadStatusConfig } from './config.ts';
import { type HistoryStore, historyMigrations, openHistory } from './history.ts';
import { loadPages, statusRoutes } from './routes.ts';
import { startWatch } from './watch.ts';

export interface RunningStatus {
  readonly port: number;
  close(): Promise<void>;
}

/** `pages` is the directory of the built page. Throws what configuration, database and listening throw, and `status-page-missing`. */
export async function runStatus(configFile: string, pages: string, options: { readonly clock?: Clock; readonly log?: Logger } = {}): Promise<RunningStatus> {
  const config = loadStatusConfig(configFile);
  const log = options.log ?? createLogger({ server: 'status', level: config.logLevel });
  const clock = options.clock ?? { now: () => new Date() };
  const files = loadPages(pages);
  const store: HistoryStore = await openDatabase(config.database, historyMigrations);
  const watch = await startWatch(config, { history: await openHistory(store, clock.now()), clock, log });
  let port = 0;
  const listener = requestListener({
    app: statusRoutes({ config, port: () => port, pages: files, status: () => watch.status() }), maximumBody: 0, log, peer: 'browser',
  });
  const server = await listen(createServer((request, response) => void listener(request, response)), config.listen);
  ({ port } = server);
  log.info('ready', { port });
  return {
    port,
    async close() {
      watch.stop();
      await server.close();
      await store.close();
    },
  };
}
