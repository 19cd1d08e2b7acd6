/** The address of a telephone's page: the token stands after `#`, which no browser sends to a server or writes to a log. */
export function publishPage(origin: string, source_id: string, token: string): string {
  return `${origin}/publish/${encodeURIComponent(source_id)}#${encodeURIComponent(token)}`;
}

const keyOf = (source_id: string): string => `talaia.publish.${source_id}`;

/** Of an address that was cut off in the middle of a sign nothing is read. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}

/** The token of the address, which then leaves the address bar; a page that is loaded again has it from its tab. */
export function takeToken(page: Window, source_id: string): string | null {
  const inAddress = decoded(page.location.hash.slice(1));
  try {
    if (inAddress) {
      page.history.replaceState(null, '', page.location.pathname);
      page.sessionStorage.setItem(keyOf(source_id), inAddress);
    }
    return inAddress || page.sessionStorage.getItem(keyOf(source_id));
  } catch {
    return inAddress || null;
  }
}
