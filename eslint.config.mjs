import js from '@eslint/js';
import { importX } from 'eslint-plugin-import-x';
import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript';
import tseslint from 'typescript-eslint';

/**
 * Imports go one way: model <- storage <- memory <- promotion <- {ingest <- import, recommend <- attribution, training} <- {api, cli} <- app.module.
 * Each line: a folder, and what it may import besides itself.
 */
const open = ['errors', 'config', 'telemetry'];
const may = {
  model: ['errors'],
  storage: ['model', ...open],
  memory: ['storage', 'model', ...open],
  promotion: ['memory', 'storage', 'model', ...open],
  ingest: ['promotion', 'memory', 'storage', 'model', ...open],
  import: ['ingest', 'promotion', 'memory', 'storage', 'model', ...open],
  recommend: ['promotion', 'memory', 'storage', 'model', ...open],
  attribution: ['recommend', 'memory', 'storage', 'model', ...open],
  training: ['promotion', 'memory', 'storage', 'model', ...open],
  embedded: open,
  api: ['attribution', 'recommend', 'training', 'ingest', 'promotion', 'memory', 'storage', 'model', ...open],
  cli: [
    'api',
    'attribution',
    'recommend',
    'training',
    'import',
    'ingest',
    'promotion',
    'memory',
    'storage',
    'model',
    'embedded',
    'app.module',
    'service',
    ...open,
  ],
};
const zones = Object.entries(may).map(([folder, allowed]) => ({
  target: `./src/${folder}`,
  from: './src',
  except: [folder, ...allowed].map((name) =>
    open.includes(name) || name.includes('.') || name === 'service' ? `./${name}.ts` : `./${name}`,
  ),
  message: `src/${folder} may import only itself and: ${allowed.join(', ')}`,
}));

export default tseslint.config(
  {
    ignores: [
      'dist/**',
      'node_modules/**',
      'coverage/**',
      '.recollect/**',
      'src/model/kernels/assembly/**',
      'examples/client/generated.ts',
    ],
  },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    plugins: { 'import-x': importX },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    settings: { 'import-x/resolver-next': [createTypeScriptImportResolver()] },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/consistent-type-imports': 'off',
      // it would have `x[i] as number` of a typed array written with the `!` that is forbidden here
      '@typescript-eslint/non-nullable-type-assertion-style': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true }],
      // GraphQL's types and Nest's options are declared as classes; what fills them are plain objects of the same shape
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      'import-x/no-restricted-paths': ['error', { zones }],
      'no-restricted-imports': [
        'error',
        {
          paths: [{ name: '@tensorflow/tfjs-node', message: 'only src/training/backend.ts loads the native library' }],
        },
      ],
    },
  },
  { files: ['src/training/backend.ts'], rules: { 'no-restricted-imports': 'off' } },
  {
    files: ['**/*.spec.ts', 'test/**/*.ts'],
    rules: { '@typescript-eslint/unbound-method': 'off', '@typescript-eslint/require-await': 'off' },
  },
  {
    files: ['**/*.mjs'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        URL: 'readonly',
        setTimeout: 'readonly',
        Buffer: 'readonly',
      },
    },
  },
);
