/** Looks for what a person would read in the wrong place: a text missing in a language, or one outside the locale files. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { parse } from 'svelte/compiler';

/** @typedef {Record<string, unknown>} Node */

const LETTERS = /\p{L}{2,}/u;
/** Attributes that a person reads or hears. */
const READ = new Set([
  'aria-label',
  'aria-description',
  'aria-roledescription',
  'alt',
  'title',
  'placeholder',
  'label',
]);

/**
 * Every text of a locale by its dotted key.
 * @param {Node} messages
 * @param {string} prefix
 * @returns {Map<string, string>}
 */
export function flatten(messages, prefix = '') {
  const found = new Map();
  for (const [key, value] of Object.entries(messages)) {
    if (typeof value === 'string') found.set(prefix + key, value);
    else for (const [inner, text] of flatten(/** @type {Node} */ (value), `${prefix}${key}.`)) found.set(inner, text);
  }
  return found;
}

/** @param {string} text */
const placeholders = (text) => (text.match(/\{\w+\}/g) ?? []).sort().join(' ');

/**
 * How `other` differs from the language that all are written from.
 * @param {Node} first
 * @param {Node} other
 * @returns {string[]}
 */
export function differences(first, other) {
  const [wanted, given] = [flatten(first), flatten(other)];
  const faults = [];
  for (const [key, text] of wanted) {
    const translated = given.get(key);
    if (!translated) faults.push(`${key}: missing`);
    else if (placeholders(text) !== placeholders(translated)) faults.push(`${key}: other placeholders`);
  }
  for (const key of given.keys()) if (!wanted.has(key)) faults.push(`${key}: not in the first language`);
  return faults;
}

/**
 * Texts in the markup of a component that a person would read and that no locale file has.
 * @param {string} source
 * @returns {string[]}
 */
export function literals(source) {
  /** @type {string[]} */
  const found = [];
  visit(/** @type {any} */ (parse(source, { modern: true })).fragment, found);
  return found;
}

/**
 * @param {any} node
 * @param {string[]} found
 */
function visit(node, found) {
  if (Array.isArray(node)) {
    for (const child of node) visit(child, found);
  } else if (node && typeof node === 'object') {
    if (node.type === 'Text') note(node.data, found);
    else if (node.type === 'ExpressionTag') results(node.expression, found);
    else if (node.type === 'Attribute') {
      if (READ.has(node.name) && node.value !== true) visit(node.value, found);
    } else if (node.type !== 'StyleDirective')
      for (const [key, child] of Object.entries(node)) if (key !== 'metadata') visit(child, found);
  }
}

/**
 * The texts that an expression may end in.
 * @param {any} expression
 * @param {string[]} found
 */
function results(expression, found) {
  if (expression.type === 'Literal' && typeof expression.value === 'string') note(expression.value, found);
  else if (expression.type === 'ConditionalExpression') {
    results(expression.consequent, found);
    results(expression.alternate, found);
  } else if (expression.type === 'LogicalExpression' || expression.type === 'BinaryExpression') {
    results(expression.left, found);
    results(expression.right, found);
  } else if (expression.type === 'TemplateLiteral') {
    for (const part of expression.quasis) note(part.value.cooked, found);
  }
}

/**
 * @param {string} text
 * @param {string[]} found
 */
function note(text, found) {
  if (LETTERS.test(text)) found.push(text.trim());
}

/**
 * @param {string} folder
 * @param {string} ending
 * @returns {string[]}
 */
export function filesOf(folder, ending) {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => join(folder, name))
    .sort();
}

/** @param {string} path */
export const read = (path) => readFileSync(path, 'utf8');
