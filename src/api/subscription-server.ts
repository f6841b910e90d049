/** The WebSockets of subscriptions, at the path of GraphQL: how many there may be, whether their other end is alive, and how they end. */
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { handleProtocols } from 'graphql-ws';
import { WebSocketServer, type WebSocket } from 'ws';
import { CONFIG, type Config } from '../config.js';
import { LOGGER, logError, type Logger } from '../telemetry.js';
import { graphqlPath } from './graphql-options.js';
import { close, SubscriptionProtocol, tryAgainLater } from './subscription-protocol.js';

/** A client that has not answered a ping when the next is due is gone. */
const pingMs = 12_000;
/** How long clients may take to say goodbye. */
const goodbyeMs = 500;
/** Codes of a close frame. */
const goingAway = 1001;
const internalError = 1011;

@Injectable()
export class SubscriptionServer implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly sockets: WebSocketServer;
  private isStopping = false;

  constructor(
    private readonly host: HttpAdapterHost,
    private readonly protocol: SubscriptionProtocol,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.sockets = new WebSocketServer({ noServer: true, maxPayload: config.bodyLimitBytes, handleProtocols });
  }

  onApplicationBootstrap(): void {
    const protocol = this.protocol.server();
    const http = this.host.httpAdapter.getHttpServer() as Server;
    http.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
      if (this.isStopping || request.url?.split('?')[0] !== graphqlPath) {
        stream.end(
          `HTTP/1.1 ${this.isStopping ? '503 Service Unavailable' : '404 Not Found'}\r\nConnection: close\r\n\r\n`,
        );
        return;
      }
      this.sockets.handleUpgrade(request, stream, head, (socket) => {
        this.opened(socket, request, protocol);
      });
    });
  }

  /** Clients are told to go elsewhere; those that say nothing are cut off. */
  async beforeApplicationShutdown(): Promise<void> {
    this.isStopping = true;
    const cut = setTimeout(() => {
      for (const socket of this.sockets.clients) socket.terminate();
    }, goodbyeMs);
    for (const socket of this.sockets.clients) close(socket, goingAway, 'the server is stopping');
    await new Promise<void>((done) => {
      this.sockets.close(() => {
        done();
      });
    });
    clearTimeout(cut);
  }

  private opened(
    socket: WebSocket,
    request: IncomingMessage,
    protocol: ReturnType<SubscriptionProtocol['server']>,
  ): void {
    socket.on('error', () => undefined); // such as a message that is too long; 'close' follows
    const { subscriptionConnections: most } = this.config;
    if (this.sockets.clients.size > most) {
      close(
        socket,
        tryAgainLater,
        `LIMIT_EXCEEDED: this process has ${most} connections already, the most that it takes`,
      );
      return;
    }
    const failed = (error: unknown): void => {
      logError(this.logger, error, 'a message of a subscription failed');
      close(socket, internalError, 'INTERNAL: internal error');
    };
    const stopPings = pinged(socket);
    const closed = protocol.opened(
      {
        protocol: socket.protocol,
        send: async (text) =>
          new Promise((sent) => {
            socket.send(text, () => {
              sent(); // a socket that closed meanwhile is told by 'close'
            });
          }),
        close: (code, reason) => {
          close(socket, code ?? goingAway, reason ?? '');
        },
        onMessage: (take) => {
          socket.on('message', (data: Buffer) => {
            take(data.toString()).catch(failed);
          });
        },
      },
      { socket, request, key: null },
    );
    socket.once('close', (code, reason) => {
      stopPings();
      closed(code, reason.toString()).catch(failed);
    });
  }
}

/** Ends a socket whose other end is gone without a word; the returned function stops looking. */
function pinged(socket: WebSocket): () => void {
  let isAlive = true;
  socket.on('pong', () => (isAlive = true));
  const timer = setInterval(() => {
    if (!isAlive) {
      socket.terminate();
      return;
    }
    isAlive = false;
    socket.ping();
  }, pingMs);
  return () => {
    clearInterval(timer);
  };
}
