/**
 * The checks of design §3 and docs/protocol.md, each with the change that takes it away and a test that must then turn red
 * (scripts/faults.ts). `find` stands exactly once in `file`; whoever rewrites a check moves its fault along.
 */
import type { Fault } from './faults/fault.ts';
import { legs } from './faults/legs.ts';
import { organisations } from './faults/organisations.ts';
import { plugin } from './faults/plugin.ts';

export const faults: readonly Fault[] = [...legs, ...organisations, ...plugin];
