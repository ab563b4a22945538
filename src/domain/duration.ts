declare const seconds: unique symbol;
/** A whole, positive number of seconds. */
export type DurationSeconds = number & { readonly [seconds]: true };
export type TimeUnit = 's' | 'm' | 'h' | 'd' | 'w';
/** A duration as the settings API writes it; `{24,h}` and `{1,d}` are different options. */
export type Duration = { readonly time: number; readonly unit: TimeUnit };
