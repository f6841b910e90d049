/**
 * Why: the past interactions that an answer rests on, by their exact share of what the memory read sees.
 * A network without memory slots reads nothing: its answer rests on the order of events alone, so the newest come first, and the
 * attention of each is 0.
 */
import type { Network } from '../model/network.js';
import type { AttendedInteraction } from './answer.js';
import { trace } from './trace.js';

/** All interactions of a sequence with their attention, the most attended first, of equals the newest. */
export async function because(
  network: Network,
  sequence: readonly Omit<AttendedInteraction, 'attention'>[],
): Promise<readonly AttendedInteraction[]> {
  const { gates, attention } = await trace(network, sequence);
  const shares = network.attribution(gates, attention);
  return sequence
    .map(({ itemId, kind, occurredAt }, place) => ({ itemId, kind, occurredAt, attention: shares[place] ?? 0 }))
    .reverse()
    .sort((a, b) => b.attention - a.attention);
}
