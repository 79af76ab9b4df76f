/** What follows From in a delivery report as a mail server writes it: the other fields, and what became of one mail. */
export const REPORT = [
  'MIME-Version: 1.0', 'Content-Type: multipart/report; report-type=delivery-status; boundary=b', '', '--b', 'Content-Type: text/plain', '', 'I am sorry.',
  '--b', 'Content-Type: message/delivery-status', '', 'Reporting-MTA: dns; mx.hinode.example', '', 'Final-Recipient: rfc822; x@outside.example', 'Action: failed', 'Status: 5.1.1', '', '--b--',
];
