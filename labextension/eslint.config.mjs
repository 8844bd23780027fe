import eslint from '@eslint/js';
import prettier from 'eslint-config-prettier';
import reactHooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

/** What the client may not do: it draws the server's answers and decides nothing itself. */
const rulesBelongToTheServer = ['left', 'right'].flatMap(side => {
  const other = side === 'left' ? 'right' : 'left';
  const text = `[${other}.raw=/^['"]/]`;
  const comparison = `BinaryExpression[operator=/^[!=]==?$/]${text}`;
  const message =
    'The client holds no rules: ask the server (actions, allowed, reason) instead of comparing a status or a role.';
  return [
    { selector: `${comparison}[${side}.property.name=/^(status|role)$/]`, message },
    { selector: `${comparison}[${side}.name=/^(status|role)$/]`, message },
    { selector: `${comparison}[${side}.expression.property.name=/^(status|role)$/]`, message }
  ];
});

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
          selector: 'SwitchStatement[discriminant.property.name=/^(status|role)$/]',
          message:
            'The client holds no rules: ask the server instead of branching on a status or a role.'
        },
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
