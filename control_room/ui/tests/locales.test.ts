import { describe, expect, it } from 'vitest';

import { differences, filesOf, literals, read } from '../scripts/locales.js';

const locale = (name: string): Record<string, unknown> =>
  JSON.parse(read(`locales/${name}.json`)) as Record<string, unknown>;

describe('the locale files', () => {
  it.each(['es', 'en'])('%s says everything that Catalan says, with the same placeholders', (language) => {
    expect(differences(locale('ca'), locale(language))).toEqual([]);
  });

  it('finds a text that is missing, one too many, and another placeholder', () => {
    const first = { a: 'un', b: '{n} gossos', c: { one: 'x' } };
    expect(differences(first, { b: 'gossos', c: { one: 'x', two: 'y' } })).toEqual([
      'a: missing',
      'b: other placeholders',
      'c.two: not in the first language',
    ]);
  });
});

describe('the markup', () => {
  it.each(filesOf('src', '.svelte'))('%s holds no text for people', (path) => {
    expect(literals(read(path))).toEqual([]);
  });

  it('finds texts, attributes that are read, and texts in expressions', () => {
    const source = `<p title="Hola">Bon dia</p><i>{x ? 'Sí home' : t('a.b')}</i><b class="no">{\`\${n} metres\`}</b>`;
    expect(literals(source)).toEqual(['Hola', 'Bon dia', 'Sí home', 'metres']);
  });
});
