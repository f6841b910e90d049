/** The figures of this process for Prometheus. They ask for a key, as everything but health does: `authorization: Bearer <key>`. */
import { Controller, Get, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { RecollectError } from '../errors.js';
import { Metrics } from '../telemetry.js';
import { Access } from './access.js';
import { allows } from './api-key.js';

@Controller()
export class MetricsController {
  constructor(
    private readonly access: Access,
    private readonly metrics: Metrics,
  ) {}

  @Get('metrics')
  async read(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    const { scopes, userId } = await this.access.callerOf(request);
    if (userId !== null || !allows(scopes, 'reader'))
      throw new RecollectError('FORBIDDEN', 'the API key lacks the scope reader');
    reply.type(this.metrics.contentType);
    return this.metrics.read();
  }
}
