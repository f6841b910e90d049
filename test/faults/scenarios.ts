/** Every scenario, in the order in which they are played. */
import type { Scenario } from './scenario.js';
import { blackHole, connectionReset, latency } from './scenarios/bad-connections.js';
import { malformedMessages, shuffledDuplicates } from './scenarios/bad-messages.js';
import { frozen } from './scenarios/frozen.js';
import { joinsAndLeaves } from './scenarios/joins-and-leaves.js';
import { killed } from './scenarios/killed.js';
import { killedAfterCommit, killedAfterOffsetCommit, killedBeforeCommit } from './scenarios/killed-at.js';
import { retentionPastOffset, topicMadeAnew } from './scenarios/lost-log.js';
import { brokerKilled, postgresKilled, postgresStopped } from './scenarios/servers-down.js';

export const scenarios: readonly Scenario[] = [
  malformedMessages,
  shuffledDuplicates,
  killed,
  killedBeforeCommit,
  killedAfterCommit,
  killedAfterOffsetCommit,
  joinsAndLeaves,
  frozen,
  connectionReset,
  latency,
  blackHole,
  postgresStopped,
  postgresKilled,
  brokerKilled,
  topicMadeAnew,
  retentionPastOffset,
];
