import { Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import { Access } from './access.js';
import { ErrorFilter } from './error-format.js';
import { KnownKeys } from './known-keys.js';

/** What stands in front of every resolver. */
@Module({
  providers: [
    Access,
    KnownKeys,
    { provide: APP_GUARD, useExisting: Access },
    { provide: APP_FILTER, useClass: ErrorFilter },
  ],
  exports: [Access],
})
export class AccessModule {}
