import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { slotShares } from '../../src/model/attribution.js';
import { Network } from '../../src/model/network.js';
import { addAuditCommands } from '../../src/cli/audit.js';
import { addMemoryCommands } from '../../src/cli/memory.js';
import { addUserCommands } from '../../src/cli/users.js';
import { runCommand } from '../command.js';
import { randomCheckpoint } from '../random-checkpoint.js';
import { promoteRandom, putItems, startApi, track, type Reply, type RunningApi } from './running-api.js';
import type { ConnectionView } from './views.js';

const items = Array.from({ length: 6 }, (_, n) => `item ${n}`);
const options = { width: 16, slots: 3, kinds: ['view'], gaps: 6 };

interface ForgottenView {
  readonly forgetSlot: {
    readonly forgotten: number;
    readonly interactions: readonly { readonly id: string; readonly share: number }[];
    readonly modelVersion: number;
  };
}

interface EntryView {
  readonly id: string;
  readonly actor: string;
  readonly keyPrefix: string | null;
  readonly action: string;
  readonly subjects: readonly string[];
  readonly counts: Readonly<Record<string, number>>;
  readonly hash: string;
}

describe('memory control', () => {
  let api: RunningApi;
  let key: string;
  let version: number;
  beforeAll(async () => {
    api = await startApi('audit_api_spec');
    key = await api.newKey(['privacy']);
    await putItems(api, items);
    version = await promoteRandom(api, items, options);
  });
  afterAll(async () => api.stop());

  const command = async (...words: readonly string[]): Promise<string> =>
    runCommand(
      (program) => {
        addAuditCommands(program);
        addMemoryCommands(program);
        addUserCommands(program);
      },
      { DATABASE_URL: api.config.databaseUrl ?? '', DATABASE_SCHEMA: api.config.databaseSchema },
      ...words,
    );
  const events = (userId: string, count: number) =>
    Array.from({ length: count }, (_, n) => ({ id: `e${n}`, userId, itemId: `item ${(n * 5) % 7}` }));
  const forgetSlot = async (input: Readonly<Record<string, unknown>>): Promise<Reply<ForgottenView>> =>
    api.ask(
      'mutation($input: ForgetSlotInput!) { forgetSlot(input: $input) { forgotten interactions { id share } modelVersion } }',
      { input },
      key,
    );
  const memoryOf = async (userId: string): Promise<unknown> => {
    const rows = await api.dataSource.query<unknown[]>(
      'SELECT state, checksum, interactions_applied, last_occurred_at FROM user_memory WHERE user_id = $1',
      [userId],
    );
    return rows[0];
  };
  const auditOf = async (userId: string | null = null): Promise<readonly EntryView[]> => {
    const { data, errors } = await api.ask<{ auditLog: ConnectionView<EntryView> }>(
      'query($userId: ID) { auditLog(userId: $userId, first: 100) { edges { node { id at actor keyPrefix action subjects counts hash } } } }',
      { userId },
      key,
    );
    expect(errors).toEqual([]);
    return data.auditLog.edges.map(({ node }) => node);
  };

  it('forgets the interactions that fill a slot, by their shares, and leaves the memory of a user who never had them', async () => {
    const network = new Network(randomCheckpoint(items, options));
    const log = events('ann', 24);
    await track(api, log);
    const sequence = log.map(({ itemId }, minute) => ({
      ...{ itemId, kind: 'view' },
      occurredAt: Date.parse('2026-01-01T00:00:00Z') + 60_000 * minute,
    }));
    const { rows, ...context } = network.eventsOf(sequence);
    const shares = slotShares(network.trace(rows, context).gates).map((share) => share[1] ?? NaN);
    const total = shares.reduce((sum, share) => sum + share, 0);
    const order = [...shares.keys()].sort((one, other) => (shares[other] ?? 0) - (shares[one] ?? 0));
    const chosen = order.filter(
      (_, at) => order.slice(0, at).reduce((sum, n) => sum + (shares[n] ?? 0), 0) < 0.6 * total,
    );
    const before = await memoryOf('ann');
    const expected = chosen.map((n) => ({ id: `e${n}`, share: expect.closeTo(shares[n] ?? NaN, 6) }));
    const tried = await forgetSlot({ userId: 'ann', slot: 1, part: 0.6, dryRun: true });
    expect(tried.data.forgetSlot).toEqual({ forgotten: 0, interactions: expected, modelVersion: version });
    expect(await memoryOf('ann')).toEqual(before);
    expect(await auditOf('ann')).toEqual([]);

    const { data, errors } = await forgetSlot({ userId: 'ann', slot: 1, part: 0.6 });
    expect(errors).toEqual([]);
    expect(data.forgetSlot).toEqual({ forgotten: chosen.length, interactions: expected, modelVersion: version });
    expect(chosen.length).toBeGreaterThan(1);
    expect(chosen.length).toBeLessThan(24);
    const times = (n: number): string => new Date(Date.parse('2026-01-01T00:00:00Z') + 60_000 * n).toISOString();
    await track(
      api,
      events('fresh', 24).flatMap((event, n) => (chosen.includes(n) ? [] : [{ ...event, occurredAt: times(n) }])),
    );
    expect(await memoryOf('ann')).toEqual(await memoryOf('fresh'));
    expect(
      (await track(api, events('ann', 24).slice(chosen[0] ?? 0, (chosen[0] ?? 0) + 1))).data.trackInteractions,
    ).toMatchObject({
      accepted: 0,
    });
    expect(JSON.parse((await command('memory', 'verify')).trim().split('\n').at(-1) ?? '')).toMatchObject({
      different: 0,
    });
    expect(await auditOf('ann')).toMatchObject([{ action: 'FORGET_SLOT', counts: { interactions: chosen.length } }]);
  });

  it('forgets a slot by command, prints which, and asks for --yes', async () => {
    await track(api, events('dan', 8));
    const lines = (output: string): readonly Record<string, unknown>[] =>
      output
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(await command('memory', 'forget-slot', 'dan', '--slot', '0')).toMatch(/give --yes/);
    const tried = lines(await command('memory', 'forget-slot', 'dan', '--slot', '0', '--part', '0.5', '--dry-run'));
    const done = lines(await command('memory', 'forget-slot', 'dan', '--slot', '0', '--part', '0.5', '--yes'));
    expect(done.slice(0, -1)).toEqual(tried.slice(0, -1));
    expect(done.at(-1)).toEqual({ forgotten: done.length - 1, interactions: done.length - 1, modelVersion: version });
  });

  it('refuses slots that are none and parts that are none, and finds nothing in an empty memory', async () => {
    const wrong: readonly (readonly [Readonly<Record<string, unknown>>, RegExp])[] = [
      [{ slot: 3 }, /slots 0 to 2/],
      [{ slot: -1 }, /slots 0 to 2/],
      [{ slot: 0, part: 0 }, /more than 0/],
      [{ slot: 0, part: 1.01 }, /at most 1/],
    ];
    for (const [input, message] of wrong) {
      const { errors } = await forgetSlot({ userId: 'ann', ...input });
      expect(errors).toMatchObject([{ message: expect.stringMatching(message), extensions: { code: 'BAD_INPUT' } }]);
    }
    expect((await forgetSlot({ userId: 'nobody', slot: 0 })).data.forgetSlot).toMatchObject({
      forgotten: 0,
      interactions: [],
    });
    const reader = await api.ask('mutation { forgetSlot(input: {userId: "ann", slot: 0}) { forgotten } }');
    expect(reader.errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
  });

  it('is recorded: each act by the name of its key or command, what changed nothing not, and never ids or contents', async () => {
    await track(api, [...events('secret-1', 5), ...events('secret-2', 3)]);
    const ask = async (mutation: string): Promise<void> => {
      const { errors } = await api.ask(`mutation { ${mutation} }`, {}, key);
      expect(errors).toEqual([]);
    };
    await ask('forgetInteractions(input: {userId: "secret-1", ids: ["e0", "nothing"]}) { forgotten }');
    await ask('forgetInteractions(input: {userId: "secret-1", ids: ["nothing"]}) { forgotten }');
    await ask('resetMemory(input: {userId: "secret-1"}) { leftOut }');
    await ask('exportUser(input: {userId: "secret-1"}) { data }');
    await command('users', 'merge', 'secret-2', 'secret-1', '--yes');
    await command('users', 'export', 'secret-1');
    await ask('eraseUser(input: {userId: "secret-1"}) { interactions }');
    const entries = (await auditOf('secret-1')).toReversed();
    const byCommand = { actor: expect.stringMatching(/^command line \(.+\)$/), keyPrefix: null };
    const byKey = { actor: 'test', keyPrefix: key.split('_')[1] };
    expect(entries).toMatchObject([
      { ...byKey, action: 'FORGET_INTERACTIONS', counts: { interactions: 1 } },
      { ...byKey, action: 'RESET_MEMORY', counts: { interactions: 4 } },
      { ...byKey, action: 'EXPORT_USER', counts: { interactions: 4 } },
      { ...byCommand, action: 'MERGE_USERS', counts: { interactions: 3 } },
      { ...byCommand, action: 'EXPORT_USER', counts: { interactions: 7 } },
      { ...byKey, action: 'ERASE_USER', counts: { interactions: 7, mergedIds: 1 } },
    ]);
    expect(entries[3]?.subjects).toHaveLength(2);
    expect(await auditOf('secret-2')).toEqual([entries[3]]);
    const all = JSON.stringify(await api.dataSource.query('SELECT * FROM audit_log'));
    expect(all).not.toMatch(/secret|item/);
  });

  it('is verified by command, and pages of it are read by who has the scope', async () => {
    const verified = JSON.parse(await command('audit', 'verify')) as { entries: number; head: string };
    const listed = (await command('audit', 'list')).trim().split('\n');
    expect(verified).toMatchObject({ faults: 0, entries: listed.length });
    expect(JSON.parse(listed.at(-1) ?? '')).toMatchObject({ id: String(listed.length), hash: verified.head });
    expect(JSON.parse(await command('audit', 'verify', '--head', verified.head))).toMatchObject({ isHeadKnown: true });
    const seen: string[] = [];
    for (let after: string | null = null, more = true; more;) {
      const { data }: Reply<{ auditLog: ConnectionView<EntryView> }> = await api.ask(
        'query($after: String) { auditLog(first: 3, after: $after) { edges { node { id } } pageInfo { hasNextPage endCursor } } }',
        { after },
        key,
      );
      seen.push(...data.auditLog.edges.map(({ node }) => node.id));
      ({ hasNextPage: more, endCursor: after } = data.auditLog.pageInfo);
    }
    expect(seen).toEqual(listed.map((_, at) => String(listed.length - at)));
    expect((await api.ask('{ auditLog { edges { cursor } } }')).errors).toMatchObject([
      { extensions: { code: 'FORBIDDEN' } },
    ]);

    await api.dataSource.query('ALTER TABLE audit_log DISABLE TRIGGER only_added_to');
    await api.dataSource.query(`UPDATE audit_log SET actor = 'nobody' WHERE id = 2`);
    const exitCode = process.exitCode;
    expect(await command('audit', 'verify', '--head', 'f'.repeat(64))).toMatch(/^ALTERED 2: .*\nCUT_OFF: /);
    expect(process.exitCode).toBe(1);
    process.exitCode = exitCode;
  });
});
