const RETRY_MS = 2000;

/**
 * Follows the workspace as one person sees it. Every event is a whole snapshot.
 * @param {string} as a person's id or name
 * @param {{ onSnapshot: (snapshot: any) => void, onLink: (up: boolean) => void, onUnknown: () => void }} listeners
 * @returns {() => void} ends it
 */
export function openStream(as, { onSnapshot, onLink, onUnknown }) {
  let source;
  let timer;
  let wasOpen = false;
  const open = () => {
    source = new EventSource(`/sandbox/events?as=${encodeURIComponent(as)}`);
    source.addEventListener('open', () => {
      wasOpen = true;
      onLink(true);
    });
    source.addEventListener('message', (event) => onSnapshot(JSON.parse(event.data)));
    source.addEventListener('error', () => {
      onLink(false);
      // A browser reconnects by itself after a cut line, but gives up for good after an answer that is not a stream.
      if (source.readyState !== EventSource.CLOSED) return;
      if (wasOpen) timer = setTimeout(open, RETRY_MS);
      else onUnknown();
    });
  };
  open();
  return () => {
    clearTimeout(timer);
    source.close();
  };
}

/**
 * Does something in the workspace as a person.
 * @returns {Promise<{ ok: true } & Record<string, any> | { ok: false, error: string }>} never rejects
 */
export async function send(action) {
  try {
    const response = await fetch('/sandbox/act', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(action),
    });
    const answer = await response.json();
    return answer.ok === true ? answer : { ok: false, error: answer.error ?? `The workspace answered ${response.status}.` };
  } catch (fault) {
    return { ok: false, error: `The workspace did not answer (${fault.message}). Is it still running?` };
  }
}
