/** A thread of a rebuild: replays the users that it is sent, one message after the other, and answers each when they are saved. */
import { parentPort, workerData } from 'node:worker_threads';
import { decodeCheckpoint } from '../model/checkpoint.js';
import { Network } from '../model/network.js';
import { createDataSource } from '../storage/data-source.js';
import { replayUsers, type RebuildTask } from './memory-rebuild.js';

const { database, checkpoint, table, upTo } = workerData as RebuildTask;
const network = new Network(decodeCheckpoint(checkpoint));
const dataSource = await createDataSource({ ...database, databasePoolSize: 1 }).initialize();

parentPort?.on('message', (userIds: readonly string[]) => {
  void replayUsers(dataSource, network, table, userIds, upTo).then(() => parentPort?.postMessage('saved')); // a fault ends the thread
});
