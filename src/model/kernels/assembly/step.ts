/**
 * The step of many users in WebAssembly SIMD, four f32 lanes at a time; AssemblyScript, compiled by `../build.mjs`.
 *
 * It leaves the bits of its plain twin, `Network.step` over `matrix`, `exponential`, `normal` and `half`: every product and sum is
 * rounded to f32 in the twin's order, lanes lie across outputs (never across a sum, but for a norm's, see `sumInLanes`), and nothing of
 * relaxed SIMD is used. So all machines leave the same bits.
 *
 * Numbers lie in the memory one after the other, row by row; places are in bytes, and every array is followed by room up to a
 * multiple of 16 bytes, which elementwise loops may write. Weights are read in the order of use, from the list `plan` of their places;
 * those of an affine layer lie in panels of 16 outputs, [outputs / 16][inputs][16], filled up with zeros, as its bias.
 */

/** where the next place of the plan lies */
let next: usize = 0;

function weights(): usize {
  const place = <usize>load<u32>(next);
  next += 4;
  return place;
}

/** One event for each of `users`: x [B d] holds E'[i] + C + G before; states [B n] change in place, keep [B H*S] gets the gates. */
export function step(
  users: i32,
  width: i32,
  blocks: i32,
  heads: i32,
  slots: i32,
  round: i32,
  plan: usize,
  x: usize,
  states: usize,
  keep: usize,
  work: usize,
): void {
  next = plan;
  const d = (<usize>width) << 2;
  const n = <usize>(blocks + 2 * slots) * d;
  const array = (<usize>users * d + 15) & ~15;
  const z = work;
  const y = z + array;
  const both = y + array;
  const gates = both + 2 * array;
  const inner = gates + 2 * array;

  layerNorm(users, width, x);
  memory.copy(z, x, <usize>users * d);
  for (let block = 0; block < blocks; block++) {
    const h = states + <usize>block * d;
    gru(users, width, z, h, n, both, gates, y);
    if (round) roundToHalf(users * width, y);
    for (let user = 0; user < users; user++) memory.copy(h + <usize>user * n, y + <usize>user * d, d);
    residual(users, width, z, y, inner);
  }
  if (slots > 0) write(users, width, blocks, heads, slots, z, x, states, keep, y, both);
  if (round) roundToHalf(users * (blocks + 2 * slots) * width, states);
}

/** h [B d] -> y, the next ones; h lies in the states, n bytes from user to user. `stepGru` of `encoder` */
function gru(users: i32, width: i32, z: usize, h: usize, n: usize, both: usize, gates: usize, y: usize): void {
  const d = (<usize>width) << 2;
  for (let user = 0; user < users; user++) {
    memory.copy(both + 2 * <usize>user * d, z + <usize>user * d, d);
    memory.copy(both + (2 * <usize>user + 1) * d, h + <usize>user * n, d);
  }
  affine(users, 2 * width, 2 * width, both, gates);
  sigmoid(users * 2 * width, gates);
  for (let user = 0; user < users; user++) {
    multiply(width, gates + 2 * <usize>user * d, h + <usize>user * n, both + (2 * <usize>user + 1) * d);
  }
  affine(users, 2 * width, width, both, y);
  tanh(users * width, y);
  for (let user = 0; user < users; user++) {
    fade(width, gates + (2 * <usize>user + 1) * d, h + <usize>user * n, y + <usize>user * d);
  }
}

/** `residual` of one user, whose weights begin at `plan`; z [d] becomes the result, y [d] is lost, and `inner` [4 d] is room to work in. */
export function join(width: i32, plan: usize, z: usize, y: usize, inner: usize): void {
  next = plan;
  residual(1, width, z, y, inner);
}

/** z = LN(z + y); z = LN(z + FFN(z)), in place; y is lost */
function residual(users: i32, width: i32, z: usize, y: usize, inner: usize): void {
  add(users * width, z, y);
  layerNorm(users, width, z);
  affine(users, width, 4 * width, z, inner);
  gelu(users * 4 * width, inner);
  affine(users, 4 * width, width, inner, y);
  add(users * width, z, y);
  layerNorm(users, width, z);
}

/** `write` of `write`; the room of the hidden states and of what went into them holds key and value */
function write(
  users: i32,
  width: i32,
  blocks: i32,
  heads: i32,
  slots: i32,
  z: usize,
  x: usize,
  states: usize,
  keep: usize,
  key: usize,
  value: usize,
): void {
  const d = (<usize>width) << 2;
  const n = <usize>(blocks + 2 * slots) * d;
  affine(users, width, heads * slots, z, keep);
  sigmoid(users * heads * slots, keep);
  affine(users, width, width, x, key);
  affine(users, width, width, x, value);
  const part = width / heads;
  for (let user = 0; user < users; user++) {
    let kept = states + <usize>user * n + <usize>blocks * d;
    for (let mark = key, both = 0; both < 2; both++, mark = value) {
      for (let gate = 0; gate < heads * slots; gate++) {
        const stay = load<f32>(keep + ((<usize>(user * heads * slots + gate)) << 2));
        fadeBy(part, stay, kept, mark + <usize>user * d + ((<usize>(gate / slots) * part) << 2));
        kept += (<usize>part) << 2;
      }
    }
  }
}

/** y [B outputs] = x [B inputs] W + b: 16 outputs of two users at a time */
function affine(rows: i32, inputs: i32, outputs: i32, x: usize, y: usize): void {
  let panel = weights();
  let bias = weights();
  const from = (<usize>inputs) << 2;
  const to = (<usize>outputs) << 2;
  for (let output = 0; output < outputs; output += 16, panel += from << 4, bias += 64) {
    const count = min(16, outputs - output);
    const b0 = v128.load(bias);
    const b1 = v128.load(bias, 16);
    const b2 = v128.load(bias, 32);
    const b3 = v128.load(bias, 48);
    let input = x;
    let place = y + ((<usize>output) << 2);
    let row = 0;
    for (; row + 2 <= rows; row += 2, input += from << 1, place += to << 1) {
      let s0 = b0;
      let s1 = b1;
      let s2 = b2;
      let s3 = b3;
      let t0 = b0;
      let t1 = b1;
      let t2 = b2;
      let t3 = b3;
      let w = panel;
      for (let at = input, end = input + from; at < end; at += 4, w += 64) {
        const one = v128.load_splat<f32>(at);
        const two = v128.load_splat<f32>(at + from);
        const w0 = v128.load(w);
        const w1 = v128.load(w, 16);
        const w2 = v128.load(w, 32);
        const w3 = v128.load(w, 48);
        s0 = f32x4.add(s0, f32x4.mul(one, w0));
        s1 = f32x4.add(s1, f32x4.mul(one, w1));
        s2 = f32x4.add(s2, f32x4.mul(one, w2));
        s3 = f32x4.add(s3, f32x4.mul(one, w3));
        t0 = f32x4.add(t0, f32x4.mul(two, w0));
        t1 = f32x4.add(t1, f32x4.mul(two, w1));
        t2 = f32x4.add(t2, f32x4.mul(two, w2));
        t3 = f32x4.add(t3, f32x4.mul(two, w3));
      }
      storeSome(count, place, s0, s1, s2, s3);
      storeSome(count, place + to, t0, t1, t2, t3);
    }
    if (row < rows) {
      let s0 = b0;
      let s1 = b1;
      let s2 = b2;
      let s3 = b3;
      let w = panel;
      for (let at = input, end = input + from; at < end; at += 4, w += 64) {
        const one = v128.load_splat<f32>(at);
        s0 = f32x4.add(s0, f32x4.mul(one, v128.load(w)));
        s1 = f32x4.add(s1, f32x4.mul(one, v128.load(w, 16)));
        s2 = f32x4.add(s2, f32x4.mul(one, v128.load(w, 32)));
        s3 = f32x4.add(s3, f32x4.mul(one, v128.load(w, 48)));
      }
      storeSome(count, place, s0, s1, s2, s3);
    }
  }
}

/** The first `count` of 16 numbers. */
function storeSome(count: i32, to: usize, s0: v128, s1: v128, s2: v128, s3: v128): void {
  if (count == 16) {
    v128.store(to, s0);
    v128.store(to, s1, 16);
    v128.store(to, s2, 32);
    v128.store(to, s3, 48);
    return;
  }
  for (let left = count, part = s0; left > 0; left -= 4, to += 16) {
    if (left >= 4) {
      v128.store(to, part);
    } else {
      store<f32>(to, f32x4.extract_lane(part, 0));
      if (left > 1) store<f32>(to, f32x4.extract_lane(part, 1), 4);
      if (left > 2) store<f32>(to, f32x4.extract_lane(part, 2), 8);
    }
    part = s1;
    s1 = s2;
    s2 = s3;
  }
}

/** In place, row by row. */
function layerNorm(rows: i32, width: i32, x: usize): void {
  const gain = weights();
  const bias = weights();
  const bytes = (<usize>width) << 2;
  const whole = bytes & ~15;
  for (let row = x, end = x + <usize>rows * bytes; row < end; row += bytes) {
    const mean = sumInLanes(row, bytes) / <f32>width;
    let squares = f32x4.splat(0);
    for (let at: usize = 0; at < whole; at += 16) {
      const off = f32x4.sub(v128.load(row + at), f32x4.splat(mean));
      v128.store(row + at, off);
      squares = f32x4.add(squares, f32x4.mul(off, off));
    }
    let sum = pairs(squares);
    for (let at = whole; at < bytes; at += 4) {
      const off = load<f32>(row + at) - mean;
      store<f32>(row + at, off);
      sum += off * off;
    }
    const scale = <f32>1 / sqrt<f32>(sum / <f32>width + <f32>1e-5);
    for (let at: usize = 0; at < whole; at += 16) {
      const scaled = f32x4.mul(v128.load(row + at), f32x4.splat(scale));
      v128.store(row + at, f32x4.add(f32x4.mul(scaled, v128.load(gain + at)), v128.load(bias + at)));
    }
    for (let at = whole; at < bytes; at += 4) {
      store<f32>(row + at, load<f32>(row + at) * scale * load<f32>(gain + at) + load<f32>(bias + at));
    }
  }
}

/** `sumInLanes` of `matrix` */
function sumInLanes(row: usize, bytes: usize): f32 {
  const whole = bytes & ~15;
  let lanes = f32x4.splat(0);
  for (let at: usize = 0; at < whole; at += 16) lanes = f32x4.add(lanes, v128.load(row + at));
  let sum = pairs(lanes);
  for (let at = whole; at < bytes; at += 4) sum += load<f32>(row + at);
  return sum;
}

function pairs(lanes: v128): f32 {
  const low = f32x4.extract_lane(lanes, 0) + f32x4.extract_lane(lanes, 1);
  return low + (f32x4.extract_lane(lanes, 2) + f32x4.extract_lane(lanes, 3));
}

/** x += y */
function add(count: i32, x: usize, y: usize): void {
  for (let at: usize = 0, end = (<usize>count) << 2; at < end; at += 16) {
    v128.store(x + at, f32x4.add(v128.load(x + at), v128.load(y + at)));
  }
}

/** to = x y, of one user: what lies behind is another's */
function multiply(count: i32, x: usize, y: usize, to: usize): void {
  const bytes = (<usize>count) << 2;
  const whole = bytes & ~15;
  for (let at: usize = 0; at < whole; at += 16) {
    v128.store(to + at, f32x4.mul(v128.load(x + at), v128.load(y + at)));
  }
  for (let at = whole; at < bytes; at += 4) store<f32>(to + at, load<f32>(x + at) * load<f32>(y + at));
}

/** y = k x + (1 - k) y, of one user */
function fade(count: i32, k: usize, x: usize, y: usize): void {
  const bytes = (<usize>count) << 2;
  const whole = bytes & ~15;
  const one = f32x4.splat(1);
  for (let at: usize = 0; at < whole; at += 16) {
    const stay = v128.load(k + at);
    const rest = f32x4.mul(f32x4.sub(one, stay), v128.load(y + at));
    v128.store(y + at, f32x4.add(f32x4.mul(stay, v128.load(x + at)), rest));
  }
  for (let at = whole; at < bytes; at += 4) {
    const stay = load<f32>(k + at);
    store<f32>(y + at, stay * load<f32>(x + at) + (<f32>1 - stay) * load<f32>(y + at));
  }
}

/** x = k x + (1 - k) y with one gate for all, of one slot and head */
function fadeBy(count: i32, k: f32, x: usize, y: usize): void {
  const bytes = (<usize>count) << 2;
  const whole = bytes & ~15;
  const rest = <f32>1 - k;
  for (let at: usize = 0; at < whole; at += 16) {
    const kept = f32x4.mul(f32x4.splat(k), v128.load(x + at));
    v128.store(x + at, f32x4.add(kept, f32x4.mul(f32x4.splat(rest), v128.load(y + at))));
  }
  for (let at = whole; at < bytes; at += 4) {
    store<f32>(x + at, k * load<f32>(x + at) + rest * load<f32>(y + at));
  }
}

function sigmoid(count: i32, x: usize): void {
  const one = f32x4.splat(1);
  for (let at = x, end = x + ((<usize>count) << 2); at < end; at += 16) {
    v128.store(at, f32x4.div(one, f32x4.add(one, exp(f32x4.neg(v128.load(at))))));
  }
}

function tanh(count: i32, x: usize): void {
  const one = f32x4.splat(1);
  const two = f32x4.splat(2);
  for (let at = x, end = x + ((<usize>count) << 2); at < end; at += 16) {
    const power = exp(f32x4.mul(two, v128.load(at)));
    v128.store(at, f32x4.sub(one, f32x4.div(two, f32x4.add(power, one))));
  }
}

/** x times `normalCdf` of `normal` */
function gelu(count: i32, x: usize): void {
  const one = f32x4.splat(1);
  for (let place = x, end = x + ((<usize>count) << 2); place < end; place += 16) {
    const value = v128.load(place);
    const p = f32x4.splat(<f32>0.23164188);
    const t = f32x4.div(one, f32x4.add(one, f32x4.mul(p, f32x4.abs(value))));
    let sum = f32x4.add(f32x4.mul(f32x4.splat(<f32>(1.061405429 / 2)), t), f32x4.splat(<f32>(-1.453152027 / 2)));
    sum = f32x4.add(f32x4.mul(sum, t), f32x4.splat(<f32>(1.421413741 / 2)));
    sum = f32x4.add(f32x4.mul(sum, t), f32x4.splat(<f32>(-0.284496736 / 2)));
    sum = f32x4.add(f32x4.mul(sum, t), f32x4.splat(<f32>(0.254829592 / 2)));
    const density = exp(f32x4.mul(f32x4.mul(value, value), f32x4.splat(-0.5)));
    const tail = f32x4.mul(f32x4.mul(sum, t), density);
    const below = f32x4.lt(value, f32x4.splat(0));
    v128.store(place, f32x4.mul(value, v128.bitselect(tail, f32x4.sub(one, tail), below)));
  }
}

/** `exp` of `exponential` */
function exp(x: v128): v128 {
  const bounded = f32x4.pmin(f32x4.pmax(x, f32x4.splat(-87)), f32x4.splat(87));
  const rounder = f32x4.splat(12582912);
  const shifted = f32x4.add(f32x4.mul(bounded, f32x4.splat(<f32>1.4426950408889634)), rounder);
  const n = f32x4.sub(shifted, rounder);
  const high = f32x4.sub(bounded, f32x4.mul(n, f32x4.splat(0.693359375)));
  const r = f32x4.sub(high, f32x4.mul(n, f32x4.splat(<f32>-2.1219444005469e-4)));
  let sum = f32x4.add(f32x4.mul(f32x4.splat(<f32>1.98756915e-4), r), f32x4.splat(<f32>1.3981999507e-3));
  sum = f32x4.add(f32x4.mul(sum, r), f32x4.splat(<f32>8.3334519073e-3));
  sum = f32x4.add(f32x4.mul(sum, r), f32x4.splat(<f32>4.1665795894e-2));
  sum = f32x4.add(f32x4.mul(sum, r), f32x4.splat(<f32>1.6666665459e-1));
  sum = f32x4.add(f32x4.mul(sum, r), f32x4.splat(<f32>5.0000001201e-1));
  sum = f32x4.add(f32x4.add(f32x4.mul(sum, f32x4.mul(r, r)), r), f32x4.splat(1));
  // the last bits of `shifted` are n: n + 127 in the place of the exponent is 2^n
  const power = i32x4.shl(i32x4.add(shifted, i32x4.splat(127 - 0x4b400000)), 23);
  return f32x4.mul(sum, power);
}

/** `roundToHalf` of `half`; to add 1/2 to a number below 2^-14 rounds it to the step of the halves there, 2^-24 */
function roundToHalf(count: i32, x: usize): void {
  for (let at = x, end = x + ((<usize>count) << 2); at < end; at += 16) {
    const all = v128.load(at);
    const signs = v128.and(all, i32x4.splat(0x80000000));
    const magnitude = v128.xor(all, signs);
    const odd = v128.and(i32x4.shr_u(all, 13), i32x4.splat(1));
    const carried = i32x4.add(i32x4.add(magnitude, i32x4.splat(0xfff)), odd);
    const normal = v128.and(carried, i32x4.splat(~0x1fff));
    const half = f32x4.splat(0.5);
    const small = f32x4.sub(f32x4.add(magnitude, half), half);
    const isSmall = i32x4.lt_s(magnitude, i32x4.splat(0x38800000));
    const isFinite = i32x4.lt_s(magnitude, i32x4.splat(0x477ff000));
    const isNan = i32x4.gt_s(magnitude, i32x4.splat(0x7f800000));
    const large = v128.bitselect(magnitude, i32x4.splat(0x7f800000), isNan);
    const rounded = v128.bitselect(v128.bitselect(small, normal, isSmall), large, isFinite);
    v128.store(at, v128.or(rounded, signs));
  }
}

/** Numbers that are halves -> halves, `encodeHalves` of `half`; writes up to 14 bytes too many */
export function encodeHalves(count: i32, from: usize, to: usize): void {
  for (let end = from + ((<usize>count) << 2); from < end; from += 16, to += 8) {
    const all = v128.load(from);
    const magnitude = v128.and(all, i32x4.splat(0x7fffffff));
    const signs = i32x4.shr_u(v128.xor(all, magnitude), 16);
    const normal = i32x4.shr_u(i32x4.sub(magnitude, i32x4.splat(0x38000000)), 13);
    const small = i32x4.trunc_sat_f32x4_s(f32x4.mul(magnitude, f32x4.splat(16777216)));
    const isSmall = i32x4.lt_s(magnitude, i32x4.splat(0x38800000));
    const isFinite = i32x4.lt_s(magnitude, i32x4.splat(0x7f800000));
    const isNan = i32x4.gt_s(magnitude, i32x4.splat(0x7f800000));
    const large = v128.bitselect(i32x4.splat(0x7e00), i32x4.splat(0x7c00), isNan);
    const halves = v128.or(v128.bitselect(v128.bitselect(small, normal, isSmall), large, isFinite), signs);
    v128.store64_lane(to, i16x8.narrow_i32x4_u(halves, halves), 0);
  }
}

/** Halves -> numbers, `decodeHalves` of `half` */
export function decodeHalves(count: i32, from: usize, to: usize): void {
  for (let end = to + ((<usize>count) << 2); to < end; from += 8, to += 16) {
    const half = v128.load16x4_u(from);
    const magnitude = v128.and(half, i32x4.splat(0x7fff));
    const signs = i32x4.shl(v128.xor(half, magnitude), 16);
    const normal = i32x4.add(i32x4.shl(magnitude, 13), i32x4.splat(0x38000000));
    const small = f32x4.mul(f32x4.convert_i32x4_s(magnitude), f32x4.splat(<f32>(1.0 / 16777216.0)));
    const isSmall = i32x4.lt_s(magnitude, i32x4.splat(0x0400));
    const isFinite = i32x4.lt_s(magnitude, i32x4.splat(0x7c00));
    const isNan = i32x4.gt_s(magnitude, i32x4.splat(0x7c00));
    const large = v128.bitselect(i32x4.splat(0x7fc00000), i32x4.splat(0x7f800000), isNan);
    v128.store(to, v128.or(v128.bitselect(v128.bitselect(small, normal, isSmall), large, isFinite), signs));
  }
}
