/** Adam on some rows equals Adam on a parameter of these rows alone, and leaves the others as they are. */
import assert from 'node:assert/strict';
import { tf } from '../../../src/training/backend.js';
import { Optimizer } from '../../../src/training/optimizer/optimizer.js';
import { close } from './close.js';

const [rows, d] = [6, 3];
const touched = [4, 0, 5];
const values = (size: number, phase: number) => Float32Array.from({ length: size }, (_, at) => Math.sin(at + phase));
const table = values(rows * d, 1);
const part = Float32Array.from(touched.flatMap((row) => [...table.subarray(row * d, (row + 1) * d)]));

const whole = new Optimizer(new Map([['table', { shape: [rows, d], data: table }]]));
const alone = new Optimizer(new Map([['table', { shape: [touched.length, d], data: part }]]));
const places = new Map([['table', tf.tensor1d(Int32Array.from(touched))]]);

close(whole.read(places).get('table')?.dataSync() ?? [], part, 0, 'the rows as they are read');
for (let step = 0; step < 20; step++) {
  // the first one is cut to the norm of 1
  const gradient = tf.tensor2d(values(touched.length * d, step * 2), [touched.length, d]);
  const norms = [
    whole.apply(new Map([['table', gradient]]), 0.05, 1, places),
    alone.apply(new Map([['table', gradient]]), 0.05, 1),
  ];
  assert.equal(norms[0], norms[1]);
}
const after = whole.snapshot().get('table')?.data ?? new Float32Array();
const expected = alone.snapshot().get('table')?.data ?? new Float32Array();
const rowOf = (data: Float32Array, row: number) => data.subarray(row * d, (row + 1) * d);
touched.forEach((row, place) => {
  close(rowOf(after, row), rowOf(expected, place), 1e-6, `row ${row}`);
  assert.notDeepEqual(rowOf(after, row), rowOf(table, row), `row ${row} has moved`);
});
for (const row of [1, 2, 3]) assert.deepEqual(rowOf(after, row), rowOf(table, row), `row ${row} is as it was`);
