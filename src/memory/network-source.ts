/** The network that memories are made with. `promotion` provides it; `memory` only says what it needs. */
import type { Network } from '../model/network.js';

/** The network that serves. */
export interface LiveNetwork {
  readonly version: number;
  readonly network: Network;
  readonly since: Date;
}

export interface NetworkSource {
  /** null before the first promotion */
  current(): LiveNetwork | null;
  /** what answers a user: the live version, or the challenger of an experiment that he is in */
  forUser(userId: string): LiveNetwork | null;
  /** all that answer somebody */
  serving(): readonly LiveNetwork[];
  /** looks up which version serves now, and loads it where it is another */
  refresh(): Promise<LiveNetwork | null>;
}

/** The token that the source is injected by. */
export const NETWORK_SOURCE = Symbol('network source');
