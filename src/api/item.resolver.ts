import { Inject } from '@nestjs/common';
import { Args, Context, Mutation, Query, Resolver } from '@nestjs/graphql';
import { DataSource } from 'typeorm';
import { CONFIG, type Config } from '../config.js';
import { RecollectError } from '../errors.js';
import { readItem } from '../ingest/item-message.js';
import { patchedItem } from '../ingest/item-patch.js';
import { Catalogue } from '../recommend/catalogue.js';
import type { ItemRow } from '../storage/item-read.store.js';
import { deleteItems, lockItems, putItems, type ItemPut } from '../storage/item.store.js';
import { Scopes } from './access.js';
import { checkCount, checkId } from './arguments.js';
import { Id } from './id.scalar.js';
import {
  DeleteItemsInput,
  DeleteItemsPayload,
  Item,
  PatchItemsInput,
  PatchItemsPayload,
  PutItemsInput,
  PutItemsPayload,
} from './item.type.js';
import type { RequestContext } from './request-context.js';
import type { UserError } from './user-error.type.js';

/** Items of one request. */
const mostItems = 1_000;

@Resolver(() => Item)
export class ItemResolver {
  constructor(
    private readonly dataSource: DataSource,
    private readonly catalogue: Catalogue,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  @Scopes('reader')
  @Query(() => Item, { nullable: true, description: 'An item, hidden and expired ones too; null if there is none.' })
  async item(
    @Args('id', { type: () => Id, description: 'Its id.' }) id: string,
    @Context() { items }: RequestContext,
  ): Promise<ItemRow | null> {
    return items.load(checkId(id, 'id'));
  }

  @Scopes('writer')
  @Mutation(() => PutItemsPayload, {
    nullable: true,
    description:
      'Writes items, each as a whole: what is left out is emptied (no categories, no properties, no expiry, available). ' +
      'Valid items are written beside refused ones.',
  })
  async putItems(
    @Args('input', { description: 'The items, each as a whole.' }) { items }: PutItemsInput,
  ): Promise<PutItemsPayload> {
    checkCount(items, mostItems, 'items');
    const puts = new Map<string, ItemPut>();
    const userErrors: UserError[] = [];
    for (const [index, input] of items.entries()) {
      try {
        const put = readItem(input, this.config.itemVectorLength);
        puts.set(put.id, put);
      } catch (error) {
        if (!(error instanceof RecollectError)) throw error;
        userErrors.push(errorAt(`items[${index}]`, error));
      }
    }
    await this.dataSource.transaction(async (tx) => putItems(tx, [...puts.values()]));
    await this.catalogue.refresh();
    return { written: puts.size, userErrors };
  }

  @Scopes('writer')
  @Mutation(() => PatchItemsPayload, {
    nullable: true,
    description:
      'Changes parts of items that are there; the rest of each stays. Valid changes are made beside refused ones.',
  })
  async patchItems(
    @Args('input', { description: 'What changes of which items.' }) { items }: PatchItemsInput,
  ): Promise<PatchItemsPayload> {
    checkCount(items, mostItems, 'items');
    const ids = items.map(({ id }, index) => checkId(id, `items[${index}].id`));
    const userErrors: UserError[] = [];
    const patched = await this.dataSource.transaction(async (tx) => {
      const present = new Map((await lockItems(tx, ids)).map((item) => [item.id, item]));
      const changed = new Set<string>();
      for (const [index, { ...patch }] of items.entries()) {
        const item = present.get(patch.id);
        try {
          if (item === undefined)
            throw new RecollectError('NOT_FOUND', 'there is no item with this id', { field: 'id' });
          present.set(item.id, patchedItem(item, patch, this.config.itemVectorLength));
          changed.add(item.id);
        } catch (error) {
          if (!(error instanceof RecollectError)) throw error;
          userErrors.push(errorAt(`items[${index}]`, error));
        }
      }
      await putItems(
        tx,
        [...present.values()].filter(({ id }) => changed.has(id)),
      );
      return changed.size;
    });
    await this.catalogue.refresh();
    return { patched, userErrors };
  }

  @Scopes('writer')
  @Mutation(() => DeleteItemsPayload, {
    nullable: true,
    description: 'Deletes items: from now on they are in no answer. What users did with them stays in the log.',
  })
  async deleteItems(
    @Args('input', { description: 'Which items.' }) { ids }: DeleteItemsInput,
  ): Promise<DeleteItemsPayload> {
    checkCount(ids, mostItems, 'ids');
    const wanted = new Set(ids.map((id, index) => checkId(id, `ids[${index}]`)));
    const deleted = new Set(await this.dataSource.transaction(async (tx) => deleteItems(tx, [...wanted])));
    await this.catalogue.refresh();
    const missing = [...wanted].filter((id) => !deleted.has(id));
    return {
      deleted: deleted.size,
      userErrors: missing.map((id) => ({
        code: 'NOT_FOUND',
        field: `ids[${ids.indexOf(id)}]`,
        message: 'there is no item with this id',
      })),
    };
  }
}

function errorAt(place: string, { code, field, message }: RecollectError): UserError {
  return { code, field: field === null ? place : `${place}.${field}`, message };
}
