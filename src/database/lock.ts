/**
 * The lock on an embedded database's folder.
 *
 * Two processes on one PGlite folder lose data without an error. The lock is a SQLite file held in an exclusive
 * transaction: the kernel frees it when the process ends in whatever way, so it can never be left behind.
 */
import { basename, dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { AppError } from '../error.ts'

/** Takes the lock and gives the function that frees it. Throws `database_locked` where another process holds it. */
export function lockFolder(folder: string): () => void {
  const file = new DatabaseSync(join(dirname(folder), `.${basename(folder)}.lock`))
  try {
    file.exec('pragma locking_mode = exclusive; begin exclusive')
  } catch (cause) {
    file.close()
    throw new AppError(
      'database_locked',
      `another hopthu process is using ${folder}; stop the running service first, or use PostgreSQL, which serves several`,
      { cause },
    )
  }
  return () => file.close()
}
