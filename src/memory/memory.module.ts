import { Module } from '@nestjs/common';
import { LateReplay } from './late-replay.js';
import { MemoryWriter } from './memory-writer.js';

/** The write path. NETWORK_SOURCE comes from outside, by a global module: `promotion` provides it. */
@Module({ providers: [MemoryWriter, LateReplay], exports: [MemoryWriter] })
export class MemoryModule {}
