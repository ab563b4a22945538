/** Why Curfew cannot start, in one sentence for the person at the terminal. */
export class StartProblem extends Error {
  override readonly name = 'StartProblem';
}

/** The `code` of a system or PostgreSQL error. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'it is on a read-only file system',
  ENOTDIR: 'a part of its path is a file',
  EEXIST: 'there is a file of that name',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
};

/** Turns a file system error met while working in `folder` into a sentence; anything else stays what it is. */
export function folderProblem(error: unknown, folder: string): unknown {
  const reason = reasons[errorCode(error) ?? ''];
  if (reason === undefined) return error;
  return new StartProblem(`The database folder ${folder} cannot be used: ${reason}. Choose another with CURFEW_DATA_DIR.`, {
    cause: error,
  });
}
