import tseslint from 'typescript-eslint';

const pure = ['src/core/**/*.ts', 'src/mail/**/*.ts', 'src/wire/**/*.ts', 'src/flow/**/*.ts'];

const forbiddenProperties = [{ object: 'Math', property: 'random', message: 'Use the random port: NativeCrypto.random.' }];

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', '.demo/', 'coverage/', '**/*.cjs', '**/*.mjs', '**/*.js'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: {
      parserOptions: {
        project: ['tsconfig.pure.json', 'tsconfig.extension.json', 'tsconfig.extension-test.json', 'tsconfig.json'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      eqeqeq: 'error',
      'no-console': 'error',
      'no-eval': 'error',
      'no-restricted-properties': ['error', ...forbiddenProperties],
      'no-control-regex': 'error',
      'no-empty': 'error',
      'no-misleading-character-class': 'error',
      'no-self-compare': 'error',
      'no-unsafe-finally': 'error',
      'no-useless-escape': 'error',
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true }],
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/ban-ts-comment': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // Ports are closures written as methods; none of them uses `this`.
      '@typescript-eslint/unbound-method': 'off',
      // An async function that only returns implements an interface that others await.
      '@typescript-eslint/require-await': 'off',
    },
  },
  {
    files: pure,
    rules: {
      'no-restricted-globals': ['error', { name: 'fetch', message: 'Use the HTTP port.' }],
      'no-restricted-properties': ['error', ...forbiddenProperties, { object: 'Date', property: 'now', message: 'Use the clock port, or take the time as a parameter.' }],
      'no-restricted-syntax': ['error', { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: 'Use the clock port, or take the time as a parameter.' }],
    },
  },
  {
    files: ['test/**/*.ts', 'scripts/**/*.ts', 'bench/**/*.ts', 'src/cli/**/*.ts'],
    rules: { 'no-console': 'off' },
  },
  {
    files: ['test/**/*.ts'],
    rules: { '@typescript-eslint/no-non-null-assertion': 'off' },
  },
);
