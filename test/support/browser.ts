import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const places = [
  process.env['CHROMIUM'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-headless-shell',
  '/usr/lib/chromium/chromium-headless-shell',
  '/usr/bin/google-chrome',
];
// As root Chromium wants no sandbox; the rest keeps it from calling home.
const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A browser that this machine has; undefined where there is none, and then a test says so and skips. */
export const browserPath = places.find((path) => path !== undefined && existsSync(path));

export const launchBrowser = (executablePath: string): Promise<Browser> => chromium.launch({ executablePath, args });
