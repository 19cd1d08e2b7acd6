/** `npm run check:locales`: one line a fault, exit 1 if there is any. */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { differences, filesOf, flatten, literals, read } from './locales.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const first = JSON.parse(read(join(root, 'locales/ca.json')));
const faults = [];

for (const language of ['es', 'en']) {
  const other = JSON.parse(read(join(root, `locales/${language}.json`)));
  for (const fault of differences(first, other)) faults.push(`locales/${language}.json: ${fault}`);
}

for (const path of filesOf(join(root, 'src'), '.svelte')) {
  for (const text of literals(read(path))) faults.push(`${path}: "${text}" belongs into the locale files`);
}

// A text that nothing uses is a text that nobody keeps right. Groups of codes are used by their group's name.
const sources = [...filesOf(join(root, 'src'), '.svelte'), ...filesOf(join(root, 'src'), '.ts')]
  .filter((path) => !path.endsWith('.test.ts'))
  .map(read)
  .join('\n');
for (const key of flatten(first).keys()) {
  const group = key.split('.')[0] ?? '';
  const plain = key.replace(/\.(one|other)$/, '');
  const stem = plain.slice(0, plain.lastIndexOf('.') + 1);
  const isUsed =
    sources.includes(`'${plain}'`) ||
    sources.includes(`\`${stem}\${`) ||
    sources.includes(`i18n.name('${group}'`) ||
    sources.includes(`i18n.phrase('${group}'`) ||
    sources.includes(`i18n.phrases('${group}'`);
  if (!isUsed) faults.push(`locales/ca.json: nothing uses ${key}`);
}

for (const fault of faults) console.error(fault);
process.exit(faults.length > 0 ? 1 : 0);
