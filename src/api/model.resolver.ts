import { Inject } from '@nestjs/common';
import { Args, Query, Resolver } from '@nestjs/graphql';
import { DataSource } from 'typeorm';
import { NETWORK_SOURCE, type NetworkSource } from '../memory/network-source.js';
import type { LiveModelEntity, ModelEntity, StoredDimensions } from '../storage/model.entity.js';
import { findLiveModel, findModel, listModels } from '../storage/model.store.js';
import { Scopes } from './access.js';
import { checkFirst } from './arguments.js';
import { afterArgument, connectionOf, firstArgument, readCursor, type Connection } from './connection.js';
import { Model, ModelConnection, type ModelDimensions } from './model.type.js';

@Resolver(() => Model)
export class ModelResolver {
  /** of the network that serves, which changes with it alone */
  private known: { readonly version: number; readonly since: Date; readonly model: Promise<Model | null> } | null =
    null;

  constructor(
    private readonly dataSource: DataSource,
    @Inject(NETWORK_SOURCE) private readonly networks: NetworkSource,
  ) {}

  @Scopes('reader')
  @Query(() => Model, { nullable: true, description: 'The model that serves; null before the first.' })
  async liveModel(): Promise<Model | null> {
    const current = this.networks.current();
    if (current === null) return null;
    const { version, since } = current;
    if (this.known?.version !== version || this.known.since !== since) {
      this.known = { version, since, model: this.read(version, since) };
      this.known.model.catch(() => (this.known = null));
    }
    return this.known.model;
  }

  @Scopes('operator')
  @Query(() => ModelConnection, {
    description: 'All versions, the newest first: what became of each, and its figures.',
  })
  async models(
    @Args(firstArgument) first: number,
    @Args(afterArgument) after: string | null | undefined,
  ): Promise<Connection<Model>> {
    const count = checkFirst(first);
    const { manager } = this.dataSource;
    const before = readCursor(after, /^\d{1,9}$/)?.tie ?? null;
    const models = await listModels(manager, before, count + 1);
    const live = await findLiveModel(manager);
    const rows = models.map((model) => modelOf(model, live));
    return connectionOf(rows, count, after, ({ createdAt, version }) => [createdAt.toISOString(), String(version)]);
  }

  private async read(version: number, since: Date): Promise<Model | null> {
    const { manager } = this.dataSource;
    const model = await findModel(manager, version);
    if (model === null) return null;
    const live = await findLiveModel(manager);
    const replaced = live?.version === version ? live.replaced : null;
    return modelOf(model, { version, since, replaced });
  }
}

/** `live`: what serves. */
function modelOf(
  { version, status, createdAt, dimensions, metrics, sha256, dataWindow }: ModelEntity,
  live: Pick<LiveModelEntity, 'version' | 'since' | 'replaced'> | null,
): Model {
  const { firstOccurredAt, lastOccurredAt, trainedBefore, ...window } = dataWindow;
  const isLive = live?.version === version;
  return {
    version,
    status: isLive ? 'LIVE' : status,
    createdAt,
    liveSince: isLive ? live.since : null,
    replaced: isLive ? live.replaced : null,
    dimensions: sizesOf(dimensions),
    metrics,
    sha256,
    dataWindow: {
      ...window,
      firstOccurredAt: new Date(firstOccurredAt),
      lastOccurredAt: new Date(lastOccurredAt),
      trainedBefore: trainedBefore === undefined ? null : new Date(trainedBefore),
    },
  };
}

function sizesOf({ heads = 1, kinds = 0, gaps = 0, outputLength = 0, ...sizes }: StoredDimensions): ModelDimensions {
  return { ...sizes, heads, kinds, gapBuckets: gaps, outputLength };
}
