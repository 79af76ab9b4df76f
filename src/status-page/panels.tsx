/** The smaller panels: servers, queue, certificates, members. */
import type { ComponentChildren, VNode } from 'preact';
import type { Expiry, HeldReason, ServerStatus, Status } from '../wire/status.ts';
import { daysLeft, expiryName, missingWords } from './attention.ts';
import type { Words } from './words.ts';

interface PanelProps {
  readonly status: Status;
  readonly words: Words;
}

function Panel({ id, title, children }: { id: string; title: string; children: ComponentChildren }): VNode {
  return <section class="panel" aria-labelledby={id}><h2 id={id}>{title}</h2>{children}</section>;
}

export function Servers({ status: { servers }, words }: PanelProps): VNode {
  return (
    <Panel id="servers" title={words.text('servers')}>
      <div class="wide" role="group" aria-labelledby="servers" tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">{words.text('server')}</th><th scope="col">{words.text('state')}</th>
              <th scope="col">{words.text('runningSince')}</th><th scope="col" class="number">{words.text('memory')}</th>
            </tr>
          </thead>
          <tbody>{servers.map((server) => <Server key={server.name} server={server} words={words} />)}</tbody>
        </table>
      </div>
    </Panel>
  );
}

function Server({ server: { name, role, state, missing, startedAt, memory }, words }: { server: ServerStatus; words: Words }): VNode {
  const sentence = state === 'ready' ? words.text('state_ready')
    : state === 'down' ? words.text('state_down') : words.text('state_not_ready', { what: missingWords(missing, words) });
  return (
    <tr>
      <th scope="row">{words.text(`role_${role}`)} <code>{name}</code></th>
      <td><span class={`state ${state}`}>{sentence}</span></td>
      <td>{startedAt === undefined ? '–' : words.moment(startedAt)}</td>
      <td class="number">{memory === undefined ? '–' : words.size(memory)}</td>
    </tr>
  );
}

export function Queue({ status: { queue, held = [] }, words }: PanelProps): VNode {
  return (
    <Panel id="queue" title={words.text('queue')}>
      {queue === undefined ? <p>{words.text('queueUnknown')}</p> : queue === 'unreadable' ? <p>{words.text('queue_unreadable')}</p> : (
        <dl class="list">
          <Item name={words.text('queueHeld')} value={words.number(queue.held)} more={queue.oldestHeld} words={words} />
          <Item name={words.text('queueDeferred')} value={words.number(queue.deferred)} more={queue.oldestDeferred} words={words} />
          <Item name={words.text('queueMoving')} value={words.number(queue.moving)} words={words} />
        </dl>
      )}
      {held.length > 0 && <HeldReasons held={held} words={words} />}
    </Panel>
  );
}

/** Why, and never whose: that is for approvers alone. */
function HeldReasons({ held, words }: { held: readonly HeldReason[]; words: Words }): VNode {
  return (
    <>
      <h3 id="held-reasons">{words.text('heldReasons')}</h3>
      <div class="wide" role="group" aria-labelledby="held-reasons" tabIndex={0}>
        <table>
          <thead><tr><th scope="col">{words.text('reason')}</th><th scope="col">{words.text('where')}</th><th scope="col" class="number">{words.text('number')}</th></tr></thead>
          <tbody>{held.map(({ listener, code, count }) => (
            <tr key={`${listener} ${code}`}>
              <th scope="row">{words.reason(code)} <code>{code}</code></th>
              <td>{words.text(`at_${listener}`)}</td>
              <td class="number">{words.number(count)}</td>
            </tr>
          ))}</tbody>
        </table>
      </div>
      <p class="faint">{words.text('heldReasonsNote')}</p>
    </>
  );
}

function Item({ name, value, more, words }: { name: string; value: string; more?: number | undefined; words: Words }): VNode {
  return (
    <div>
      <dt>{name}{more !== undefined && <small>{words.text('oldestSince', { time: words.moment(more) })}</small>}</dt>
      <dd>{value}</dd>
    </div>
  );
}

export function Certificates({ status: { expiries, at }, words }: PanelProps): VNode {
  const certificates = expiries.filter(({ kind }) => kind === 'certificate').sort((a, b) => a.ends - b.ends);
  const lists = expiries.filter(({ kind }) => kind === 'list');
  const stale = lists.filter(({ ends }) => ends <= at);
  return (
    <Panel id="certificates" title={words.text('certificates')}>
      {certificates.length === 0 ? <p>{words.text('noCertificates')}</p> : (
        <div class="wide" role="group" aria-labelledby="certificates" tabIndex={0}>
          <table>
            <thead><tr><th scope="col">{words.text('what')}</th><th scope="col">{words.text('server')}</th><th scope="col">{words.text('ends')}</th></tr></thead>
            <tbody>{[...certificates, ...stale].map((expiry) => <ExpiryRow key={`${expiry.servers.join(' ')} ${expiry.what} ${expiry.ends}`} expiry={expiry} now={at} words={words} />)}</tbody>
          </table>
        </div>
      )}
      {lists.length > 0 && stale.length === 0 && <p class="faint">{words.text('listsCurrent')}</p>}
    </Panel>
  );
}

function ExpiryRow({ expiry, now, words }: { expiry: Expiry; now: number; words: Words }): VNode {
  const days = daysLeft(expiry, now);
  const state = expiry.ends <= now ? 'down' : days < 30 ? 'not-ready' : 'ready';
  return (
    <tr>
      <th scope="row">{expiryName(expiry, words)}</th>
      <td>{expiry.servers.map((server) => <code key={server}>{server}</code>)}</td>
      <td>{words.day(expiry.ends)} <span class={`state left ${state}`}>{expiry.ends <= now ? words.text('hasEnded') : words.text('daysLeft', { days })}</span></td>
    </tr>
  );
}

export function Members({ status: { registry, flows }, words }: PanelProps): VNode {
  const number = (value: number | undefined): string => (value === undefined ? words.text('unknown') : words.number(value));
  const alerts = flows.find(({ span }) => span === 'day')?.alerts;
  return (
    <Panel id="members" title={words.text('members')}>
      <dl class="list">
        <Item name={words.text('alertsDay')} value={number(alerts)} words={words} />
        {registry.abuseOpen !== undefined && <Item name={words.text('abuseOpen')} value={number(registry.abuseOpen)} words={words} />}
        <Item name={words.text('membersRegistered')} value={number(registry.members)} words={words} />
        <Item name={words.text('membersExpiring')} value={number(registry.certificatesExpiring)} words={words} />
        <Item name={words.text('auditEntries')} value={number(registry.auditEntries)} words={words} />
      </dl>
    </Panel>
  );
}
