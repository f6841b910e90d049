import { describe, expect, it } from '@jest/globals';
import { buildSchema, execute, GraphQLError, parse, validate } from 'graphql';
import { RecollectError } from '../errors.js';
import { formatError, isUnexpected } from './error-format.js';

const schema = buildSchema('type Query { number: Int! }');

async function errorOf(number: () => unknown): Promise<GraphQLError> {
  const { errors = [] } = await execute({ schema, document: parse('{ number }'), rootValue: { number } });
  const [error] = errors;
  if (error === undefined) throw new Error('no error came out');
  return error;
}

describe('errors of a request', () => {
  it('are not logged where the document asks for what is not there', () => {
    const [error] = validate(schema, parse('{ text }'));
    expect(isUnexpected(error)).toBe(false);
  });

  it('say that it is a limit where the document repeats fields so often that they are not compared to the end', () => {
    const [error] = validate(schema, parse(`{ ${'number '.repeat(1_100)} }`));
    if (error === undefined) throw new Error('it was compared');
    const formatted = { ...error.toJSON(), extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } };
    expect(formatError(formatted, error)).toMatchObject({
      message: expect.stringMatching(/too often/),
      extensions: { code: 'LIMIT_EXCEEDED' },
    });
  });

  it('are logged where the code is one of damage, though the client is told', async () => {
    const error = await errorOf(() => {
      throw new RecollectError('STATE_INVALID', 'a stored memory is damaged');
    });
    expect(isUnexpected(error)).toBe(true);
    expect(formatError(error.toJSON(), error).extensions).toEqual({ code: 'STATE_INVALID' });
  });

  it('are not logged where they answer a mistake of the client', async () => {
    const error = await errorOf(() => {
      throw new RecollectError('BAD_INPUT', 'first: must be from 1 to 100, not 0');
    });
    expect(isUnexpected(error)).toBe(false);
    expect(formatError(error.toJSON(), error)).toMatchObject({
      message: 'first: must be from 1 to 100, not 0',
      extensions: { code: 'BAD_INPUT' },
    });
  });

  it('are logged, and not told, where a resolver fails', async () => {
    const error = await errorOf(() => {
      throw new TypeError('password of the database');
    });
    expect(isUnexpected(error)).toBe(true);
    expect(formatError(error.toJSON(), error)).toMatchObject({
      message: 'internal error',
      extensions: { code: 'INTERNAL' },
    });
  });

  it('are logged where a resolver returns nothing for a field that has to be there', async () => {
    expect(isUnexpected(await errorOf(() => null))).toBe(true);
  });

  it('say that the database is away, and to try again', async () => {
    const error = await errorOf(() => {
      throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    });
    expect(isUnexpected(error)).toBe(true);
    expect(formatError(error.toJSON(), error)).toMatchObject({ extensions: { code: 'DATABASE_UNAVAILABLE' } });
  });
});
