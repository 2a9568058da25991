import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { AppError } from '../src/error.ts'
import { createMailOut } from '../src/mail-out.ts'
import { type Behaviour, startSmtpSink } from './support/smtp-sink.ts'

const PASSWORD = 'bí mật ở đây'
const limits = { wordMs: 300, mailMs: 1000 }
const mail = {
  to: 'a@tinh.gov.vn',
  subject: 'Lần chạy đêm không thành công',
  text: 'Đêm qua: lỗi.\n.\nHết.\n',
}

async function sender(t: Test, behaviour: Behaviour = {}, account = false) {
  const sink = await startSmtpSink(behaviour)
  t.teardown(() => sink.close())
  const file = join(t.testdir(), 'password')
  writeFileSync(file, `${PASSWORD}\n`)
  const out = createMailOut(
    {
      host: '127.0.0.1',
      port: sink.port,
      secure: false,
      from: 'hopthu@tinh.gov.vn',
      operators: [],
      ...(account ? { user: 'hopthu', password: { file } } : {}),
    },
    limits,
  )
  t.teardown(() => out.close())
  return { sink, out }
}

/** What a call threw, with everything that a log would print of it. */
async function failure(work: Promise<unknown>): Promise<{ error: AppError; printed: string }> {
  const error: unknown = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof AppError)) throw new Error(`an AppError was expected, not ${String(error)}`)
  const printed = `${error.message} ${error.stack} ${JSON.stringify(error.details)} ${String(error.cause)}`
  return { error, printed }
}

t.test('a mail arrives as it was written, Vietnamese and lone dots included', async t => {
  const { sink, out } = await sender(t)
  t.same(await out.send({ ...mail, to: ['a@tinh.gov.vn', 'b@tinh.gov.vn'] }), { refused: [] })
  t.match(sink.mails, [
    { from: 'hopthu@tinh.gov.vn', to: ['a@tinh.gov.vn', 'b@tinh.gov.vn'], subject: mail.subject },
  ])
  t.equal(sink.mails[0]?.text.trimEnd(), mail.text.trimEnd())
  t.match(sink.mails[0]?.raw, /^Auto-Submitted: auto-generated$/m)
})

t.test('a line break in the subject makes no header', async t => {
  const { sink, out } = await sender(t)
  await out.send({ ...mail, subject: 'A\r\nBcc: x@elsewhere.example' })
  t.notMatch(sink.mails[0]?.raw, /^Bcc:/m)
  t.same(sink.mails[0]?.to, ['a@tinh.gov.vn'])
})

t.test('who was refused is named while others are served', async t => {
  const refusing = (line: string) => (line.includes('<b@') ? '550 unknown' : '250 ok')
  const { sink, out } = await sender(t, { answers: { RCPT: refusing } })
  t.same(await out.send({ ...mail, to: ['a@tinh.gov.vn', 'b@tinh.gov.vn'] }), { refused: ['b@tinh.gov.vn'] })
  t.same(sink.mails[0]?.to, ['a@tinh.gov.vn'])
})

t.test('a check signs in and says so, without sending', async t => {
  const plain = await sender(t)
  t.equal(await plain.out.check(), `127.0.0.1:${plain.sink.port} answers`)
  const known = await sender(t, { offers: ['AUTH PLAIN'] }, true)
  t.equal(await known.out.check(), `127.0.0.1:${known.sink.port} answers, signed in as hopthu`)
  t.same([plain.sink.mails, known.sink.mails], [[], []])
  t.match(known.sink.commands.join('\n'), /^AUTH PLAIN /m)
})

t.test('each failure has its code, and whether to try again', async t => {
  const later = { answers: { MAIL: () => '451 come back later' } }
  const never = { answers: { MAIL: () => '553 not you' } }
  const nobody = { answers: { RCPT: () => '550 unknown' } }
  const dumb = { answers: { DATA: () => null } }
  const cases: [Behaviour, string, boolean][] = [
    [later, 'mail_server_refused', true],
    [never, 'mail_server_refused', false],
    [nobody, 'mail_server_refused', false],
    [dumb, 'mail_server_unreachable', true],
    [{ silent: true }, 'mail_server_unreachable', true],
  ]
  for (const [behaviour, code, temporary] of cases) {
    const { out } = await sender(t, behaviour)
    const { error } = await failure(out.send(mail))
    t.same([error.code, error.temporary], [code, temporary], error.message)
  }
})

t.test('a server that is not there, or drips for ever, ends in time', async t => {
  const { sink, out } = await sender(t)
  await sink.close().catch(() => {})
  const gone = await failure(out.send(mail))
  t.match(gone.error, { code: 'mail_server_unreachable', temporary: true })
  const checked = await failure(out.check())
  t.match(checked.error, { code: 'mail_server_unreachable', temporary: true })

  const dripping = await startSmtpSink({ answers: { EHLO: () => null } })
  t.teardown(() => dripping.close())
  const config = {
    host: '127.0.0.1',
    port: dripping.port,
    secure: false,
    from: 'hopthu@tinh.gov.vn',
    operators: [],
  }
  const slow = createMailOut(config, { wordMs: 60_000, mailMs: 300 })
  t.match((await failure(slow.send(mail))).error, { code: 'mail_server_unreachable' })
  t.match((await failure(slow.check())).error, { code: 'mail_server_unreachable' })
})

t.test('a refused password is named by no error, even where the server repeats it', async t => {
  const repeating = {
    offers: ['AUTH PLAIN'],
    answers: { AUTH: (line: string) => `535 no: ${line} ${PASSWORD}` },
  }
  const { out } = await sender(t, repeating, true)
  for (const work of [out.send(mail), out.check()]) {
    const { error, printed } = await failure(work)
    t.match(error, { code: 'mail_server_refused', temporary: false })
    t.notOk(printed.includes(PASSWORD), printed)
    t.notOk(printed.includes(Buffer.from(`\0hopthu\0${PASSWORD}`).toString('base64')), printed)
  }
})

t.test('a password is never sent in clear over the net', async t => {
  const { sink } = await sender(t)
  const file = join(t.testdir(), 'password')
  writeFileSync(file, PASSWORD)
  // the name stands for a host elsewhere: what matters is that it is no loopback address as written
  const config = {
    host: '0.0.0.0',
    port: sink.port,
    secure: false,
    from: 'hopthu@tinh.gov.vn',
    operators: [],
  }
  const out = createMailOut({ ...config, user: 'hopthu', password: { file } }, limits)
  await t.rejects(out.send(mail), { name: 'AppError' })
  t.notMatch(sink.commands.join('\n'), /AUTH/)
})

t.test('a password that cannot be read is found at once', async t => {
  const config = { host: '127.0.0.1', port: 25, secure: false, from: 'hopthu@tinh.gov.vn', operators: [] }
  t.throws(() => createMailOut({ ...config, user: 'a', password: { file: join(t.testdir(), 'none') } }), {
    code: 'config_invalid',
    message: /mailOut\.password/,
  })
})
