/** Experiments as operators begin and end them, by the API or the command line. */
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { RecollectError } from '../errors.js';
import { findExperiment } from '../storage/experiment.store.js';
import type { PromoteOptions } from './memory-switch.js';
import { Promotion } from './promotion.js';

@Injectable()
export class Experiments {
  constructor(
    private readonly dataSource: DataSource,
    private readonly promotion: Promotion,
  ) {}

  /** Throws as a promotion; BAD_INPUT for a share that is none, for the version that serves, and while an experiment is under way. */
  async start(
    version: number,
    share: number,
    options: PromoteOptions & { readonly reason?: string | null } = {},
  ): Promise<void> {
    if (!(share > 0 && share < 1)) {
      throw new RecollectError('BAD_INPUT', `share: must be above 0 and below 1, not ${share}`, { field: 'share' });
    }
    await this.promotion.startExperiment(version, share, options);
  }

  /** With `promote` the challenger serves from then on. Returns its version; throws NOT_FOUND where no experiment is under way. */
  async end(promote: boolean, options: PromoteOptions = {}): Promise<number> {
    const version = (await findExperiment(this.dataSource.manager))?.version;
    if (version === undefined) throw new RecollectError('NOT_FOUND', 'no experiment is under way');
    if (promote) await this.promotion.promote(version, options);
    else await this.promotion.endExperiment();
    return version;
  }
}
