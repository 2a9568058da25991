import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Client } from 'ldapts'
import t, { type Test } from 'tap'
import { imapSignIn, sendMail } from './clients.ts'
import { available, BOUNCING_DOMAIN, DEFERRING_DOMAIN, type Servers, startAll } from './servers/index.ts'
import { groupMembers, run } from './servers/process.ts'

t.setTimeout(180_000)

const DOMAIN = 'tinh.test'
const an = { user: `an.nv@${DOMAIN}`, pass: 'matkhau12' }
const binh = `binh.tt@${DOMAIN}`
const { ok, missing } = available()

t.test('the real servers together', { skip: ok ? false : missing.join(', ') }, async t => {
  const servers = await startAll({ domains: [DOMAIN], slapd: { tls: true } })
  t.teardown(() => servers.stop())
  await addMailbox(servers, an.user)
  await addMailbox(servers, binh)
  await t.test('a mailbox that PostfixAdmin made signs in over IMAP', t => signsIn(t, servers))
  await t.test('mail is submitted, delivered and logged', t => delivers(t, servers))
  await t.test('mail that does not arrive is logged as such', t => bounces(t, servers))
  await t.test('the master user is let in over IMAP and refused over SMTP', t => masterIsKeptOut(t, servers))
  await t.test('Dovecot restarts on its ports with other settings', t => dovecotRestarts(t, servers))
  await t.test('slapd answers its accounts as a directory does', t => slapdAnswers(t, servers))
  await t.test('slapd takes entries one by one and in bulk, and changes', t => slapdLoads(t, servers))
  await t.test('a size limit over all pages ends a read with result 4', t => slapdLimits(t, servers))
  await t.test('slapd speaks TLS on its own port and by StartTLS', t => slapdSpeaksTls(t, servers))
  await t.test('stopping leaves no process and no folder', t => leavesNothing(t, servers))
})

const ends = { killed: "process.kill(process.pid, 'SIGKILL')", 'at its end': 'process.exit(0)' }
for (const [how, end] of Object.entries(ends)) {
  t.test(`a process ${how} takes its servers along`, { skip: ok ? false : missing.join(', ') }, async t => {
    const [folder = '', ...pids] = await startElsewhere(end)
    t.teardown(() => rmSync(folder, { recursive: true, force: true }))
    const groups = pids.map(Number)
    t.equal(groups.length, 4, 'the servers were started')
    t.ok(await becomesTrue(() => groups.flatMap(groupMembers).length === 0), 'and have ended')
    t.same(processesIn(folder), [])
    if (how === 'at its end') t.notOk(existsSync(folder), 'and their folder is removed')
  })
}

/** Starts all in a process of its own that then ends in the given way; answers its folder and the servers' pids. */
async function startElsewhere(end: string): Promise<string[]> {
  const index = JSON.stringify(new URL('./servers/index.ts', import.meta.url).href)
  const program = `
    const { startAll } = await import(${index})
    const { folder, slapd, postgres, dovecot, postfix } = await startAll({ domains: ['${DOMAIN}'] })
    console.log([folder, slapd.pid, postgres.pid, dovecot.pid, postfix.pid].join(' '))
    ${end}`
  const child = promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program])
  const printed = await child.then(said => said.stdout).catch(readStdout)
  return printed.trim().split(' ')
}

async function signsIn(t: Test, { dovecot }: Servers) {
  t.equal(await imapSignIn({ port: dovecot.imapPort, ...an }), true)
  t.equal(await imapSignIn({ port: dovecot.imapPort, ...an, pass: 'sai' }), false)
  t.match(readFileSync(dovecot.logFile, 'utf8'), `imap-login: Info: Login: user=<${an.user}>, method=PLAIN`)
}

async function delivers(t: Test, { dovecot, postfix }: Servers) {
  const to = [binh, 'dan@ngoai.example']
  const sent = await sendMail({ port: postfix.submissionPort, ...an, from: an.user, to })
  t.same(sent.refused, [])
  t.ok(await postfix.queueEmpty(20_000))
  const status = await dovecot.doveadm(['mailbox', 'status', '-u', binh, 'messages', 'INBOX'])
  t.match(status.stdout, 'messages=1')
  const log = readFileSync(postfix.logFile, 'utf8')
  t.match(log, /postfix\/submission\/smtpd\[\d+\]: [0-9A-F]+: client=.*sasl_username=an\.nv@tinh\.test/)
  t.match(log, /postfix\/lmtp\[\d+\]: [0-9A-F]+: to=<binh\.tt@tinh\.test>, .*status=sent/)
  t.match(log, /postfix\/discard\[\d+\]: [0-9A-F]+: to=<dan@ngoai\.example>, .*status=sent/)
}

async function bounces(t: Test, { postfix }: Servers) {
  const to = [`ai.do@${BOUNCING_DOMAIN}`, `cho@${DEFERRING_DOMAIN}`]
  await sendMail({ port: postfix.submissionPort, ...an, from: an.user, to })
  t.equal(await postfix.queueEmpty(2_000), false, 'deferred mail waits')
  const log = readFileSync(postfix.logFile, 'utf8')
  t.match(log, /to=<ai\.do@.*status=bounced/)
  t.match(log, /to=<cho@.*status=deferred/)
  await postfix.clearQueue()
  t.ok(await postfix.queueEmpty(2_000))
}

async function masterIsKeptOut(t: Test, { dovecot, postfix }: Servers) {
  const master = { user: `${an.user}*${dovecot.masterUser}`, pass: dovecot.masterPassword }
  t.equal(await imapSignIn({ port: dovecot.imapPort, ...master }), true)
  const attempt = sendMail({ port: postfix.submissionPort, ...master, from: an.user, to: [binh] })
  await t.rejects(attempt, { code: 'EAUTH' })
}

async function dovecotRestarts(t: Test, { dovecot, postfix }: Servers) {
  await dovecot.restart({ loginLogFormat: 'separated', masterEverywhere: true })
  const master = { user: `${an.user}*${dovecot.masterUser}`, pass: dovecot.masterPassword }
  t.equal(await imapSignIn({ port: dovecot.imapPort, ...master }), true)
  t.match(readFileSync(dovecot.logFile, 'utf8'), `Login: user=<${an.user}>, auth=<watcher>`)
  const sent = await sendMail({ port: postfix.submissionPort, ...master, from: an.user, to: [binh] })
  t.same(sent.refused, [], 'with the master everywhere, SMTP lets it send as the person')
  t.ok(await postfix.queueEmpty(20_000))
}

async function slapdAnswers(t: Test, { slapd }: Servers) {
  t.equal((await search(slapd.url, slapd.suffix, slapd.readerDn, slapd.readerPassword)).length, 5)
  t.same(
    await search(slapd.url, slapd.suffix, slapd.blindDn, slapd.blindPassword),
    [],
    'success, and nothing',
  )
  await t.rejects(search(slapd.url, slapd.suffix, slapd.readerDn, 'sai'), { code: 49 })
}

async function slapdLoads(t: Test, { slapd }: Servers) {
  await slapd.load(people(slapd.suffix, 0, 3))
  const before = slapd.pid
  await slapd.load(people(slapd.suffix, 3, 8_000))
  t.not(slapd.pid, before, 'so much goes in while it is stopped')
  await slapd.modify(`dn: uid=p0,ou=people,${slapd.suffix}\nchangetype: delete\n`)
  const found = await search(slapd.url, slapd.suffix, slapd.readerDn, slapd.readerPassword)
  t.equal(found.length, 5 + 8_000 - 1)
}

async function slapdLimits(t: Test, { slapd }: Servers) {
  await slapd.restart({ limits: { prtotal: 1_500 } })
  const bind = ['-x', '-H', slapd.url, '-D', slapd.readerDn, '-w', slapd.readerPassword]
  const ran = await run('ldapsearch', [...bind, '-b', slapd.suffix, '-E', 'pr=1000/noprompt', '1.1'])
  t.equal(ran.status, 4)
  await slapd.restart({ limits: { prtotal: 'unlimited' } })
}

async function slapdSpeaksTls(t: Test, { slapd }: Servers) {
  if (slapd.tls === null) return t.fail('no TLS')
  const ca = [readFileSync(slapd.tls.caFile, 'utf8')]
  t.ok((await search(slapd.tls.url, slapd.suffix, slapd.readerDn, slapd.readerPassword, ca)).length > 0)
  const client = new Client({ url: slapd.url, timeout: 10_000, connectTimeout: 10_000 })
  await client.startTLS({ ca })
  await client.bind(slapd.readerDn, slapd.readerPassword)
  await client.unbind()
}

async function leavesNothing(t: Test, servers: Servers) {
  const groups = [servers.slapd, servers.postgres, servers.dovecot, servers.postfix].map(({ pid }) => pid)
  await servers.stop()
  t.same(groups.flatMap(groupMembers), [])
  t.same(processesIn(servers.folder), [])
  t.notOk(existsSync(servers.folder))
  await servers.stop() // a second time is nothing to do
}

async function addMailbox({ postfixAdmin }: Servers, address: string): Promise<void> {
  const secret = ['--password', an.pass, '--password2', an.pass]
  const rest = ['--name', 'Nguyễn Văn An', '--quota', '2048', '--active', '1', '--welcome-mail', '0']
  const ran = await postfixAdmin.cli(['mailbox', 'add', address, ...secret, ...rest])
  if (ran.status !== 0) throw new Error(ran.stderr)
}

async function search(url: string, base: string, dn: string, password: string, ca?: string[]) {
  const tls = ca === undefined ? {} : { tlsOptions: { ca } }
  const client = new Client({ url, timeout: 10_000, connectTimeout: 10_000, ...tls })
  try {
    await client.bind(dn, password)
    return (await client.search(base, { paged: { pageSize: 1_000 } })).searchEntries
  } finally {
    await client.unbind()
  }
}

function people(suffix: string, from: number, to: number): string {
  const person = (n: number) =>
    [
      `dn: uid=p${n},ou=people,${suffix}`,
      'objectClass: inetOrgPerson',
      `uid: p${n}`,
      `cn: Người ${n}`,
      `sn: Người ${n}`,
      `description: ${'một dòng dài cho đủ nhiều '.repeat(3)}.`,
      '',
    ].join('\n')
  return Array.from({ length: to - from }, (_, index) => person(from + index)).join('\n')
}

/** Processes whose working directory or command line lies in the folder. */
function processesIn(folder: string): string[] {
  return readdirSync('/proc').filter(name => /^\d+$/.test(name) && livesIn(name, folder))
}

function livesIn(pid: string, folder: string): boolean {
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
    return command.includes(folder) || readlinkSync(`/proc/${pid}/cwd`).startsWith(folder)
  } catch {
    return false
  }
}

async function becomesTrue(condition: () => boolean): Promise<boolean> {
  const end = Date.now() + 10_000
  while (!condition() && Date.now() < end) await sleep(50)
  return condition()
}

/** What a failed execFile had printed; it rejects with the output on the error. */
function readStdout(error: unknown): string {
  return typeof error === 'object' && error !== null && 'stdout' in error ? String(error.stdout) : ''
}
