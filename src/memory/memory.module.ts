import { Module, type DynamicModule, type Type } from '@nestjs/common';
import { MemoryWriter } from './memory-writer.js';

/** The write path. The network comes from outside: `networks` is the module that exports NETWORK_SOURCE. */
@Module({})
export class MemoryModule {
  static with(networks: Type): DynamicModule {
    return { module: MemoryModule, imports: [networks], providers: [MemoryWriter], exports: [MemoryWriter] };
  }
}
