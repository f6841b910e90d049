/** From the rows of a model to a network that can serve: chunks -> SHA-256 -> checkpoint -> network -> one step and one score. */
import { createHash } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import { RecollectError } from '../errors.js';
import { decodeCheckpoint } from '../model/checkpoint.js';
import { Network } from '../model/network.js';
import { emptyState } from '../model/user-state.js';
import { findModel, readModelChunks } from '../storage/model.store.js';

/** Throws NOT_FOUND, or CHECKPOINT_INVALID when the bytes are not those that were stored. */
export async function loadNetwork(manager: EntityManager, version: number): Promise<Network> {
  const network = new Network(decodeCheckpoint(await readWeights(manager, version)));
  if (!warmUp(network)) throw damaged(version, 'an answer from them is not a number');
  return network;
}

/** The checkpoint's bytes as they were stored; throws as `loadNetwork`. */
export async function readWeights(manager: EntityManager, version: number): Promise<Buffer> {
  const model = await findModel(manager, version);
  if (model === null) throw new RecollectError('NOT_FOUND', `there is no model ${version}`);
  const expected = Number(model.byteLength);
  const bytes = Buffer.alloc(expected);
  const hash = createHash('sha256');
  let length = 0;
  for await (const chunk of readModelChunks(manager, version)) {
    if (length + chunk.length <= expected) chunk.copy(bytes, length);
    hash.update(chunk);
    length += chunk.length;
  }
  if (length !== expected) throw damaged(version, `${length} bytes are stored, ${expected} were written`);
  if (hash.digest('hex') !== model.sha256) throw damaged(version, 'their SHA-256 is another one');
  return bytes;
}

function damaged(version: number, what: string): RecollectError {
  return new RecollectError('CHECKPOINT_INVALID', `the weights of model ${version} are damaged: ${what}; train again`);
}

/** The first step and score compile the loops, before a request has to wait for it. */
function warmUp(network: Network): boolean {
  const state = emptyState(network.dimensions);
  const one = Int32Array.of(0);
  network.step([state], Int32Array.of(Math.min(1, network.vocabulary.size)), { kinds: one, gaps: one });
  return network.scores(state, network.query(state)).every(Number.isFinite);
}
