import { expect, it } from '@jest/globals';
import { readConfig } from '../config.js';
import { checkKind } from './arguments.js';

it('a kind that is not configured is repeated in its error as far as it is short', () => {
  const refused = (kind: string) => () => checkKind(kind, 'kinds', readConfig({}));
  expect(refused('veiw')).toThrow(/"veiw" is not a configured kind; there are view,/);
  expect(refused('z'.repeat(100_000))).toThrow(/^kinds: "z{40}\.\.\." is not a configured kind/);
});
