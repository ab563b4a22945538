/** What the pretend app of the fake workspace draws, shaped like an access app's messages and views. */
export type Json = Record<string, unknown>;

const plain = (text: string) => ({ type: 'plain_text', text });
const mrkdwn = (text: string) => ({ type: 'mrkdwn', text });
const option = (text: string, value: string) => ({ text: plain(text), value });

const DURATIONS = [option('1 minute', 'PT1M'), option('15 minutes', 'PT15M'), option('1 hour', 'PT1H'), option('4 hours', 'PT4H')];

/** The message in #approvals: terms, reason as rich text, a choice of durations, Approve and Deny. */
export function approval(requestor: string, reason: string): Json[] {
  return [
    { type: 'header', block_id: 'title', text: plain('Access request') },
    {
      type: 'section',
      block_id: 'terms',
      text: mrkdwn(`<@${requestor}> asks for \`readonly\` on *sample* _(Postgres)_`),
      fields: [mrkdwn('*Asked for*\n1 minute'), mrkdwn('*Policy*\nOne approval by a reviewer')],
    },
    {
      type: 'rich_text',
      block_id: 'reason',
      elements: [{ type: 'rich_text_quote', elements: [{ type: 'text', text: reason }] }],
    },
    {
      type: 'actions',
      block_id: 'decision',
      elements: [
        { type: 'static_select', action_id: 'duration', placeholder: plain('Duration'), options: DURATIONS, initial_option: DURATIONS[0] },
        { type: 'button', action_id: 'approve', style: 'primary', text: plain('Approve'), value: 'r1' },
        { type: 'button', action_id: 'deny', style: 'danger', text: plain('Deny'), value: 'r1' },
      ],
    },
    { type: 'context', block_id: 'note', elements: [mrkdwn('Request `r1` · you cannot approve your own')] },
  ];
}

/** The same message once decided: no buttons. */
export function approved(requestor: string, approver: string, duration: string, untilS: number): Json[] {
  const until = `<!date^${untilS}^{date_short_pretty} at {time}|soon>`;
  return [
    { type: 'header', block_id: 'title', text: plain('Access active') },
    { type: 'section', block_id: 'terms', text: mrkdwn(`<@${requestor}> has \`readonly\` on *sample* for *${duration}*, until ${until}`) },
    { type: 'context', block_id: 'note', elements: [mrkdwn(`:white_check_mark: Approved by <@${approver}>`)] },
  ];
}

/** The direct message to the requestor while access is active. */
export function active(duration: string, untilS: number): Json[] {
  return [
    {
      type: 'section',
      block_id: 'active',
      text: mrkdwn(`:key: You have \`readonly\` on *sample* for ${duration}, until <!date^${untilS}^{time}|soon>. Connect with:`),
    },
    {
      type: 'rich_text',
      block_id: 'how',
      elements: [{ type: 'rich_text_preformatted', elements: [{ type: 'text', text: 'psql postgresql://bob@127.0.0.1:5433/sample' }] }],
    },
    {
      type: 'actions',
      block_id: 'doing',
      elements: [
        { type: 'button', action_id: 'secret', text: plain('Show password'), value: 'g1' },
        {
          type: 'button',
          action_id: 'relinquish',
          style: 'danger',
          text: plain('Relinquish'),
          value: 'g1',
          confirm: {
            title: plain('Give it back now?'),
            text: plain('Your sessions on sample end at once.'),
            confirm: plain('Relinquish'),
            deny: plain('Keep it'),
            style: 'danger',
          },
        },
      ],
    },
  ];
}

const input = (id: string, label: string, element: Json, more: Json = {}): Json => ({
  type: 'input',
  block_id: id,
  label: plain(label),
  element: { action_id: 'value', ...element },
  ...more,
});

/** A form with one field of each important kind. */
export function requestForm(): Json {
  return {
    type: 'modal',
    callback_id: 'request',
    title: plain('Ask for access'),
    submit: plain('Ask'),
    close: plain('Cancel'),
    blocks: [
      input('resource', 'Resource', { type: 'external_select', min_query_length: 0, placeholder: plain('Find a database or group') }),
      input('role', 'Role', {
        type: 'radio_buttons',
        options: [
          { ...option('readonly', 'readonly'), description: plain('Look, change nothing') },
          { ...option('readwrite', 'readwrite'), description: plain('Change rows too') },
        ],
      }),
      input('duration', 'For how long', { type: 'static_select', options: DURATIONS, initial_option: DURATIONS[2] }),
      input(
        'reason',
        'Reason',
        { type: 'plain_text_input', multiline: true, placeholder: plain('What do you want to do?') },
        { hint: plain('Approvers read this.') },
      ),
      input('ticket', 'Ticket', { type: 'plain_text_input' }, { optional: true }),
    ],
  };
}

export function home(): Json {
  return {
    type: 'home',
    callback_id: 'home',
    blocks: [
      { type: 'header', block_id: 'h1', text: plain('Your access') },
      {
        type: 'section',
        block_id: 's1',
        text: mrkdwn('*sample* · `readonly`\nEnds in 14 minutes'),
        accessory: { type: 'overflow', action_id: 'more', options: [option('Relinquish', 'r'), option('Copy the command', 'c')] },
      },
      { type: 'divider', block_id: 'd1' },
      { type: 'header', block_id: 'h2', text: plain('Waiting for you') },
      {
        type: 'section',
        block_id: 's2',
        text: mrkdwn('<@U0DAVE001> asks for `readwrite` on *billing*\n> fix the invoice of March'),
        accessory: { type: 'button', action_id: 'review', text: plain('Review'), value: 'r2' },
      },
      {
        type: 'actions',
        block_id: 'a1',
        elements: [
          { type: 'button', action_id: 'ask', style: 'primary', text: plain('Ask for access'), value: 'new' },
          { type: 'datepicker', action_id: 'day', initial_date: '2030-01-31', placeholder: plain('Day') },
        ],
      },
    ],
  };
}
