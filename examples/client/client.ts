/** A client of Recollect: operations go in, their results come out, both typed by what `npm run client` made of the schema. */
import { createClient, type Client } from 'graphql-ws';
import type { TypedDocumentString } from './generated.js';

interface Answer<Result> {
  readonly data?: Result | null;
  readonly errors?: readonly { readonly message: string; readonly extensions?: { readonly code?: string } }[];
}

/** What was wrong with a request, or with the service: `code` says which, such as BAD_INPUT or DATABASE_UNAVAILABLE. */
export class RequestError extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
    this.name = 'RequestError';
  }
}

export class RecollectClient {
  private readonly sockets: Client;

  /** `url`: of the service, such as http://127.0.0.1:3000. */
  constructor(
    private readonly url: string,
    private readonly key: string,
  ) {
    this.sockets = createClient({
      url: `${url.replace(/^http/, 'ws')}/graphql`,
      connectionParams: { authorization: `Bearer ${key}` },
    });
  }

  /** The result of a query or mutation; throws a RequestError. */
  async ask<Result, Variables>(
    document: TypedDocumentString<Result, Variables>,
    variables: Variables,
  ): Promise<Result> {
    const response = await fetch(`${this.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${this.key}` },
      body: JSON.stringify({ query: document.toString(), variables }),
    });
    return resultOf((await response.json()) as Answer<Result>);
  }

  /** The values of a subscription, until the loop over them is left. */
  async *follow<Result, Variables extends Record<string, unknown>>(
    document: TypedDocumentString<Result, Variables>,
    variables: Variables,
  ): AsyncGenerator<Result, void> {
    for await (const answer of this.sockets.iterate({ query: document.toString(), variables })) {
      yield resultOf(answer as Answer<Result>);
    }
  }

  async close(): Promise<void> {
    await this.sockets.dispose();
  }
}

function resultOf<Result>({ data, errors = [] }: Answer<Result>): Result {
  const [error] = errors;
  if (error !== undefined) throw new RequestError(error.extensions?.code ?? 'INTERNAL', error.message);
  if (data === undefined || data === null) throw new RequestError('INTERNAL', 'the answer is empty');
  return data;
}
