import js from '@eslint/js';
import nx from '@nx/eslint-plugin';
import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';

const allow = (sourceTag, ...onlyDependOnLibsWithTags) => ({ sourceTag, onlyDependOnLibsWithTags });

/** Who may import whom. Arrows point down: app → data, platform → contract. */
const boundaries = [
  allow('type:app', 'type:data', 'type:platform', 'type:contract'),
  allow('type:data', 'type:contract', 'type:platform'),
  allow('type:platform', 'type:contract'),
  allow('type:contract', 'type:contract'),
  allow('type:testing', 'type:tool'),
  allow('type:tool', 'type:tool', 'type:testing', 'type:data', 'type:platform', 'type:contract'),
];

/** Each driver is imported by one lib alone, so that replacing it is one lib's business. */
const drivers = {
  express: 'service-kit',
  postgres: 'timescale',
  nats: 'nats-client',
  ioredis: 'redis',
  roaring: 'user-sets',
  cockatiel: 'circuit-breaker',
};
const driverRule = (project) => ({
  'no-restricted-imports': [
    'error',
    {
      paths: Object.entries(drivers)
        .filter(([name, owner]) => owner !== project && !(name === 'express' && project === 'app'))
        .map(([name, owner]) => ({
          name,
          message: `Only libs/${owner} imports ${name}: use what it exports.`,
        })),
    },
  ],
});

const boundaryRule = (depConstraints, allow = []) => ({
  '@nx/enforce-module-boundaries': ['error', { enforceBuildableLibDependency: false, allow, depConstraints }],
});

export default tseslint.config(
  { ignores: ['**/dist', '**/out-tsc', '**/coverage', '**/node_modules', '.nx', '.stack', 'tmp'] },
  js.configs.recommended,
  ...tseslint.configs.recommendedTypeChecked,
  {
    plugins: { '@nx': nx },
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      ...boundaryRule(boundaries),
      eqeqeq: 'error',
      'no-console': 'error',
      'no-restricted-exports': 'off',
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportAllDeclaration', message: 'Name what is exported: `export *` hides the surface.' },
        {
          selector: 'TSAsExpression > TSAsExpression[typeAnnotation.type="TSUnknownKeyword"]',
          message: '`as unknown as` hides a wrong type.',
        },
        {
          selector: "MemberExpression[object.name='process'][property.name='env']",
          message: 'The environment is read in config.ts, once.',
        },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
    },
  },
  { files: ['**/*.ts'], rules: driverRule('none') },
  { files: ['apps/**/*.ts'], rules: driverRule('app') },
  ...['service-kit', 'timescale', 'nats-client', 'redis', 'user-sets', 'circuit-breaker'].map((lib) => ({
    files: [`libs/${lib}/**/*.ts`],
    rules: driverRule(lib),
  })),
  {
    // It runs the services' own protocol, each through its one entry, with the world around it simulated.
    files: ['tools/simulation/src/**/*.ts'],
    rules: boundaryRule(boundaries, [
      '@event-analytics/ingest-gateway/protocol',
      '@event-analytics/jetstream-writer/protocol',
    ]),
  },
  {
    files: ['**/*.spec.ts', '**/test/**/*.ts', '**/jest*.config.ts'],
    rules: {
      ...boundaryRule(
        boundaries.map((b) => allow(b.sourceTag, ...b.onlyDependOnLibsWithTags, 'type:testing', 'type:tool')),
      ),
      'no-restricted-syntax': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
  {
    // Command lines and configuration: they are where the environment and the terminal are met.
    files: ['**/config.ts', 'tools/**/*.ts', 'apps/importer/src/**/*.ts', 'libs/testkit/**/*.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportAllDeclaration', message: 'Name what is exported: `export *` hides the surface.' },
      ],
    },
  },
  { files: ['tools/**/*.ts'], rules: { 'no-console': 'off' } },
  {
    files: ['**/*.mjs', '**/*.js'],
    ...tseslint.configs.disableTypeChecked,
  },
  prettier,
);
