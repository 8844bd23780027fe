import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Linter } from 'eslint';
import tseslint from 'typescript-eslint';

import { rulesBelongToTheServer } from './eslint.config.mjs';

const config = {
  languageOptions: { parser: tseslint.parser },
  rules: { 'no-restricted-syntax': ['error', ...rulesBelongToTheServer] }
};

const REFUSED = [
  "if (job.status === 'Draft') { edit(); }",
  "const shown = 'Under Review' !== detail.status;",
  "const open = member.role == 'author';",
  "const mine = role === 'author';",
  "const late = job?.status === 'Failed';",
  "switch (job.status) { case 'Draft': break; }",
  "switch (stage) { case 'Review': break; }",
  "const open = ['Draft', 'Under Review'].includes(job.status);",
  'const open = OPEN.has(job.status);',
  "const waits = job.status_text.startsWith('Queued');",
  "const revoked = job.rerun_indicator.includes('revoked');"
];

const ALLOWED = [
  'const icon = STATUS_ICONS[job.status];',
  'const moved = before.status_text !== job.status_text;',
  "const first = action.name === 'accept';",
  'if (action.allowed) { press(action); }'
];

for (const code of REFUSED) {
  void test(`refused: ${code}`, () => {
    assert.equal(new Linter().verify(code, config).length, 1);
  });
}

for (const code of ALLOWED) {
  void test(`allowed: ${code}`, () => {
    assert.deepEqual(new Linter().verify(code, config), []);
  });
}
