import { fileURLToPath } from 'node:url';
import svelte from 'eslint-plugin-svelte';
import tseslint from 'typescript-eslint';

const only = (name, home) => ({ name, message: `Only ${home} may import ${name}.` });
const guarded = {
  electron: only('electron', 'electron/hosts/desktop'),
  keytar: only('keytar', 'electron/adapters/keychain.ts'),
  'onnxruntime-node': only('onnxruntime-node', 'electron/services/inference/session.ts'),
  '@huggingface/transformers': only('@huggingface/transformers', 'electron/services/inference/tokenizer.ts'),
};
/** What may be taken from node:fs outside the one module that writes; opening is in services/durable/reading.ts. */
const reading = [
  ...['access', 'lstat', 'readdir', 'readFile', 'readlink', 'realpath', 'stat', 'statfs'],
  ...['accessSync', 'closeSync', 'existsSync', 'fstatSync', 'lstatSync', 'readdirSync', 'readFileSync', 'readSync'],
  ...['realpathSync', 'statSync', 'constants', 'createReadStream', 'Dirent', 'FileHandle', 'Stats', 'ReadStream'],
];
const message = 'Only electron/services/durable writes files.';
const writers = ['fs', 'fs/promises', 'node:fs', 'node:fs/promises'].map((name) => ({
  name,
  allowImportNames: reading,
  message,
}));
const roundabout = [
  { selector: 'ImportExpression[source.value=/^(node:)?fs(\\u002fpromises)?$/]', message },
  { selector: 'CallExpression[callee.property.name="getBuiltinModule"]', message },
];
const guard = (...homes) => ({
  'no-restricted-syntax': homes.includes('fs') ? 'off' : ['error', ...roundabout],
  'no-restricted-imports': [
    'error',
    {
      paths: [
        ...Object.values(guarded).filter((rule) => !homes.includes(rule.name)),
        ...(homes.includes('fs') ? [] : writers),
      ],
    },
  ],
});

export default tseslint.config(
  { ignores: ['dist/**', 'release/**', 'node_modules/**', 'screenshots/**', 'build/practice-model/**'] },
  ...tseslint.configs.recommendedTypeChecked,
  ...svelte.configs.recommended,
  {
    languageOptions: {
      parserOptions: {
        projectService: true,
        tsconfigRootDir: fileURLToPath(new URL('..', import.meta.url)),
        extraFileExtensions: ['.svelte'],
      },
    },
    rules: {
      'no-console': 'error',
      'no-eval': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/require-await': 'off',
      'svelte/no-at-html-tags': 'error',
      'no-restricted-properties': [
        'error',
        { object: 'Buffer', property: 'allocUnsafe', message: 'Fresh memory can hold old secrets; use Buffer.alloc.' },
      ],
    },
  },
  { files: ['**/*.{js,cjs,mjs}'], ...tseslint.configs.disableTypeChecked },
  { files: ['**/*.cjs'], rules: { '@typescript-eslint/no-require-imports': 'off' } },
  { files: ['**/*.svelte', '**/*.svelte.ts'], languageOptions: { parserOptions: { parser: tseslint.parser } } },
  { files: ['electron/**', 'renderer/**'], rules: guard() },
  // The practice Hub is a world outside the product: it keeps its own state file.
  { files: ['electron/services/durable/**', 'electron/practice/**'], rules: guard('fs') },
  { files: ['electron/hosts/desktop/**'], rules: guard('electron') },
  { files: ['electron/adapters/keychain.ts'], rules: guard('keytar') },
  { files: ['electron/services/inference/session.ts'], rules: guard('onnxruntime-node') },
  {
    files: ['electron/services/inference/{tokenizer,transformersModel}.ts'],
    rules: guard('@huggingface/transformers'),
  },
  {
    files: ['electron/hosts/**/main.ts', 'build/**', 'test/**'],
    rules: { 'no-console': 'off' },
  },
  {
    files: ['test/**'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
    },
  },
);
