/** Something the app asks people to decide: a message of a channel with a primary button. */
function isOpen(message) {
  return (message.blocks ?? []).some((block) => block.type === 'actions' && block.elements.some((element) => element.style === 'primary'));
}

function openIn(snapshot) {
  const channels = snapshot.channels.filter((channel) => channel.kind === 'channel');
  const found = channels.flatMap(({ id }) =>
    (snapshot.messages[id] ?? []).filter((message) => !message.ephemeral && isOpen(message)).map(({ ts }) => `${id} ${ts}`),
  );
  return new Set(found);
}

/** Sees from what is on the page that something was asked for, and that it was approved here. */
export function createProgress(noticed) {
  let open;
  let saidYes = false;
  return {
    pressed: (isYes) => {
      saidYes = isYes;
    },
    /** Another person sees other things: what differs then is no news. */
    reset: () => {
      open = undefined;
    },
    update: (snapshot) => {
      const before = open;
      open = openIn(snapshot);
      if (before === undefined) return;
      if ([...open].some((key) => !before.has(key))) noticed('asked');
      if (saidYes && [...before].some((key) => !open.has(key))) {
        saidYes = false;
        noticed('approved');
      }
    },
  };
}
