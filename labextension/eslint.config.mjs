import eslint from '@eslint/js';
import prettier from 'eslint-config-prettier';
import reactHooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

/** Words of the server that only say how things stand: to be shown, never to be reasoned from. */
const STANDING = '/^(status|status_text|role|state|stage|rerun_indicator)$/';
const message =
  'The client holds no rules: ask the server (actions, allowed, reason) instead of reasoning from a status or a role.';

/** What the client may not do: it draws the server's answers and decides nothing itself. */
export const rulesBelongToTheServer = [
  ...['left', 'right'].flatMap(side => {
    const other = side === 'left' ? 'right' : 'left';
    const comparison = `BinaryExpression[operator=/^[!=]==?$/][${other}.raw=/^['"]/]`;
    return [
      `${comparison}[${side}.property.name=${STANDING}]`,
      `${comparison}[${side}.name=${STANDING}]`,
      `${comparison}[${side}.expression.property.name=${STANDING}]`
    ];
  }),
  `SwitchStatement[discriminant.property.name=${STANDING}]`,
  `SwitchStatement[discriminant.name=${STANDING}]`,
  // ['Draft'].includes(job.status), OPEN.has(job.status)
  `CallExpression[callee.property.name=/^(includes|has|indexOf|test|exec)$/] > MemberExpression.arguments[property.name=${STANDING}]`,
  // job.status_text.startsWith('Draft')
  `CallExpression[callee.property.name=/^(startsWith|endsWith|includes|match|search)$/][callee.object.property.name=${STANDING}]`
].map(selector => ({ selector, message }));

export default tseslint.config(
  { ignores: ['lib/', 'node_modules/', '.yarn/', 'src/api/schema.d.ts'] },
  eslint.configs.recommended,
  {
    files: ['src/**/*.ts', 'src/**/*.tsx', 'src/**/*.mts'],
    extends: [...tseslint.configs.strictTypeChecked, reactHooks.configs.flat.recommended],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname }
    },
    rules: {
      'no-restricted-syntax': [
        'error',
        ...rulesBelongToTheServer,
        {
          selector: 'MemberExpression[property.name=/^(innerHTML|outerHTML|insertAdjacentHTML)$/]',
          message: 'What other people wrote is text, never markup.'
        },
        {
          selector: 'JSXAttribute[name.name="dangerouslySetInnerHTML"]',
          message: 'What other people wrote is text, never markup.'
        }
      ],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }]
    }
  },
  {
    files: ['*.mjs'],
    languageOptions: { globals: { console: 'readonly', process: 'readonly', URL: 'readonly' } }
  },
  prettier
);
