/** The part of a pino logger that HTTP needs. */
export type HttpLog = {
  info(fields: object, message: string): void;
  error(fields: object, message: string): void;
};
