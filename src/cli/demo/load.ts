/** The catalogue through GraphQL, then the ratings in order of time through the stream; what is there already is left alone. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import type { GraphqlClient } from './graphql-client.js';
import { readFilms, readRatings } from './movielens.js';
import { progress } from './progress.js';
import type { Stream } from './stream.js';

const batch = 500;

export async function loadCatalogue(client: GraphqlClient): Promise<void> {
  const films = readFilms();
  const last = films.at(-1);
  if (last === undefined) return;
  const { item } = await client.request<{ item: { id: string } | null }>('query ($id: ID!) { item(id: $id) { id } }', {
    id: last.id,
  });
  if (item !== null) return;
  const bar = progress('films', films.length);
  for (let at = 0; at < films.length; at += batch) {
    const { putItems } = await client.request<{ putItems: { userErrors: readonly { message: string }[] } }>(
      'mutation ($input: PutItemsInput!) { putItems(input: $input) { userErrors { message } } }',
      { input: { items: films.slice(at, at + batch) } },
    );
    if (putItems.userErrors[0] !== undefined) throw new Error(putItems.userErrors[0].message);
    bar.update(at + batch);
  }
  bar.stop();
}

/** Sends what the log does not have, and waits until all of it is applied. */
export async function loadRatings(stream: Stream, dataSource: DataSource): Promise<void> {
  const ratings = readRatings();
  const applied = async (): Promise<number> => {
    const [row] = await dataSource.query<{ count: string }[]>(`SELECT count(*) FROM interaction WHERE id LIKE 'ml-%'`);
    return Number(row?.count ?? 0);
  };
  if ((await applied()) === ratings.length) return;
  const started = Date.now();
  const bar = progress(`ratings through ${stream.way}`, ratings.length);
  let sent = 0;
  let arrived = 0;
  const sending = (async () => {
    for (; sent < ratings.length; sent += batch) await stream.send(ratings.slice(sent, sent + batch));
  })();
  while (arrived < ratings.length) {
    await Promise.race([sending, sleep(250)]); // a failure to send ends the wait
    await sleep(250);
    arrived = await applied();
    bar.update(arrived, `${Math.round((1000 * arrived) / (Date.now() - started)).toLocaleString('en')}/s`);
  }
  await sending;
  bar.stop();
}
