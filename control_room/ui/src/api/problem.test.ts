import { afterEach, describe, expect, it } from 'vitest';

import { i18n } from '../i18n/i18n.svelte';
import type { Problem } from './client';
import { describe as inWords } from './problem';

afterEach(() => {
  i18n.language = 'ca';
});

const problem = (given: Partial<Problem>): Problem => ({
  status: 409,
  title: 'Conflict',
  detail: 'in English',
  ...given,
});
const fault = (at: string, kind: string, allowed: Record<string, string | number> = {}): Problem =>
  problem({ status: 422, told: { errors: [{ at, kind, allowed, message: 'Input should be otherwise' }] } });

describe('what went wrong', () => {
  it("is said in the person's language, by the problem's name", () => {
    const stale = problem({ name: 'stale-version' });
    expect(inWords(stale)).toBe('Una altra persona ho ha canviat mentrestant: mireu-ho de nou.');
    i18n.language = 'es';
    expect(inWords(stale)).toBe('Otra persona lo ha cambiado mientras tanto: mírelo de nuevo.');
  });

  it('says how long to wait', () => {
    expect(inWords(problem({ status: 429, name: 'too-many-requests', retryAfter_s: 20 }))).toContain("d'aquí a 20 s");
  });

  it('says what the device refuses, in words for its code', () => {
    const masked = problem({
      name: 'device-refuses',
      told: { refusal: 'masked' },
      detail: 'its device: masked: mask 2',
    });
    expect(inWords(masked)).toBe("No s'envia: les zones de privacitat no s'hi poden tapar.");
    const newer = problem({ name: 'device-refuses', told: { refusal: 'frozen' }, detail: 'frozen: lens' });
    expect(inWords(newer)).toBe('El dispositiu no pot enviar aquesta càmera (frozen: lens).');
  });

  it("says why no picture comes, in words for the device's", () => {
    const dark = { name: 'camera-dark', told: { reason: 'cannot be opened: Connection refused' } };
    expect(inWords(problem(dark))).toBe('De la càmera no arriba cap imatge (en aquesta adreça no respon res).');
  });

  it('names the field and what it may be', () => {
    expect(inWords(fault('body.reason', 'string_too_long', { max_length: 500 }))).toBe(
      'Motiu: 500 caràcters com a màxim.',
    );
    expect(inWords(fault('body.cameras.3.camera_id', 'missing'))).toBe('Càmera: hi ha de ser.');
    expect(inWords(fault('body', 'no_ground'))).toBe('Digueu un vol, una autorització o una finalitat.');
  });

  it("keeps the room's own words where there are no others", () => {
    expect(inWords(fault('body.sheen', 'odd_type'))).toBe('sheen: Input should be otherwise.');
    expect(inWords(problem({ status: 422 }))).toBe('La sala no ho accepta així (in English).');
    expect(inWords(problem({ status: 418 }))).toBe('in English');
    expect(inWords(problem({ status: 418, detail: '' }))).toBe('Error 418.');
  });

  it('is told by the status where the problem has no name that is known here', () => {
    expect(inWords(problem({ status: 404, name: 'of-tomorrow' }))).toBe('No existeix, o ja no hi és.');
    expect(inWords(problem({ status: 500 }))).not.toContain('English');
    expect(inWords(problem({ status: 0 }))).toBe('No hi ha connexió amb la sala.');
  });
});
