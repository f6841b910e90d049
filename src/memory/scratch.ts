/**
 * Room for what a batch needs only while it is applied, which the next batch uses again. Fresh memory of some megabytes for each batch
 * would cost page faults, and has the collector go over the whole heap every few batches, however small that is.
 */
const alignment = 8;

export class Scratch {
  private slab = Buffer.allocUnsafeSlow(0);
  private used = 0;

  /** What is in it may be anything. It holds until `clear`. */
  bytes(count: number): Buffer {
    if (this.used + count > this.slab.length) {
      this.slab = Buffer.allocUnsafeSlow(2 * this.slab.length + count); // views of the one before keep it
      this.used = 0;
    }
    const start = this.used;
    this.used = Math.ceil((start + count) / alignment) * alignment;
    return this.slab.subarray(start, start + count);
  }

  floats(count: number): Float32Array {
    const { buffer, byteOffset } = this.bytes(4 * count);
    return new Float32Array(buffer, byteOffset, count);
  }

  copyOf(bytes: Uint8Array): Buffer {
    const copy = this.bytes(bytes.length);
    copy.set(bytes);
    return copy;
  }

  /** Nothing that was given is used any more. */
  clear(): void {
    this.used = 0;
  }
}
