import type { Actor } from '../src/memory/audit.js';

/** Who acts in tests. */
export const tester: Actor = { name: 'test', keyPrefix: null };
