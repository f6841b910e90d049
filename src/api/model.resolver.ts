import { Query, Resolver } from '@nestjs/graphql';
import { DataSource } from 'typeorm';
import type { StoredDimensions } from '../storage/model.entity.js';
import { findLiveModel, findModel } from '../storage/model.store.js';
import { Scopes } from './access.js';
import { Model, type ModelDimensions } from './model.type.js';

@Resolver(() => Model)
export class ModelResolver {
  constructor(private readonly dataSource: DataSource) {}

  @Scopes('reader')
  @Query(() => Model, { nullable: true, description: 'The model that serves; null before the first.' })
  async liveModel(): Promise<Model | null> {
    const live = await findLiveModel(this.dataSource.manager);
    const model = live === null ? null : await findModel(this.dataSource.manager, live.version);
    if (live === null || model === null) return null;
    const { version, status, createdAt, dimensions, metrics, sha256, dataWindow } = model;
    return {
      version,
      status,
      createdAt,
      liveSince: live.since,
      replaced: live.replaced,
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
