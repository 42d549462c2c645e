import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** Words that a docstring does not begin with: it begins with a noun or a verb. */
const SUBORDINATE = new RegExp(
  '^(?:What|Whatever|Whether|How|Where|Wherever|Who|Whoever|Whose|Whom|Which|Why|When|While|There|It|Its|Is|Are|Only|Like|Of|If|By|' +
    'As|From|For|With|Without|In|On|At|To|Not|So|That|And|But|Once|Also|Because|Since|Until|Unless|After|Before|Beside|Up|Just)\\b',
);

/** Plugin with the rules of this project. */
const house = {
  rules: {
    docstrings: {
      meta: { type: 'suggestion', schema: [], messages: { start: "Begin the docstring with a noun or a verb, not with '{{word}}'." } },
      create: (context) => ({
        Program() {
          for (const comment of context.sourceCode.getAllComments()) {
            const text = comment.type === 'Block' && comment.value.startsWith('*') ? comment.value.replace(/^[*\s]+/, '') : '';
            const word = SUBORDINATE.exec(text)?.[0];
            if (word !== undefined) context.report({ loc: comment.loc, messageId: 'start', data: { word } });
          }
        },
      }),
    },
  },
};

/** Files of tests, which may do more. */
const tests = ['**/*.test.ts', 'test/**'];
/** The tests' clock, and what has one of its own: counterparts, and the conformance runner that users run. */
const clocks = ['test/harness/wait.ts', 'test/backends/**', 'test/conformance/kit/**'];
const now = "[callee.object.name='Date'][callee.property.name='now']";

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', 'coverage/', '.backends/', '.cimi-data/', '**/*.generated.ts'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error', noInlineConfig: true } },
  {
    files: ['**/*.ts', '**/*.tsx'],
    plugins: { house },
    extends: [js.configs.recommended, ...tseslint.configs.recommended],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      'house/docstrings': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'prefer-const': 'error',
      'no-empty': 'error',
      'no-console': 'error',
      'no-control-regex': 'off',
      'no-implicit-coercion': 'error',
      'max-lines': ['error', { max: 400 }],
      'max-depth': ['error', 4],
      complexity: ['error', 30],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/ban-ts-comment': [
        'error',
        { 'ts-ignore': true, 'ts-nocheck': true, 'ts-expect-error': 'allow-with-description' },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/return-await': ['error', 'error-handling-correctness-only'],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/only-throw-error': ['error', { allowThrowingUnknown: true }],
    },
  },
  {
    files: ['src/**/*.ts', 'drivers/**/*.ts', 'sdk/**/*.ts', 'cli/**/*.ts'],
    // The face of the client library gathers its types.
    ignores: [...tests, 'sdk/index.ts'],
    rules: {
      '@typescript-eslint/ban-ts-comment': ['error', { 'ts-ignore': true, 'ts-nocheck': true, 'ts-expect-error': true }],
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'Exports have names.' },
        { selector: 'ExportAllDeclaration', message: 'No barrel files: import from where a thing is declared.' },
      ],
    },
  },
  {
    files: ['src/**/*.ts', 'drivers/**/*.ts'],
    ignores: ['src/model/any-signal.ts', ...tests],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'AbortSignal', property: 'any', message: 'Use anySignal: Node loses deadlines of this.' },
      ],
    },
  },
  // What clouds and people say is text, never markup.
  {
    files: ['console/**'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector:
            "JSXAttribute[name.name='dangerouslySetInnerHTML'], MemberExpression[property.name=/^(innerHTML|outerHTML|insertAdjacentHTML|write)$/]",
          message: 'Texts stay texts: no markup is made of them.',
        },
      ],
    },
  },
  {
    files: tests,
    rules: { 'max-lines': 'off', complexity: 'off' },
  },
  // A busy machine fails no test: waits, and what is said of times, come from one file.
  {
    files: tests,
    ignores: clocks,
    rules: {
      'no-restricted-imports': ['error', { name: 'node:timers/promises', message: 'Wait by means of test/harness/wait.ts.' }],
      'no-restricted-syntax': [
        'error',
        { selector: "CallExpression[callee.name='setTimeout']", message: 'Wait by means of test/harness/wait.ts.' },
        {
          selector: "CallExpression[callee.object.name='performance'], MemberExpression[object.name='process'][property.name='hrtime']",
          message: 'Speed is measured in bench/; that something waits is asserted by takesAtLeast.',
        },
        {
          selector: `BinaryExpression[operator=/^[<>]=?$/] > CallExpression${now}`,
          message: 'No deadlines in tests: eventually, waitUntil and comesTrue of test/harness/wait.ts have the one there is.',
        },
        {
          selector: `CallExpression[callee.name='expect'] BinaryExpression[operator='-'] CallExpression${now}`,
          message: 'Nothing is asserted of how long something took; of a date, expectRecent asserts that it is.',
        },
      ],
    },
  },
  // The command line and the bench talk to a person.
  { files: ['src/main.ts', 'src/cli/**', 'bench/**', 'test/backends/**'], rules: { 'no-console': 'off' } },
);
