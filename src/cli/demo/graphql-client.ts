/** The least of a GraphQL client: what an application does with curl. */
export class GraphqlClient {
  constructor(
    readonly url: string,
    private readonly key: string,
  ) {}

  async request<T>(query: string, variables: Record<string, unknown> = {}): Promise<T> {
    const response = await fetch(this.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${this.key}` },
      body: JSON.stringify({ query, variables }),
    });
    const answer = (await response.json()) as {
      data?: T;
      errors?: readonly { message: string; extensions?: { code?: string } }[];
    };
    if (answer.errors !== undefined && answer.errors.length > 0) {
      throw new Error(
        answer.errors.map(({ message, extensions }) => `${extensions?.code ?? response.status}: ${message}`).join('; '),
      );
    }
    if (answer.data === undefined) throw new Error(`HTTP ${response.status} without data from ${this.url}`);
    return answer.data;
  }
}
