/** Room for states of one size, in large pieces: an allocation for each state would cost more than making it, and the collector as much again. */
const statesOfPiece = 512;

export class StateRoom {
  private readonly pieces: Buffer[] = [];
  private readonly free: number[] = [];

  constructor(readonly stateBytes: number) {}

  /** Copies a state in; returns its place, for `at` and `release`. */
  put(state: Uint8Array): number {
    if (state.length !== this.stateBytes)
      throw new Error(`a state of ${state.length} bytes among others of ${this.stateBytes}`);
    const place = this.free.pop() ?? this.grow();
    this.at(place).set(state);
    return place;
  }

  /** A view: it holds until the place is released. */
  at(place: number): Buffer {
    const start = (place % statesOfPiece) * this.stateBytes;
    const piece = this.pieces[Math.floor(place / statesOfPiece)];
    if (piece === undefined) throw new RangeError(`there is no place ${place}`);
    return piece.subarray(start, start + this.stateBytes);
  }

  release(place: number): void {
    this.free.push(place);
  }

  /** Adds a piece; returns its first place, the others are free. */
  private grow(): number {
    const first = this.pieces.length * statesOfPiece;
    this.pieces.push(Buffer.allocUnsafeSlow(statesOfPiece * this.stateBytes));
    for (let place = first + statesOfPiece - 1; place > first; place--) this.free.push(place);
    return first;
  }
}
