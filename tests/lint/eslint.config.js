// The page runs on phones as old as Chrome 80: what that browser can't read or hasn't got is a mistake here. What it may
// lack has a fallback beside it, and is named below.

import js from "@eslint/js";
import compat from "eslint-plugin-compat";
import globals from "globals";

const rules = {
  "no-implicit-globals": "error",
  "no-var": "error",
  "prefer-const": "error",
  eqeqeq: "error",
  complexity: ["error", 16],
  "max-lines": ["error", { max: 320 }],
  "max-lines-per-function": ["error", { max: 60 }],
  "no-unused-vars": ["error", { argsIgnorePattern: "^_", caughtErrors: "none" }],
  "no-restricted-syntax": [
    "error",
    { selector: "CallExpression[callee.property.name='replaceAll']", message: "Chrome 85" },
    { selector: "CallExpression[callee.property.name='at']", message: "Chrome 92" },
    { selector: "CallExpression[callee.property.name='replaceChildren']", message: "Chrome 86" },
    { selector: "Literal[regex.pattern=/\\(\\?<[!=]/]", message: "Safari 16.4" },
    { selector: "AssignmentExpression[left.property.name='innerHTML']", message: "text is put in as text" },
  ],
};

export default [
  js.configs.recommended,
  compat.configs["flat/recommended"],
  {
    files: ["**/*.js"],
    languageOptions: { ecmaVersion: 2020, sourceType: "module", globals: globals.browser },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    settings: { polyfills: [] },
    rules,
  },
  { files: ["**/sw.js"], languageOptions: { sourceType: "script", globals: globals.serviceworker } },
];
