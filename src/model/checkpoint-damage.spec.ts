import { describe, expect, it } from '@jest/globals';
import { randomCheckpoint } from '../../test/random-checkpoint.js';
import { decodeCheckpoint, encodeCheckpoint, type Tensor } from './checkpoint.js';
import { decodeTensors, encodeTensors } from './safetensors.js';

/** Everything switched on: it has every tensor that a checkpoint can have. */
const whole = randomCheckpoint(['a', 'b', 'c'], { heads: 2, kinds: ['view', 'buy'], gaps: 3, attributes: 2 });
const bytes = encodeCheckpoint(whole);
const { metadata, tensors } = decodeTensors(bytes);

function fault(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}

function refusalOf(changed: ReadonlyMap<string, Tensor>): unknown {
  return fault(() => decodeCheckpoint(encodeTensors({ metadata, tensors: changed })));
}

describe('a damaged checkpoint', () => {
  it('is refused when it ends where one of its parts does, or a byte before or after', () => {
    const body = 8 + Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
    let end = body;
    const ends = [...whole.tensors.values()].map(({ data }) => (end += data.byteLength));
    expect(end).toBe(bytes.length);
    for (const place of [0, 8, body, ...ends]) {
      for (const length of [place - 1, place, place + 1].filter((length) => length >= 0 && length < bytes.length)) {
        const error = fault(() => decodeCheckpoint(bytes.subarray(0, length)));
        expect(error).toMatchObject({ code: 'CHECKPOINT_INVALID', message: expect.stringContaining('truncated') });
      }
    }
    expect(fault(() => decodeCheckpoint(bytes))).toMatchObject({ dimensions: whole.dimensions });
  });

  it.each([...tensors.keys()])('is refused without tensor %s', (name) => {
    const error = refusalOf(new Map([...tensors].filter(([other]) => other !== name)));
    expect(error).toMatchObject({
      code: 'CHECKPOINT_INVALID',
      message: expect.stringContaining(`tensor ${name} is missing`),
    });
  });

  const weights = [...tensors].filter(([, { data }]) => data instanceof Float32Array && data.length > 0);

  it.each(weights)('is refused with a number of tensor %s that is none', (name, { shape, data }) => {
    const last = data.length - 1;
    for (const number of [NaN, Infinity, -Infinity]) {
      const broken = Float32Array.from(data).fill(number, last);
      expect(refusalOf(new Map(tensors).set(name, { shape, data: broken }))).toMatchObject({
        code: 'CHECKPOINT_INVALID',
        message: expect.stringContaining(`number ${last} of tensor ${name} is ${number}`),
      });
    }
  });
});
