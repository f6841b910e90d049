/** Prints `generated.ts`: the types of the operations that lie beside it, and their documents, by the schema of the service. */
import { readdirSync, readFileSync } from 'node:fs';
import { codegen } from '@graphql-codegen/core';
import * as typedDocumentNode from '@graphql-codegen/typed-document-node';
import * as operations from '@graphql-codegen/typescript-operations';
import { buildSchema, parse } from 'graphql';

const folder = new URL('operations/', import.meta.url);
const schemaFile = new URL('../../src/api/schema.graphql', import.meta.url);
const head = '/** Written by `npm run client` out of the schema and the operations; not to be edited. */\n';

const text = readFileSync(schemaFile, 'utf8');
const names = readdirSync(folder).sort();
const body = await codegen({
  filename: 'generated.ts',
  schema: parse(text),
  schemaAst: buildSchema(text),
  documents: names.map((location) => ({
    location,
    document: parse(readFileSync(new URL(location, folder), 'utf8')),
  })),
  config: {
    documentMode: 'string',
    useTypeImports: true,
    enumType: 'string-literal',
    strictScalars: true,
    scalars: {
      ID: 'string',
      DateTime: 'string',
      JSONObject: 'Readonly<Record<string, unknown>>',
      Scalar: 'string | number | boolean',
    },
  },
  plugins: [{ operations: {} }, { typedDocumentNode: {} }],
  pluginMap: { operations, typedDocumentNode },
});
process.stdout.write(head + body);
