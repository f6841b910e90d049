import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { printConfig, readConfig, settingsTable } from './config.js';
import { outcomeRules } from './model/outcome.js';

describe('settings', () => {
  it('has a default for everything that a laptop needs', () => {
    const config = readConfig({});
    expect(config).toMatchObject({
      role: 'all',
      databaseUrl: null,
      kafkaBrokers: null,
      port: 3000,
      authentication: 'on',
    });
    expect(Object.keys(config.kinds)).toContain('purchase');
  });

  it('names all faults of a start at once', () => {
    const read = () =>
      readConfig({
        RECOLLECT_PORT: 'http',
        DATABASE_URL: 'mysql://x',
        RECOLLECT_TRAIN_CRON: 'daily',
        RECOLLECT_PROT: '1',
      });
    expect(read).toThrow(/4 setting\(s\) are wrong/);
    expect(read).toThrow(
      /RECOLLECT_PORT[^]*DATABASE_URL[^]*RECOLLECT_TRAIN_CRON|DATABASE_URL[^]*RECOLLECT_PORT[^]*RECOLLECT_TRAIN_CRON/,
    );
    expect(read).toThrow(/RECOLLECT_PROT: is not a setting/);
  });

  it('refuses what JavaScript would take for another number: no digits at all, and times that no timer can wait', () => {
    expect(() => readConfig({ RECOLLECT_PORT: '' })).toThrow(/RECOLLECT_PORT: must be a whole number/);
    expect(() => readConfig({ RECOLLECT_PORT: '0x50' })).toThrow(/RECOLLECT_PORT: must be a whole number/);
    expect(() => readConfig({ RECOLLECT_REQUEST_TIMEOUT_MS: '3000000000' })).toThrow(/RECOLLECT_REQUEST_TIMEOUT_MS/);
    expect(() => readConfig({ RECOLLECT_STALL_TIMEOUT_MS: '3000000000' })).toThrow(/RECOLLECT_STALL_TIMEOUT_MS/);
  });

  it('checks settings against each other', () => {
    expect(() => readConfig({ RECOLLECT_ROLE: 'ingest', DATABASE_URL: 'postgres://h/d' })).toThrow(
      /the role ingest needs brokers/,
    );
    expect(() => readConfig({ RECOLLECT_ROLE: 'api' })).toThrow(/DATABASE_URL/);
    expect(() => readConfig({ KAFKA_USER: 'a' })).toThrow(/set all three or none/);
    expect(() => readConfig({ RECOLLECT_AUTHENTICATION: 'off', RECOLLECT_HOST: '0.0.0.0' })).toThrow(/loopback/);
  });

  it('reads kinds of interaction from JSON and refuses a kind with a wrong rule', () => {
    expect(readConfig({ RECOLLECT_KINDS: '{"watch":{"weight":3}}' }).kinds).toEqual({
      watch: { weight: 3, polarity: 'positive', seen: true },
    });
    expect(() => readConfig({ RECOLLECT_KINDS: '{"watch":{"weight":-3}}' })).toThrow(/RECOLLECT_KINDS: watch weight/);
    expect(() => readConfig({ RECOLLECT_KINDS: 'view,click' })).toThrow(/RECOLLECT_KINDS: is not JSON/);
  });

  it('reads hyperparameters from JSON and says which of them is wrong', () => {
    expect(readConfig({}).trainRecipe).toBeNull();
    expect(readConfig({ RECOLLECT_TRAIN_RECIPE: '{"dropout":0.4}' }).trainRecipe).toEqual({ dropout: 0.4 });
    const read =
      (recipe: string, more: Record<string, string> = {}) =>
      () =>
        readConfig({ RECOLLECT_TRAIN_RECIPE: recipe, ...more });
    expect(read('dropout=0.4')).toThrow(/RECOLLECT_TRAIN_RECIPE: is not JSON/);
    expect(read('{"dropout":2}')).toThrow(/RECOLLECT_TRAIN_RECIPE: dropout .*<1/);
    expect(read('{"dropuot":0.4}')).toThrow(/RECOLLECT_TRAIN_RECIPE: .*dropuot/);
    expect(read('{"epochs":3}', { RECOLLECT_TRAIN_EPOCHS: '4' })).toThrow(/set in RECOLLECT_TRAIN_RECIPE too/);
  });

  it('reads the rules of outcomes, and takes those of the kinds where it says so', () => {
    const none = readConfig({});
    expect(outcomeRules(none)).toEqual([]);
    const rules = outcomeRules(readConfig({ RECOLLECT_TRAIN_OUTCOMES: 'rating>=4=2, kinds' }));
    expect(rules.slice(0, 2)).toEqual([
      { kind: 'rating', atLeast: 4, weight: 2 },
      { kind: 'view', weight: 1 },
    ]);
    expect(rules).toContainEqual({ kind: 'dislike', weight: -1 });
    expect(outcomeRules(readConfig({ RECOLLECT_TRAIN_OUTCOMES: 'kinds' }))).toHaveLength(8);
    const read = (outcomes: string, kinds?: string) => () =>
      readConfig({ RECOLLECT_TRAIN_OUTCOMES: outcomes, ...(kinds === undefined ? {} : { RECOLLECT_KINDS: kinds }) });
    expect(read('like:2')).toThrow(/RECOLLECT_TRAIN_OUTCOMES: rule 1, "like:2", is not kind=weight/);
    expect(read('star=2')).toThrow(/star is no kind of RECOLLECT_KINDS, which has view, click/);
    expect(read('kinds', '{"buy":{"weight":40}}')).toThrow(/kinds would take 40 for buy; give it a rule of its own/);
  });

  it('reads the envelopes of topics and says what is no topic or envelope', () => {
    expect(readConfig({ KAFKA_ENVELOPES: 'items=debezium, interactions = connect' }).kafkaEnvelopes).toEqual({
      items: 'debezium',
      interactions: 'connect',
    });
    expect(readConfig({}).kafkaEnvelopes).toEqual({});
    for (const text of [
      'items',
      'items=avro',
      'orders=connect',
      'items=connect,items=debezium',
      'items=connect=x',
      ',',
    ])
      expect(() => readConfig({ KAFKA_ENVELOPES: text })).toThrow(/KAFKA_ENVELOPES.*is not one of interactions, items/);
  });

  it('prints every setting and no secret', () => {
    const printed = printConfig(
      readConfig({
        DATABASE_URL: 'postgres://u:hidden@h/d',
        KAFKA_SASL_MECHANISM: 'plain',
        KAFKA_USER: 'k',
        KAFKA_PASSWORD: 'hidden',
      }),
    );
    expect(printed).toContain('DATABASE_URL=(secret)');
    expect(printed).toContain('KAFKA_USER=k');
    expect(printed).not.toContain('hidden');
  });

  it('stands in the README as it is here', () => {
    expect(readFileSync(new URL('../README.md', import.meta.url), 'utf8')).toContain(settingsTable());
  });
});
