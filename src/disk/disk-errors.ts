import { InputError } from '../core/errors.ts';

/** What a person can mend, by the system's code of it. */
const REMEDIES: Readonly<Record<string, string>> = {
  ENOSPC: 'no space is left on the disk; free some',
  EDQUOT: 'your quota of the disk is used up; free some',
  EFBIG: 'the file would be too large for the disk',
  EROFS: 'the disk is read-only',
  EACCES: "there is no permission; change the file's or the folder's",
  EPERM: "there is no permission; change the file's or the folder's",
  EIO: 'the disk fails; save what is on it',
  ENOENT: 'there is no such file or folder',
  EEXIST: 'something is in the way',
  ENOTDIR: 'a file is where a folder is needed',
  EISDIR: 'a folder is where a file is needed',
  ELOOP: 'the links lead in a circle',
  ENXIO: 'it is no regular file',
  EINVAL: "the system can't do that with it",
  ENOTEMPTY: 'the folder is not empty',
  ENAMETOOLONG: 'the name is too long',
  EMFILE: 'too many files are open; raise the limit (ulimit -n)',
  ENFILE: 'too many files are open on this machine',
  EBUSY: 'another program uses it',
  ETXTBSY: 'another program uses it',
  ERR_FS_FILE_TOO_LARGE: 'the file is too large to be read at once',
};

/** A failure of the disk, or of a path that was named, in one line; null for anything else. */
export function explainDiskError(error: unknown): InputError | null {
  if (!(error instanceof Error)) return null;
  const { code, path, syscall } = error as NodeJS.ErrnoException;
  const remedy = code === undefined ? undefined : REMEDIES[code];
  // Sockets fail with such codes too, and with addresses.
  if (remedy === undefined || 'address' in error || (path === undefined && syscall === undefined)) return null;
  return new InputError(`${path ?? 'a file'}: ${remedy} (${code})`);
}
