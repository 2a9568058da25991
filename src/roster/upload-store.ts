/**
 * The folder of files that were brought in the browser: next to an embedded database, else in the folder for temporary
 * files (TMPDIR). A file is streamed there, for nobody else to read, under a name of ours.
 */
import { createHash, randomBytes } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { chmod, lstat, mkdir, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Config } from '../config.ts'
import { embeddedFolder } from '../database/database.ts'
import { AppError } from '../error.ts'

/** What the readers take at most. */
export const UPLOAD_BYTES = 200_000_000
/** How long a file lies there that nobody imports. */
export const UPLOAD_HOURS = 24

export type KeptFile = { path: string; bytes: number; sha256: string }

/** Made where it is not there yet; refused where others could look into it. */
export async function uploadFolder({ database }: Config): Promise<string> {
  const embedded = embeddedFolder(database)
  const owner = process.getuid?.() ?? 0
  const folder =
    embedded === null
      ? join(tmpdir(), `hopthu-uploads-${owner}`)
      : join(dirname(embedded), `.${basename(embedded)}.uploads`)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const found = await lstat(folder)
  if (!found.isDirectory() || found.uid !== owner)
    throw new AppError(
      'file_unreadable',
      `${folder} is not ours: files that are brought cannot be kept there`,
    )
  if ((found.mode & 0o077) !== 0) await chmod(folder, 0o700)
  return folder
}

/** Keeps what comes, piece by piece; nothing is left where it breaks off. */
export async function keepFile(folder: string, from: Readable): Promise<KeptFile> {
  const path = join(folder, randomBytes(16).toString('hex'))
  const hash = createHash('sha256')
  let bytes = 0
  try {
    await pipeline(
      from,
      async function* (chunks: AsyncIterable<Buffer>) {
        for await (const chunk of chunks) {
          hash.update(chunk)
          bytes += chunk.length
          yield chunk
        }
      },
      createWriteStream(path, { flags: 'wx', mode: 0o600 }),
    )
    return { path, bytes, sha256: hash.digest('hex') }
  } catch (thrown) {
    await removeFile(path)
    throw thrown
  }
}

/** The hash of a file as it lies there now; null where it is gone. */
export async function hashOf(path: string): Promise<string | null> {
  const hash = createHash('sha256')
  try {
    await pipeline(createReadStream(path), hash)
    return hash.digest('hex')
  } catch (thrown) {
    if (typeof thrown === 'object' && thrown !== null && 'code' in thrown && thrown.code === 'ENOENT')
      return null
    throw thrown
  }
}

export function removeFile(path: string): Promise<void> {
  return rm(path, { force: true })
}

/** Takes away what lies there longer than a day, whoever forgot it. */
export async function removeOld(folder: string, now: Date): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name)
    const found = await stat(path).catch(() => null) // gone since the folder was read
    const hours = found === null ? 0 : (now.getTime() - found.mtimeMs) / 3_600_000
    if (hours > UPLOAD_HOURS) await removeFile(path)
  }
}
