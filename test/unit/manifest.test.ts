import { readdirSync, readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { listened, methodScopes, optionalScopes } from '../../src/slack/listened.ts';

const root = new URL('../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');
const given: unknown = parse(read('manifest.yml'));

const manifest = z
  .object({
    _metadata: z.object({ major_version: z.literal(2) }),
    features: z.object({
      app_home: z.object({ home_tab_enabled: z.boolean(), messages_tab_enabled: z.boolean() }),
      slash_commands: z.array(z.object({ command: z.string(), should_escape: z.boolean(), url: z.string().optional() })),
      shortcuts: z.array(z.object({ type: z.string(), callback_id: z.string() })),
    }),
    oauth_config: z.object({ scopes: z.object({ bot: z.array(z.string()), bot_optional: z.array(z.string()) }) }),
    settings: z.object({
      event_subscriptions: z.object({ bot_events: z.array(z.string()), request_url: z.string().optional() }),
      interactivity: z.object({ is_enabled: z.boolean(), request_url: z.string().optional() }),
      socket_mode_enabled: z.boolean(),
      org_deploy_enabled: z.literal(true),
      function_runtime: z.literal('remote'),
    }),
    functions: z.record(z.string(), z.object({ title: z.string() })),
  })
  .parse(given);

/** `client.chat.postMessage(` and the like in the sources of the Slack door. */
function methodsCalled(): string[] {
  const sources = readdirSync(new URL('src/slack/', root)).map((name) => read(`src/slack/${name}`));
  const calls = sources.flatMap((source) => [...source.matchAll(/\bclient\s*\.((?:[a-zA-Z]+\s*\.\s*)+[a-zA-Z]+)\(/g)]);
  const names = calls.map(([, method]) => (method ?? '').replaceAll(/\s/g, ''));
  return [...new Set(names)].toSorted();
}

describe('manifest.yml', () => {
  it('passes the schema of version 2', () => {
    const validate = new Ajv({ strict: false, formats: { uri: true } }).compile(
      JSON.parse(read('test/fixtures/slack-manifest-schema.v2.json')),
    );
    validate(given);
    expect(validate.errors ?? []).toEqual([]);
  });

  it('declares the commands, shortcuts and events that are listened to, and no others', () => {
    expect(manifest.features.slash_commands.map(({ command }) => command)).toEqual(listened.commands);
    expect(manifest.features.shortcuts.map((each) => each.callback_id)).toEqual(listened.shortcuts);
    expect(Object.keys(manifest.functions)).toEqual(listened.functions);
    expect(manifest.settings.event_subscriptions.bot_events.toSorted()).toEqual([...listened.events].toSorted());
    expect(listened.actions.length + listened.views.length === 0 || manifest.settings.interactivity.is_enabled).toBe(true);
  });

  it('asks for the scopes that the called methods need, and no others', () => {
    const needed = new Set(['commands', ...Object.values(methodScopes).flat()]);
    expect(manifest.oauth_config.scopes.bot.toSorted()).toEqual([...needed].toSorted());
    const wished = new Set(Object.values(optionalScopes).flat());
    expect(manifest.oauth_config.scopes.bot_optional.toSorted()).toEqual([...wished].toSorted());
  });

  it('knows the scopes of every method that is called, and lists none that is not', () => {
    // The socket's own client opens and closes it; neither is a method of the bot.
    const called = methodsCalled().filter((name) => name.includes('.') && !/^(client|apps)[.]/.test(name));
    expect(called).toEqual(Object.keys({ ...methodScopes, ...optionalScopes }).toSorted());
  });

  it('gives addresses if and only if Socket Mode is off, and has mentions escaped', () => {
    const urls = [
      ...manifest.features.slash_commands.map(({ url }) => url),
      manifest.settings.event_subscriptions.request_url,
      manifest.settings.interactivity.request_url,
    ];
    expect(urls.every((url) => (url === undefined) === manifest.settings.socket_mode_enabled)).toBe(true);
    expect(manifest.features.slash_commands.every((each) => each.should_escape)).toBe(true);
    expect(manifest.features.app_home).toEqual({ home_tab_enabled: true, messages_tab_enabled: true });
  });
});
