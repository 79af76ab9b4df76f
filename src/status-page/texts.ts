/** What a language of the page must have. */
/** Every sentence of the page. */
export type Key =
  | 'title' | 'asOf' | 'loading' | 'unreachable' | 'neverReached' | 'language'
  | 'allWell' | 'attention_one' | 'attention_other' | 'urgent' | 'soon'
  | 'server_down' | 'server_down_remedy' | 'server_not_ready' | 'server_not_ready_remedy' | 'certificate_ended' | 'certificate_ending'
  | 'certificate_remedy' | 'list_ended' | 'list_remedy' | 'queue_unreadable' | 'queue_unreadable_remedy' | 'held' | 'held_remedy' | 'waiting' | 'waiting_remedy'
  | 'turned_away' | 'turned_away_remedy' | 'alerts' | 'alerts_remedy' | 'abuse' | 'abuse_remedy'
  | 'flow' | 'span' | 'span_hour' | 'span_day' | 'span_month' | 'sending' | 'arriving' | 'taken' | 'refused' | 'later' | 'chart' | 'showTable' | 'time' | 'counting'
  | 'notTaken' | 'reason' | 'where' | 'answer' | 'number' | 'nothingRefused' | 'at_submission' | 'at_arriving'
  | 'servers' | 'server' | 'state' | 'runningSince' | 'memory' | 'state_ready' | 'state_not_ready' | 'state_down'
  | 'role_gateway' | 'role_keyserver' | 'role_inspection' | 'role_authority' | 'missing_database' | 'missing_trust' | 'missing_clamd'
  | 'queue' | 'queueHeld' | 'queueDeferred' | 'queueMoving' | 'oldestSince' | 'queueUnknown' | 'heldReasons' | 'heldReasonsNote'
  | 'certificates' | 'what' | 'ends' | 'daysLeft' | 'hasEnded' | 'good' | 'certificate_server' | 'certificate_organisation' | 'certificate_root'
  | 'list_directory' | 'list_authority-crl' | 'list_organisation-crl' | 'listsCurrent' | 'noCertificates'
  | 'members' | 'membersRegistered' | 'membersExpiring' | 'alertsDay' | 'abuseOpen' | 'auditEntries' | 'unknown' | 'foot' | 'otherReason';

/** One language. `reasons`: an error code in an administrator's words. */
export type Texts = Readonly<Record<Key, string>> & { readonly reasons: Readonly<Record<string, string>> };
