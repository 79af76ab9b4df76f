/**
 * The process that reads mails: what stands in them is hostile until read, and no reader of so many formats is without
 * faults. It has no keys, no network, no environment; it may die at any moment, and takes one mail at a time.
 */
import { readByRules, type ReadingJob, type ReadingResult } from '../../../flow/judge.ts';
import { Budget } from './budget.ts';
import { createFileReader } from './file-reader.ts';

/** What the child answers: `fault` where a reader broke in a way that its file cannot be blamed for. */
export type Answer = { readonly result: ReadingResult } | { readonly fault: true };

process.on('message', (job: ReadingJob) => {
  // The parent's copy came by serialisation: these bytes are ours to clear.
  void readByRules(job, createFileReader(new Budget(job.reading)))
    .then((result): Answer => ({ result }), (): Answer => ({ fault: true }))
    .then((answer) => {
      job.content.fill(0);
      process.send?.(answer);
    });
});
// The parent is gone: so is the reason to be here.
process.on('disconnect', () => process.exit(0));
process.send?.('ready');
