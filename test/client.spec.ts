import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';

it('the typed client is made of the schema and the operations as they are; `npm run client` writes it', () => {
  const printed = execFileSync(process.execPath, ['examples/client/generate.mjs'], { encoding: 'utf8' });
  expect(readFileSync('examples/client/generated.ts', 'utf8')).toBe(printed);
}, 30_000);
