import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';

const readme = readFileSync(new URL('README.md', import.meta.url), 'utf8');
const lines = [...readme.matchAll(/^\|.*\| (\S+\.ts) +\| `(\w+)` +\|$/gm)];

it('the README names a file and an exported symbol on each line, and leaves no file out', async () => {
  for (const [, file = '', symbol = ''] of lines) {
    const exported = (await import(new URL(file, import.meta.url).href)) as Readonly<Record<string, unknown>>;
    expect({ file, symbol, type: typeof exported[symbol] }).toEqual({ file, symbol, type: 'function' });
  }
  const files = readdirSync(new URL('.', import.meta.url)).filter((name) => /^(?!.*\.spec\.).*\.ts$/.test(name));
  expect(new Set(lines.map(([, file]) => file))).toEqual(new Set(files));
});
