import { Inject } from '@nestjs/common';
import { Query, Resolver } from '@nestjs/graphql';
import { DataSource } from 'typeorm';
import { NETWORK_SOURCE, type NetworkSource } from '../memory/network-source.js';
import type { StoredDimensions } from '../storage/model.entity.js';
import { findLiveModel, findModel } from '../storage/model.store.js';
import { Scopes } from './access.js';
import { Model, type ModelDimensions } from './model.type.js';

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

  private async read(version: number, since: Date): Promise<Model | null> {
    const model = await findModel(this.dataSource.manager, version);
    if (model === null) return null;
    const live = await findLiveModel(this.dataSource.manager);
    const { createdAt, dimensions, metrics, sha256, dataWindow } = model;
    return {
      version,
      status: 'LIVE',
      createdAt,
      liveSince: since,
      replaced: live?.version === version ? live.replaced : null,
      dimensions: sizesOf(dimensions),
      metrics,
      sha256,
      dataWindow: {
        ...dataWindow,
        firstOccurredAt: new Date(dataWindow.firstOccurredAt),
        lastOccurredAt: new Date(dataWindow.lastOccurredAt),
        trainedBefore: dataWindow.trainedBefore === undefined ? null : new Date(dataWindow.trainedBefore),
      },
    };
  }
}

function sizesOf({ heads = 1, kinds = 0, gaps = 0, outputLength = 0, ...sizes }: StoredDimensions): ModelDimensions {
  return { ...sizes, heads, kinds, gapBuckets: gaps, outputLength };
}
