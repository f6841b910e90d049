/**
 * The products at the heart of a softmax cross entropy whose gradients are made in the same pass, for both the full and
 * the sampled one:
 *
 *   e = exp(queries columns^T)     numerator = e [E' 1] + own     Z = the numerator's last column
 *   sum = e^T ([u 1] / Z)
 *
 * Rows go in chunks that stay in the processor's cache, so no [positions, items] matrix ever exists.
 */
import { multiply, tf, type Tensor } from '../backend.js';

export interface ExponentialForm {
  /** [u -shift 1]; shift is what each position's logits are lowered by */
  readonly queries: Tensor; //   [P d+2]
  /** [E' 1 b] */
  readonly columns: Tensor; //   [N d+2]
  /** [E' 1] */
  readonly withOnes: Tensor; //  [N d+1]
  /** [u 1] */
  readonly uOne: Tensor; //      [P d+1]
  /** what a position's numerator has beside the items of the table, or null */
  readonly own: Tensor | null; // [P d+1]
}

/** The numerators [P d+1], and by item the sum of e [u 1] / Z over the positions, [N d+1]. */
export function exponentialForm(
  { queries, columns, withOnes, uOne, own }: ExponentialForm,
  chunk: number,
): { readonly numerator: Tensor; readonly sum: Tensor } {
  const [P, N, d] = [uOne.shape[0], columns.shape[0], (uOne.shape[1] ?? 0) - 1];
  const numerators: Tensor[] = []; //                                             [P d+1] in chunks
  let sum: Tensor = tf.zeros([N, d + 1]);
  for (let from = 0; from < P; from += chunk) {
    const n = Math.min(chunk, P - from);
    const [numerator, next] = tf.tidy((): [Tensor, Tensor] => {
      const e = tf.exp(multiply(tf.slice(queries, [from, 0], [n, d + 2]), columns, { b: true })); // [n N]
      const ofItems = multiply(e, withOnes); //                                   [n d+1]
      const numerator = own === null ? ofItems : tf.add(ofItems, tf.slice(own, [from, 0], [n, d + 1]));
      const Z = tf.slice(numerator, [0, d], [n, 1]);
      const share = tf.div(tf.slice(uOne, [from, 0], [n, d + 1]), Z);
      return [numerator, tf.add(sum, multiply(e, share, { a: true }))];
    });
    sum.dispose();
    sum = next;
    numerators.push(numerator);
  }
  return { numerator: tf.concat(numerators), sum };
}
