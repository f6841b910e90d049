/** What the commands say of the files and their rows, read and checked. */
import type { Config } from '../config.js';
import { RecollectError } from '../errors.js';
import type { DialectName } from '../ingest/dialect.js';
import { readPairs, type Mapping } from './mapping.js';
import type { Format } from './source.js';

export const subjects = ['interactions', 'items', 'users'] as const;

export interface FileOptions {
  /** what the rows are */
  readonly of: (typeof subjects)[number];
  readonly dialect?: DialectName;
  readonly format?: Format;
  readonly map?: string;
  readonly kind?: string;
  readonly mapKind?: string;
  readonly encoding?: string;
  readonly delimiter?: string;
  readonly columns?: string;
  readonly quotes: boolean;
  readonly report?: string;
}

export interface ImportOptions extends FileOptions {
  readonly dryRun?: true;
}

export function mappingOf({ map, kind, mapKind, dialect }: FileOptions, { kinds }: Config): Mapping {
  const mapped = mapKind === undefined ? new Map<string, string>() : readPairs('--map-kind', mapKind);
  const unknown = [...mapped.values(), ...(kind === undefined ? [] : [kind])].find((name) => kinds[name] === undefined);
  if (unknown !== undefined) {
    const message = `${unknown} is no kind of RECOLLECT_KINDS, which has ${Object.keys(kinds).join(', ')}`;
    throw new RecollectError('BAD_INPUT', message);
  }
  const fields = map === undefined ? new Map<string, string>() : readPairs('--map', map);
  return { fields, dialect, kinds: mapped, kind: kind ?? null };
}
