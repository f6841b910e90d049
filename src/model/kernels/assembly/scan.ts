/**
 * Upper bounds of what items score for a query, or of their vectors' cosines with directions; AssemblyScript, compiled by `../build.mjs`
 * with a memory that threads share, so that several can each scan a part of the items.
 *
 *   cosine  uScale scale_j (u . o_j) + uLength error_j + uError
 *   score   length_j times that, + bias_j
 *
 * Items lie in tiles of four. A tile holds the numbers of their vectors in 8 bits, four columns of the first item, of the second and so
 * on, then the next four columns, so that one product gives a part of the sums of all four; and behind them, four f32 each, what the
 * bounds take beside: offset (i32), scale, error, length, bias.
 *
 * u is in 7 bits, 64 above its numbers, which lie in -63 .. 63: the relaxed product is the same on all machines, since u + 64 lies in
 * 1 .. 127 and two products of 127 * 127 fit in 16 bits. The offset takes the 64 away: it is -64 times the sum of the vector's numbers.
 * The numbers of several u lie one behind the other, and so do their uScale, uLength, uError and a place to spare at `factors`.
 */

/** Bytes of a tile beside the vectors'. */
const besides: usize = 80;

/**
 * The tiles `from` .. `to` - 1 of each quarter of all, of which there are four times `quarter`: a processor waits less for four places
 * of the memory that are read together than for one. `bounds` has those of all items for the first direction, then for the next.
 * `width` is a multiple of 4.
 */
export function scan(
  from: i32,
  to: i32,
  quarter: i32,
  width: i32,
  tiles: usize,
  directions: i32,
  numbers: usize,
  factors: usize,
  isScore: bool,
  bounds: usize,
): void {
  const row = <usize>width;
  const size = 4 * row + besides;
  const next = <usize>quarter * size;
  const nextBounds = (<usize>quarter) << 4;
  const all = 4 * nextBounds;
  for (let tile = from; tile < to; tile++) {
    const a = tiles + <usize>tile * size;
    const toA = bounds + ((<usize>tile) << 4);
    let direction: i32 = 0;
    for (; direction + 4 <= directions; direction += 4) {
      const u = numbers + <usize>direction * row;
      const factor = factors + ((<usize>direction) << 4);
      const to = toA + <usize>direction * all;
      scanFour(a, a + next, row, u, factor, isScore, to, to + nextBounds, all);
      scanFour(a + 2 * next, a + 3 * next, row, u, factor, isScore, to + 2 * nextBounds, to + 3 * nextBounds, all);
    }
    for (; direction < directions; direction++) {
      const u = numbers + <usize>direction * row;
      const factor = factors + ((<usize>direction) << 4);
      scanOne(a, next, row, u, factor, isScore, toA + <usize>direction * all, nextBounds);
    }
  }
}

/** A tile of each quarter, for one direction. */
function scanOne(
  a: usize,
  next: usize,
  row: usize,
  u: usize,
  factor: usize,
  isScore: bool,
  to: usize,
  nextBounds: usize,
): void {
  const b = a + next;
  const c = b + next;
  const d = c + next;
  const rest = 4 * row;
  let sumsA = v128.load(a + rest);
  let sumsB = v128.load(b + rest);
  let sumsC = v128.load(c + rest);
  let sumsD = v128.load(d + rest);
  for (let column: usize = 0; column < row; column += 4) {
    const four = v128.load32_splat(u + column);
    sumsA = i32x4.relaxed_dot_i8x16_i7x16_add_s(v128.load(a + 4 * column), four, sumsA);
    sumsB = i32x4.relaxed_dot_i8x16_i7x16_add_s(v128.load(b + 4 * column), four, sumsB);
    sumsC = i32x4.relaxed_dot_i8x16_i7x16_add_s(v128.load(c + 4 * column), four, sumsC);
    sumsD = i32x4.relaxed_dot_i8x16_i7x16_add_s(v128.load(d + 4 * column), four, sumsD);
  }
  storeBounds(sumsA, a + rest, factor, isScore, to);
  storeBounds(sumsB, b + rest, factor, isScore, to + nextBounds);
  storeBounds(sumsC, c + rest, factor, isScore, to + 2 * nextBounds);
  storeBounds(sumsD, d + rest, factor, isScore, to + 3 * nextBounds);
}

/** Two tiles for four directions, so that what is read of a tile serves four products. */
function scanFour(
  a: usize,
  b: usize,
  row: usize,
  u: usize,
  factor: usize,
  isScore: bool,
  toA: usize,
  toB: usize,
  all: usize,
): void {
  const rest = 4 * row;
  let a0 = v128.load(a + rest);
  let a1 = a0;
  let a2 = a0;
  let a3 = a0;
  let b0 = v128.load(b + rest);
  let b1 = b0;
  let b2 = b0;
  let b3 = b0;
  for (let column: usize = 0; column < row; column += 4) {
    const ofA = v128.load(a + 4 * column);
    const ofB = v128.load(b + 4 * column);
    const u0 = v128.load32_splat(u + column);
    a0 = i32x4.relaxed_dot_i8x16_i7x16_add_s(ofA, u0, a0);
    b0 = i32x4.relaxed_dot_i8x16_i7x16_add_s(ofB, u0, b0);
    const u1 = v128.load32_splat(u + row + column);
    a1 = i32x4.relaxed_dot_i8x16_i7x16_add_s(ofA, u1, a1);
    b1 = i32x4.relaxed_dot_i8x16_i7x16_add_s(ofB, u1, b1);
    const u2 = v128.load32_splat(u + 2 * row + column);
    a2 = i32x4.relaxed_dot_i8x16_i7x16_add_s(ofA, u2, a2);
    b2 = i32x4.relaxed_dot_i8x16_i7x16_add_s(ofB, u2, b2);
    const u3 = v128.load32_splat(u + 3 * row + column);
    a3 = i32x4.relaxed_dot_i8x16_i7x16_add_s(ofA, u3, a3);
    b3 = i32x4.relaxed_dot_i8x16_i7x16_add_s(ofB, u3, b3);
  }
  storeBounds(a0, a + rest, factor, isScore, toA);
  storeBounds(a1, a + rest, factor + 16, isScore, toA + all);
  storeBounds(a2, a + rest, factor + 32, isScore, toA + 2 * all);
  storeBounds(a3, a + rest, factor + 48, isScore, toA + 3 * all);
  storeBounds(b0, b + rest, factor, isScore, toB);
  storeBounds(b1, b + rest, factor + 16, isScore, toB + all);
  storeBounds(b2, b + rest, factor + 32, isScore, toB + 2 * all);
  storeBounds(b3, b + rest, factor + 48, isScore, toB + 3 * all);
}

/** The bounds of a tile's items out of their sums; `rest`: what the tile holds beside the vectors. */
function storeBounds(sums: v128, rest: usize, factor: usize, isScore: bool, to: usize): void {
  const scale = v128.load32_splat(factor);
  const product = f32x4.mul(f32x4.mul(f32x4.convert_i32x4_s(sums), v128.load(rest, 16)), scale);
  const slack = f32x4.add(f32x4.mul(v128.load(rest, 32), v128.load32_splat(factor, 4)), v128.load32_splat(factor, 8));
  let bound = f32x4.add(product, slack);
  if (isScore) bound = f32x4.add(f32x4.mul(bound, v128.load(rest, 48)), v128.load(rest, 64));
  v128.store(to, bound);
}

/** Of `count` numbers, a multiple of 16, the places of those that are not below `least`, rising; returns how many, -1 where they are more than `room`. */
export function placesFrom(count: i32, numbers: usize, least: f32, places: usize, room: i32): i32 {
  const bound = f32x4.splat(least);
  let found = 0;
  for (let place = 0; place < count; place += 16, numbers += 64) {
    const n0 = f32x4.lt(v128.load(numbers), bound);
    const n1 = f32x4.lt(v128.load(numbers, 16), bound);
    const n2 = f32x4.lt(v128.load(numbers, 32), bound);
    const n3 = f32x4.lt(v128.load(numbers, 48), bound);
    const below = i8x16.bitmask(i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(n0, n1), i16x8.narrow_i32x4_s(n2, n3)));
    let lanes = below ^ 0xffff;
    if (lanes == 0) continue;
    if (found + 16 > room) return -1;
    for (; lanes != 0; lanes &= lanes - 1, found++) store<i32>(places + ((<usize>found) << 2), place + <i32>ctz(lanes));
  }
  return found;
}
