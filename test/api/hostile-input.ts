/** Calls of every root field of the schema, each with one argument, or one part of an input, that nobody in their right mind sends. */
import {
  getNamedType,
  getNullableType,
  isInputObjectType,
  isLeafType,
  isListType,
  isObjectType,
  isRequiredArgument,
  isRequiredInputField,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLOutputType,
  type GraphQLSchema,
} from 'graphql';

export interface HostileCall {
  readonly name: string;
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

const texts = [
  ...['', ' ', '\0', 'a\0b', 'null', "'; DROP TABLE item; --", '\u202e\ufeff', '\u0085'],
  ...['\ud800', 'a\udfff', '\udc00\ud800'], //                              halves of surrogate pairs
  ...['e\u0301'.repeat(128), 'e\u0301'.repeat(129), '\u0300'.repeat(257)], // combining marks
  ...['\u{1f600}'.repeat(256), '\u{1f600}'.repeat(257), 'x'.repeat(257), 'x'.repeat(100_000)],
];
const cursorOf = (...place: readonly unknown[]): string => Buffer.from(JSON.stringify(place)).toString('base64url');
const cursors = [
  ...[
    'x',
    '%',
    cursorOf(),
    cursorOf('2026-01-01T00:00:00Z'),
    cursorOf(1, 2),
    cursorOf('x', '1'),
    cursorOf('2026-01-01', 'x'),
  ],
  ...[cursorOf('2026-01-01T00:00:00Z', '9'.repeat(19)), cursorOf('-200000-01-01T00:00:00Z', '1'), cursorOf({ a: 1 })],
  ...[
    cursorOf('+275000-01-01T00:00:00Z', '1'),
    cursorOf('2026-01-01T00:00:00Z', '1\0'),
    Buffer.from('{').toString('base64url'),
  ],
];
const times = [
  ...['', '0', '2026-02-30T00:00:00Z', '2026-01-01T00:00:00', '0000-01-01T00:00:00Z', '9999-12-31T23:59:59Z'],
  ...['+275760-09-13T00:00:00Z', '-271821-04-20T00:00:00Z', '1767225600000', 'NaN', 'infinity', 'now', '\0'],
];
const nested = (levels: number): Readonly<Record<string, unknown>> => (levels === 0 ? {} : { a: nested(levels - 1) });
const hostile: Readonly<Record<string, readonly unknown[]>> = {
  ID: [...texts, 0, -1, 2 ** 53, 1.5, true, {}],
  String: [...texts, 1, {}],
  DateTime: [...times, 0, {}],
  Int: [0, -1, 101, 1_000_000_000, 2 ** 31 - 1, -(2 ** 31), 2 ** 31, 1.5, 'NaN'],
  Float: [0, -1, 1e308, -1e308, 5e-324, 'NaN', 'Infinity'],
  Boolean: ['yes', 1],
  JSONObject: [
    ...[{ a: '\0' }, { 'a\0': 1 }, { a: '\ud800' }, { '\udfff': 1 }, { a: 'x'.repeat(20_000) }, { a: 1e308 }],
    ...[{ ['__proto__']: 1 }, { constructor: null }, nested(500), [], 'x'],
  ],
};

/** A value that is taken, of a required argument or field. */
function plain(type: GraphQLInputType, name: string): unknown {
  const nullable = getNullableType(type);
  if (isListType(nullable)) return [plain(nullable.ofType, name)];
  if (isInputObjectType(nullable)) {
    const required = Object.values(nullable.getFields()).filter((field) => isRequiredInputField(field));
    return Object.fromEntries(required.map((field) => [field.name, plain(field.type, field.name)]));
  }
  if (/kind/i.test(name)) return 'view';
  const values: Readonly<Record<string, unknown>> = { Int: 1, Float: 1, Boolean: true, JSONObject: {} };
  return values[nullable.name] ?? (nullable.name === 'DateTime' ? '2026-01-01T00:00:00Z' : 'u1');
}

/** Values of a type with one hostile part each, said by its path. */
function spoilt(type: GraphQLInputType, name: string, depth: number): readonly (readonly [string, unknown])[] {
  const nullable = getNullableType(type);
  if (isListType(nullable)) {
    const inside = spoilt(nullable.ofType, `${name}[0]`, depth);
    return [...inside.map(([path, value]): [string, unknown] => [path, [value]]), [`${name} of null`, [null]]];
  }
  if (isInputObjectType(nullable)) {
    if (depth === 0) return [];
    const base = plain(nullable, name) as Readonly<Record<string, unknown>>;
    return Object.values(nullable.getFields()).flatMap((field) =>
      spoilt(field.type, `${name}.${field.name}`, depth - 1).map(([path, value]): [string, unknown] => [
        path,
        { ...base, [field.name]: value },
      ]),
    );
  }
  const values = /(^|\.)after$/.test(name) ? [...cursors, ...texts] : (hostile[nullable.name] ?? ['NO_SUCH_VALUE']);
  return [...values, null].map((value) => [`${name} = ${JSON.stringify(value).slice(0, 60)}`, value]);
}

/** All that a type has of its own, and what lies below it as far as no argument is needed. */
function selectionOf(type: GraphQLOutputType, depth: number): string {
  const named = getNamedType(type);
  if (!isObjectType(named)) return '';
  const fields = Object.values(named.getFields()).flatMap((field) => {
    if (isLeafType(getNamedType(field.type))) return [field.name];
    return depth > 1 && field.name !== 'history' ? [`${field.name}${selectionOf(field.type, depth - 1)}`] : [];
  });
  return ` { ${fields.length === 0 ? '__typename' : fields.join(' ')} }`;
}

function callsOf(root: 'query' | 'mutation', field: GraphQLField<unknown, unknown>): readonly HostileCall[] {
  const base = Object.fromEntries(
    field.args.filter((argument) => isRequiredArgument(argument)).map(({ name, type }) => [name, plain(type, name)]),
  );
  const used = field.args.map(({ name, type }) => ({ name, text: String(type) }));
  return field.args.flatMap(({ name, type }) =>
    spoilt(type, name, 3).map(([path, value]) => {
      const variables: Readonly<Record<string, unknown>> = { ...base, [name]: value };
      const given = used.filter((argument) => argument.name in variables);
      const declared = given.map((argument) => `$${argument.name}: ${argument.text}`).join(', ');
      const passed = given.map((argument) => `${argument.name}: $${argument.name}`).join(', ');
      const query = `${root}(${declared}) { ${field.name}(${passed})${selectionOf(field.type, 3)} }`;
      return { name: `${field.name}: ${path}`, query, variables };
    }),
  );
}

export function hostileCalls(schema: GraphQLSchema): readonly HostileCall[] {
  const fieldsOf = (type: ReturnType<GraphQLSchema['getQueryType']>) => Object.values(type?.getFields() ?? {});
  return [
    ...fieldsOf(schema.getQueryType()).flatMap((field) => callsOf('query', field)),
    ...fieldsOf(schema.getMutationType()).flatMap((field) => callsOf('mutation', field)),
  ];
}
