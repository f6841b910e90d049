import { userInfo } from 'node:os';
import type { Actor } from '../memory/audit.js';

/** Who runs this command, as the audit log names him. */
export function commandActor(): Actor {
  return { name: `command line (${userInfo().username})`, keyPrefix: null };
}
