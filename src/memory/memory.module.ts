import { Module } from '@nestjs/common';
import { MemoryWriter } from './memory-writer.js';

/** The write path. NETWORK_SOURCE comes from outside, by a global module: `promotion` provides it. */
@Module({ providers: [MemoryWriter], exports: [MemoryWriter] })
export class MemoryModule {}
