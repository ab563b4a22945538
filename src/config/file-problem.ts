/** The `code` of a system error. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'it is not there',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of its path is a file',
  EEXIST: 'there is a file of that name',
  EROFS: 'it is on a read-only file system',
  ENOSPC: 'the disk is full',
};

/** Why a file or folder cannot be used, as the end of a sentence. */
export function fileProblem(error: unknown): string {
  const code = errorCode(error);
  return reasons[code ?? ''] ?? code ?? 'unknown reason';
}
