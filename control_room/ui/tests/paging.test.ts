/** A list as each page shows it, over answers that are here. */
import { cleanup, render, screen } from '@testing-library/svelte';
import { createRawSnippet } from 'svelte';
import { afterEach, describe, expect, it } from 'vitest';

import type { Result } from '../src/api/client';
import { Paged } from '../src/paging/paged.svelte';
import PagedList from '../src/paging/PagedList.svelte';

type Answer = Result<{ items: string[]; next_cursor?: string | null }>;
const AWAY: Answer = { ok: false, problem: { status: 503, title: 'Away', detail: 'try later' } };
const page = (items: string[], next_cursor?: string): Answer => ({
  ok: true,
  data: { items, ...(next_cursor && { next_cursor }) },
});

function shown(answers: Answer[]): { paged: Paged<string>; asked: (string | null)[] } {
  const asked: (string | null)[] = [];
  const paged = new Paged<string>((cursor) => {
    asked.push(cursor);
    return Promise.resolve(answers.shift() ?? AWAY);
  });
  const children = createRawSnippet(() => ({ render: () => '<ul data-testid="list"></ul>' }));
  render(PagedList, { paged, failed: 'Not read', empty: { icon: 'pin', title: 'Nothing' }, children });
  return { paged, asked };
}

afterEach(cleanup);

describe('a list by pages', () => {
  it('says beside the button of a further page that it could not be read, and tries that page again', async () => {
    const { paged, asked } = shown([page(['a'], 'after-a'), AWAY, page(['b'])]);
    screen.getByTestId('loading');
    await paged.load();
    const more = await screen.findByRole('button');
    more.click();
    const fault = await screen.findByRole('alert');
    expect(fault.textContent).toContain('Not read');
    expect(screen.getByTestId('list').compareDocumentPosition(fault)).toBe(Node.DOCUMENT_POSITION_FOLLOWING);
    expect(paged.items).toEqual(['a']);
    (await screen.findByRole('button')).click();
    await expect.poll(() => paged.items).toEqual(['a', 'b']);
    expect(asked).toEqual([null, 'after-a', 'after-a']);
    await expect.poll(() => screen.queryByRole('button')).toBeNull();
  });

  it('says above what is there that it could not be read anew', async () => {
    const { paged } = shown([page(['a']), AWAY]);
    await paged.load();
    await paged.load();
    const fault = await screen.findByRole('alert');
    expect(screen.getByTestId('list').compareDocumentPosition(fault)).toBe(Node.DOCUMENT_POSITION_PRECEDING);
  });

  it('tells nothing there from nothing read', async () => {
    const { paged } = shown([AWAY, page([])]);
    await paged.load();
    (await screen.findByRole('button')).click();
    await screen.findByText('Nothing');
    expect(screen.queryByRole('alert')).toBeNull();
  });

  it('lets the answer of the last question count, whenever it comes', async () => {
    const waiting: ((answer: Answer) => void)[] = [];
    const paged = new Paged<string>(() => new Promise((resolve) => waiting.push(resolve)));
    const loads = [paged.load(), paged.load()];
    waiting[1]?.(page(['new']));
    waiting[0]?.(page(['old']));
    await Promise.all(loads);
    expect([paged.items, paged.isLoading]).toEqual([['new'], false]);
  });
});
