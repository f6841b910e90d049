/**
 * Health for load balancers: `live` says that the process answers, `ready` that it can do its work. A part that is not well says so,
 * without names of hosts or of users.
 */
import { once } from 'node:events';
import { Controller, Get, HttpStatus, Inject, Optional, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { DataSource } from 'typeorm';
import { RecollectError } from '../errors.js';
import { NETWORK_SOURCE, type NetworkSource } from '../memory/network-source.js';
import { Catalogue } from '../recommend/catalogue.js';
import { missingMigrations } from '../storage/data-source.js';
import { findLiveModel } from '../storage/model.store.js';
import { LOGGER, logError, type Logger } from '../telemetry.js';

/** A catalogue that was not looked at for longer keeps the process out of service. */
const longestCatalogueAgeMs = 60_000;
/** A database that hangs is told before the patience of a load balancer ends. */
const longestLookMs = 3_000;

interface Part {
  readonly ok: boolean;
}

interface Readiness {
  readonly status: 'ready' | 'not ready';
  readonly database: Part;
  /** whether no step of the schema is missing */
  readonly migrations: Part;
  /** not ok while a model is live and none is loaded; before the first promotion both are null */
  readonly model: Part & { readonly live: number | null; readonly serving: number | null };
  /** only of a process that answers */
  readonly catalogue?: Part & { readonly items: number; readonly ageMs: number };
}

@Controller()
export class HealthController {
  constructor(
    private readonly dataSource: DataSource,
    @Optional() @Inject(Catalogue) private readonly catalogue: Catalogue | undefined,
    @Optional() @Inject(NETWORK_SOURCE) private readonly networks: NetworkSource | undefined,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  @Get()
  root(): Readonly<Record<string, string>> {
    return { name: 'recollect', graphql: '/graphql', health: '/health/ready' };
  }

  @Get('health/live')
  live(): Readonly<Record<string, string>> {
    return { status: 'live' };
  }

  @Get('health/ready')
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<Readiness> {
    const readiness = await this.look(AbortSignal.timeout(longestLookMs));
    if (readiness.status === 'not ready') reply.status(HttpStatus.SERVICE_UNAVAILABLE);
    return readiness;
  }

  private async look(deadline: AbortSignal): Promise<Readiness> {
    const serving = this.networks?.current()?.version ?? null;
    const catalogue = this.lookAtCatalogue();
    try {
      const { isBehind, live } = await Promise.race([this.lookAtDatabase(), passed(deadline)]);
      // while a new version is being loaded the one before goes on serving, and well
      const model = { ok: live === null || serving !== null, live, serving };
      const isReady = !isBehind && model.ok && catalogue.catalogue?.ok !== false;
      const status = isReady ? 'ready' : 'not ready';
      return { status, database: { ok: true }, migrations: { ok: !isBehind }, model, ...catalogue };
    } catch (error) {
      logError(this.logger, error, 'the service is not ready');
      const model = { ok: serving !== null, live: null, serving };
      return { status: 'not ready', database: { ok: false }, migrations: { ok: false }, model, ...catalogue };
    }
  }

  private async lookAtDatabase(): Promise<{ readonly isBehind: boolean; readonly live: number | null }> {
    const isBehind = (await missingMigrations(this.dataSource)).length > 0;
    return { isBehind, live: isBehind ? null : ((await findLiveModel(this.dataSource.manager))?.version ?? null) };
  }

  private lookAtCatalogue(): Pick<Readiness, 'catalogue'> {
    if (this.catalogue === undefined) return {}; // a role that does not answer
    const { size, ageMs } = this.catalogue;
    return { catalogue: { ok: ageMs <= longestCatalogueAgeMs, items: size, ageMs } };
  }
}

/** Rejects when the deadline has passed. */
async function passed(deadline: AbortSignal): Promise<never> {
  await once(deadline, 'abort');
  throw new RecollectError('DATABASE_UNAVAILABLE', `the database did not answer within ${longestLookMs} ms`);
}
