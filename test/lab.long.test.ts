/** `npm run lab`: real servers with the province, one Ctrl-C, and nothing is left. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createTransport } from 'nodemailer'
import t from 'tap'
import { available } from './support/servers/index.ts'
import { freePort } from './support/servers/process.ts'
import { start } from './support/started.ts'

const { ok, missing } = available()
const READY_MS = 300_000

/** Processes whose command line names a folder. */
function processesIn(folder: string): string[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .flatMap(pid => {
      try {
        return [readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')]
      } catch {
        return [] // ended meanwhile
      }
    })
    .filter(line => line.includes(folder))
}

t.test(
  'the laboratory starts, says what to try, and cleans up',
  { skip: !ok && missing.join(', ') },
  async t => {
    const port = await freePort()
    const lab = start(t, 'scripts/lab.ts', { PORT: String(port) })
    await lab.saying(/Nhấn Ctrl-C/, READY_MS)
    const [, folder = ''] = /Dovecot .* nhật ký (\S+)\/dovecot\/dovecot\.log/.exec(lab.said()) ?? []
    const [, link = ''] = /(http\S+\/sign-in\/\S+)/.exec(lab.said()) ?? []
    t.equal((await fetch(link)).status, 200, 'the link of the administrator opens')
    t.match(lab.said(), /\/plans\/1/, 'a proposal waits')
    t.ok(processesIn(folder).length > 4, 'the servers run')

    const config = JSON.parse(readFileSync(`${folder}/lab.json`, 'utf8'))
    const mailer = createTransport({
      host: '127.0.0.1',
      port: config.mailOut.port,
      secure: false,
      ignoreTLS: true,
    })
    await mailer.sendMail({
      from: 'hopthu@phuocan.test',
      to: 'ai.do@thuktt.example',
      subject: 'Lời mời',
      text: 'Chào',
    })
    mailer.close()
    const [, file = ''] = await lab.saying(/ai\.do@thuktt\.example · Lời mời\s+(\S+\.eml)/, 30_000)
    t.match(readFileSync(file, 'utf8'), /Subject/, 'what leaves the province comes to a folder')

    t.equal(await lab.interrupt(), 0)
    t.match(lab.said(), /đã dọn xong/)
    t.notOk(existsSync(folder), 'no folder is left')
    t.same(processesIn(folder), [], 'and no process')
  },
)
