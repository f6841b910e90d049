/**
 * A training step beside PyTorch's: forward, loss over the whole catalogue, backward, cut of the gradients, Adam. Both sides have one
 * thread, the same network (d 64, 4 slots, one block), the same weights at the start and the same batches, and take turns, so that
 * whatever else the machine does meets both. First they must agree on loss and gradients without dropout; then a round of each
 * warms up, and the ratio of a round is our seconds by PyTorch's.
 *
 * Batches of films: 4,096 positions, 3,416 items, windows of 200; of a shop: 1,024 positions, 12,101 items, windows of 50.
 */
import { fileURLToPath } from 'node:url';
import { batchesOf, fill, windowsOf } from '../../src/training/log/batches.js';
import { initialParameters, type Parameters } from '../../src/training/graph/parameters.js';
import { Random } from '../../src/training/random.js';
import { pythonWithTorch } from './pytorch.js';
import { films, shop, syntheticLog, type LogShape } from './synthetic-log.js';
import { sentBatch, sentWeights, Side, type Built, type Checked, type Step } from './training-side.js';
import { machine } from './machine.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const network = { width: 64, slots: 4, chunk: 32 };
const adam = { learningRate: 2e-3, clipNorm: 5 };
const rounds = 7;
const tolerance = { loss: 1e-4, gradient: 1e-3 };

interface Setting {
  readonly shape: LogShape;
  readonly window: number;
  readonly batchPositions: number;
  readonly dropout: number;
  /** of a round */
  readonly batches: number;
}

const settings: Readonly<Record<string, Setting>> = {
  films: { shape: films, window: 200, batchPositions: 4_096, dropout: 0.2, batches: 4 },
  shop: { shape: shop, window: 50, batchPositions: 1_024, dropout: 0.5, batches: 12 },
};

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

function builtOf({ shape, window, batchPositions, dropout, batches }: Setting): Built {
  const { users } = syntheticLog(shape);
  const chosen = batchesOf(windowsOf(users, window), batchPositions, new Random(1)).slice(0, batches);
  const sizes = { ...network, ...adam, dropout, items: shape.items };
  const dimensions = {
    ...network,
    items: shape.items,
    blocks: 1,
    attributes: 0,
    heads: 1,
    kinds: 0,
    gaps: 0,
    outputLength: 0,
  };
  return {
    sizes,
    weights: sentWeights(comparable(initialParameters(dimensions, 1))),
    batches: chosen.map((windows) => sentBatch(fill(users, windows))),
  };
}

/** Every weight moved off its special starting value; the GRU's U diagonal, where both kinds of cell are the same function. */
function comparable(parameters: Parameters): Parameters {
  const random = new Random(2);
  for (const [name, { shape, data }] of parameters) {
    for (let at = name === 'item.embedding' ? network.width : 0; at < data.length; at++) {
      data[at] = (data[at] ?? 0) + 0.1 * random.normal();
    }
    if (!name.endsWith('gru.candidate.weight')) continue;
    const [, d = 0] = shape;
    for (let at = d * d; at < data.length; at++) {
      const isDiagonal = Math.floor(at / d) - d === at % d;
      if (!isDiagonal) data[at] = 0;
    }
  }
  return parameters;
}

/** Throws where the two sides would not do the same work. */
function compare(ours: Checked, theirs: Checked): void {
  const names = Object.keys(ours.gradients).sort().join();
  if (names !== Object.keys(theirs.gradients).sort().join()) throw new Error('the sides have other parameters');
  const far = (a: number, b: number, most: number): boolean => !(Math.abs(a - b) <= most);
  if (far(ours.loss, theirs.loss, tolerance.loss)) {
    throw new Error(`the losses differ: ${ours.loss} here, ${theirs.loss} in PyTorch`);
  }
  for (const [name, norm] of Object.entries(ours.gradients)) {
    const other = theirs.gradients[name] ?? Number.NaN;
    if (far(norm, other, tolerance.gradient * Math.max(other, 1e-3))) {
      throw new Error(`the gradients of ${name} differ in norm: ${norm} here, ${other} in PyTorch`);
    }
  }
}

const secondsOf = (steps: readonly Step[]): number => steps.reduce((sum, { seconds }) => sum + seconds, 0);
const cpuSecondsOf = (steps: readonly Step[]): number => steps.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0);

function spread(values: readonly number[]): { readonly median: number; readonly min: number; readonly max: number } {
  const ascending = values.toSorted((a, b) => a - b);
  const at = (place: number): number => Number((ascending[place] ?? Number.NaN).toPrecision(4));
  return { median: at(ascending.length >> 1), min: at(0), max: at(ascending.length - 1) };
}

async function measure(name: string, setting: Setting, python: string | null) {
  const built = builtOf(setting);
  const positions = built.batches.reduce((sum, { targets }) => sum + targets.length, 0);
  const ours = new Side('Recollect', process.execPath, [fileURLToPath(new URL('training-step.js', import.meta.url))]);
  const theirs =
    python === null ? null : new Side('PyTorch', python, ['-W', 'ignore', `${root}test/bench/training.py`]);
  try {
    say(`${name}: ${built.batches.length} batches of ${Math.round(positions / built.batches.length)} positions`);
    say(`  ${await ours.build(built)}${theirs === null ? '' : ` and ${await theirs.build(built)}`}`);
    const checked = await ours.check();
    if (theirs !== null) {
      const other = await theirs.check();
      compare(checked, other);
      say(
        `  loss ${checked.loss.toFixed(6)} here, ${other.loss.toFixed(6)} in PyTorch, by ${other.rows ?? 'all'} positions`,
      );
    }
    const taken: { readonly ours: readonly Step[]; readonly theirs: readonly Step[] | undefined }[] = [];
    for (let round = 0; round <= rounds; round++) {
      const isOursFirst = round % 2 === 0;
      const first = isOursFirst ? await ours.round() : await theirs?.round();
      const second = isOursFirst ? await theirs?.round() : await ours.round();
      const [a = [], b] = isOursFirst ? [first, second] : [second, first];
      if (round > 0) taken.push({ ours: a, theirs: b }); //     the first warms up
    }
    const ratios = (total: typeof secondsOf) =>
      taken.flatMap((round) => (round.theirs === undefined ? [] : [total(round.ours) / total(round.theirs)]));
    const compared = theirs !== null && {
      ratioToPyTorch: spread(ratios(secondsOf)),
      ratioOfProcessorSeconds: spread(ratios(cpuSecondsOf)),
      pyTorchSecondsPerStep: spread(taken.map((round) => secondsOf(round.theirs ?? []) / built.batches.length)),
    };
    return {
      positionsPerSecond: spread(taken.map((round) => Math.round(positions / secondsOf(round.ours)))),
      positionsPerProcessorSecond: spread(taken.map((round) => Math.round(positions / cpuSecondsOf(round.ours)))),
      secondsPerStep: spread(taken.map((round) => secondsOf(round.ours) / built.batches.length)),
      ...compared,
    };
  } finally {
    ours.end();
    theirs?.end();
  }
}

const found = await pythonWithTorch(root, say);
if ('missing' in found) {
  say(
    `no PyTorch to compare with: ${found.missing}\nInstall python3 with venv and pip (Debian: apt install python3-venv), ` +
      'or name a Python that has torch in RECOLLECT_BENCH_PYTHON.',
  );
}
const python = 'python' in found ? found.python : null;
const measured: Record<string, Awaited<ReturnType<typeof measure>>> = {};
for (const [name, setting] of Object.entries(settings)) {
  measured[name] = await measure(name, setting, python);
  say(`  ${JSON.stringify(measured[name])}`);
}
const { films: main } = measured;
process.stdout.write(
  `${JSON.stringify({
    bench: 'training',
    ratioToPyTorch: main?.ratioToPyTorch?.median ?? null,
    positionsPerSecond: main?.positionsPerSecond.median ?? null,
    ...measured,
    rounds,
    machine,
  })}\n`,
);
