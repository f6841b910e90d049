import { Module } from '@nestjs/common';
import { Erasure } from './erasure.js';
import { Forgetting } from './forgetting.js';
import { LateReplay } from './late-replay.js';
import { LogEdits } from './log-edit.js';
import { MemoryWriter } from './memory-writer.js';
import { Merging } from './merging.js';
import { SlotPinning } from './slot-pinning.js';
import { SlotForgetting } from './slot-forgetting.js';

/** The write path and memory control. NETWORK_SOURCE comes from outside, by a global module: `promotion` provides it. */
@Module({
  providers: [MemoryWriter, LateReplay, LogEdits, Forgetting, SlotForgetting, SlotPinning, Erasure, Merging],
  exports: [MemoryWriter, Forgetting, SlotForgetting, SlotPinning, Erasure, Merging],
})
export class MemoryModule {}
