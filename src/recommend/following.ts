/** What another process changes is looked up as soon as it is heard of: items, and the model that serves. */
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { NETWORK_SOURCE, type NetworkSource } from '../memory/network-source.js';
import { Notifications } from '../storage/notifications.js';
import { LOGGER, logError, Metrics, type Logger } from '../telemetry.js';
import { Catalogue } from './catalogue.js';

@Injectable()
export class Following implements OnModuleInit {
  constructor(
    private readonly notifications: Notifications,
    private readonly catalogue: Catalogue,
    @Inject(NETWORK_SOURCE) private readonly networks: NetworkSource,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly metrics: Metrics,
  ) {}

  onModuleInit(): void {
    this.metrics.onRead(() => {
      this.metrics.catalogueAge.set(this.catalogue.ageMs / 1_000);
    });
    this.notifications.onChange('item', () => void this.lookUp());
    for (const table of ['live_model', 'experiment'] as const) {
      this.notifications.onChange(table, () => void this.networks.refresh().then(async () => this.lookUp()));
    }
  }

  private async lookUp(): Promise<void> {
    try {
      await this.catalogue.refresh();
    } catch (error) {
      logError(this.logger, error, 'a change of the catalogue was heard of and not looked up; the next look follows');
    }
  }
}
