import { z } from 'zod';

/** Text that the database can keep: it knows neither NUL nor halves of characters, in text and in JSON alike. */
export const text = (longest: number) =>
  z
    .string()
    .max(longest)
    .refine((value) => value.isWellFormed() && !value.includes('\0'), 'Must be well-formed Unicode without NUL characters');
