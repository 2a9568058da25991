/** The world outside the province: takes what Postfix delivers there, and keeps each message as a file. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startSmtpSink } from '../../test/support/smtp-sink.ts'

export type MailFolder = {
  port: number
  /** Where the files are, once that is known. */
  folder(): string
  keepIn(folder: string): void
  stop(): Promise<void>
}

const LOOK_MS = 300

export async function startMailFolder(): Promise<MailFolder> {
  const sink = await startSmtpSink()
  let folder = ''
  let kept = 0
  const keep = () => {
    if (folder === '') return
    for (const { raw, subject, to, text } of sink.mails.splice(0)) {
      kept += 1
      const path = join(
        folder,
        `${String(kept).padStart(4, '0')}-${(to[0] ?? 'khong-ro').replace(/[^a-z0-9@.-]/gi, '_')}.eml`,
      )
      writeFileSync(path, raw)
      const link = /https?:\/\/\S+/.exec(text)?.[0]
      process.stdout.write(
        `lab: có thư gửi ra ngoài: ${to.join(', ')} · ${subject}${link ? `\n     ${link}` : ''}\n     ${path}\n`,
      )
    }
  }
  const timer = setInterval(keep, LOOK_MS)
  return {
    port: sink.port,
    folder: () => folder,
    keepIn(wanted) {
      mkdirSync(wanted, { recursive: true })
      folder = wanted
    },
    stop: async () => {
      clearInterval(timer)
      await sink.close()
    },
  }
}
