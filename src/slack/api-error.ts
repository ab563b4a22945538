import { WebAPIPlatformError } from '@slack/web-api';

/** Slack's own word for why it refused a call; undefined for every other fault. */
export const apiError = (error: unknown): string | undefined => (error instanceof WebAPIPlatformError ? error.data.error : undefined);
