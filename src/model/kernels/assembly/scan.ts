/**
 * Finds the items whose scores for a query, or whose vectors' cosines with directions, can reach a number, by upper bounds of these;
 * AssemblyScript, compiled by `../build.mjs` with a memory that threads share, so that several can each scan a part of the items.
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
 * The numbers of several u lie one behind the other, and so do their uScale, uLength, uError and what the bounds must reach at `factors`.
 *
 * What is found for a u are the rows and their bounds, in any order: a count in the first four bytes of its part of `found`, from the
 * 16th byte on the rows, and behind the `room` for all of them the bounds.
 */

/** Bytes of a tile beside the vectors'. */
const besides: usize = 80;

/**
 * The tiles `from` .. `to` - 1 of each quarter of all, of which there are four times `quarter`: a processor waits less for four places
 * of the memory that are read together than for one. `width` is a multiple of 4, `room` too. A bound that is no number is found.
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
  found: usize,
  room: i32,
): void {
  const row = <usize>width;
  const size = 4 * row + besides;
  const next = <usize>quarter * size;
  for (let tile = from; tile < to; tile++) {
    const a = tiles + <usize>tile * size;
    let direction: i32 = 0;
    for (; direction + 4 <= directions; direction += 4) {
      const u = numbers + <usize>direction * row;
      const factor = factors + ((<usize>direction) << 4);
      const to = partOf(found, direction, room);
      scanFour(a, a + next, row, u, factor, isScore, to, room, tile, tile + quarter);
      scanFour(a + 2 * next, a + 3 * next, row, u, factor, isScore, to, room, tile + 2 * quarter, tile + 3 * quarter);
    }
    for (; direction < directions; direction++) {
      const u = numbers + <usize>direction * row;
      const factor = factors + ((<usize>direction) << 4);
      scanOne(a, next, row, u, factor, isScore, partOf(found, direction, room), room, tile, quarter);
    }
  }
}

/** Where what is found for a direction lies. */
function partOf(found: usize, direction: i32, room: i32): usize {
  return found + <usize>direction * (16 + ((<usize>room) << 3));
}

/** A tile of each quarter, for one direction. */
function scanOne(
  a: usize,
  next: usize,
  row: usize,
  u: usize,
  factor: usize,
  isScore: bool,
  found: usize,
  room: i32,
  tile: i32,
  quarter: i32,
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
  find(sumsA, a + rest, factor, isScore, found, room, tile);
  find(sumsB, b + rest, factor, isScore, found, room, tile + quarter);
  find(sumsC, c + rest, factor, isScore, found, room, tile + 2 * quarter);
  find(sumsD, d + rest, factor, isScore, found, room, tile + 3 * quarter);
}

/** Two tiles for four directions, so that what is read of a tile serves four products. */
function scanFour(
  a: usize,
  b: usize,
  row: usize,
  u: usize,
  factor: usize,
  isScore: bool,
  found: usize,
  room: i32,
  tileA: i32,
  tileB: i32,
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
  findFour(a0, a1, a2, a3, a + rest, factor, isScore, found, room, tileA);
  findFour(b0, b1, b2, b3, b + rest, factor, isScore, found, room, tileB);
}

/** `find` for four directions, which as a rule find nothing in a tile. */
function findFour(
  sums0: v128,
  sums1: v128,
  sums2: v128,
  sums3: v128,
  rest: usize,
  factor: usize,
  isScore: bool,
  found: usize,
  room: i32,
  tile: i32,
): void {
  const scales = v128.load(rest, 16);
  const errors = v128.load(rest, 32);
  const lengths = isScore ? v128.load(rest, 48) : f32x4.splat(1);
  const biases = isScore ? v128.load(rest, 64) : f32x4.splat(0);
  const bounds0 = boundsOf(sums0, scales, errors, lengths, biases, factor);
  const bounds1 = boundsOf(sums1, scales, errors, lengths, biases, factor + 16);
  const bounds2 = boundsOf(sums2, scales, errors, lengths, biases, factor + 32);
  const bounds3 = boundsOf(sums3, scales, errors, lengths, biases, factor + 48);
  const below0 = f32x4.lt(bounds0, v128.load32_splat(factor, 12));
  const below1 = f32x4.lt(bounds1, v128.load32_splat(factor, 28));
  const below2 = f32x4.lt(bounds2, v128.load32_splat(factor, 44));
  const below3 = f32x4.lt(bounds3, v128.load32_splat(factor, 60));
  if (i32x4.all_true(v128.and(v128.and(below0, below1), v128.and(below2, below3)))) return;
  const next = partOf(0, 1, room);
  const row = (tile << 2) + 1;
  keep(bounds0, i32x4.bitmask(below0) ^ 15, found, room, row);
  keep(bounds1, i32x4.bitmask(below1) ^ 15, found + next, room, row);
  keep(bounds2, i32x4.bitmask(below2) ^ 15, found + 2 * next, room, row);
  keep(bounds3, i32x4.bitmask(below3) ^ 15, found + 3 * next, room, row);
}

/** Those of a tile's items whose bounds reach what they must; `rest`: what the tile holds beside the vectors. */
function find(sums: v128, rest: usize, factor: usize, isScore: bool, found: usize, room: i32, tile: i32): void {
  const lengths = isScore ? v128.load(rest, 48) : f32x4.splat(1);
  const biases = isScore ? v128.load(rest, 64) : f32x4.splat(0);
  const bounds = boundsOf(sums, v128.load(rest, 16), v128.load(rest, 32), lengths, biases, factor);
  keep(bounds, i32x4.bitmask(f32x4.lt(bounds, v128.load32_splat(factor, 12))) ^ 15, found, room, (tile << 2) + 1);
}

function boundsOf(sums: v128, scales: v128, errors: v128, lengths: v128, biases: v128, factor: usize): v128 {
  const product = f32x4.mul(f32x4.mul(f32x4.convert_i32x4_s(sums), scales), v128.load32_splat(factor));
  const slack = f32x4.add(f32x4.mul(errors, v128.load32_splat(factor, 4)), v128.load32_splat(factor, 8));
  return f32x4.add(f32x4.mul(f32x4.add(product, slack), lengths), biases);
}

/** `reached`: a bit for each of four items that were found, `row`: of the first. */
function keep(bounds: v128, reached: i32, found: usize, room: i32, row: i32): void {
  if (reached == 0) return;
  let place = atomic.add<i32>(found, popcnt(reached));
  const rows = found + 16;
  const values = rows + ((<usize>room) << 2);
  if (reached & 1) put(rows, values, place++, row, f32x4.extract_lane(bounds, 0));
  if (reached & 2) put(rows, values, place++, row + 1, f32x4.extract_lane(bounds, 1));
  if (reached & 4) put(rows, values, place++, row + 2, f32x4.extract_lane(bounds, 2));
  if (reached & 8) put(rows, values, place++, row + 3, f32x4.extract_lane(bounds, 3));
}

function put(rows: usize, values: usize, place: i32, row: i32, bound: f32): void {
  store<i32>(rows + ((<usize>place) << 2), row);
  store<f32>(values + ((<usize>place) << 2), bound);
}
