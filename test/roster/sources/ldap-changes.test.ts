/** Reading only what changed since a cursor, and what it does not tell. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { DirectoryEntry } from '../../../src/roster/sources/entry.ts'
import { type LdapServer, type LdapSession, openLdap } from '../../../src/roster/sources/ldap.ts'
import { nextCursor } from '../../../src/roster/sources/ldap-cursor.ts'
import { type Answer, type Asked, type OddEntry, startOddDirectory } from '../../support/odd-directory.ts'
import { available, startSlapd } from '../../support/servers/index.ts'

const BASE = 'ou=people,dc=tinh,dc=test'
const signal = AbortSignal.timeout(60_000)
const search = { base: BASE, filter: '(objectClass=inetOrgPerson)', attributes: ['uid'] }

async function read(session: LdapSession, since: string | null): Promise<DirectoryEntry[]> {
  const entries: DirectoryEntry[] = []
  for await (const page of session.search({ ...search, since }, signal)) entries.push(...page)
  return entries
}

/** Full at first, then from the cursor if the directory follows it. */
async function readFrom(server: LdapServer, cursor: string | null) {
  const session = await openLdap(server, signal, { incremental: true })
  try {
    const since = cursor !== null && session.follows(cursor) ? cursor : null
    const entries = await read(session, since)
    return { full: since === null, entries, cursor: session.cursor(), kind: await session.kind(signal) }
  } finally {
    session.close()
  }
}

type Controller = { invocation?: Buffer; usn?: string; entries?: OddEntry[] }

/** Answers as an Active Directory controller does; what is searched for stays as scripted. */
function controller({ invocation = Buffer.alloc(16, 1), usn = '100', entries = [] }: Controller) {
  const root: OddEntry = {
    dn: '',
    attributes: {
      supportedCapabilities: ['1.2.840.113556.1.4.800'],
      dsServiceName: ['CN=NTDS Settings'],
      highestCommittedUSN: [usn],
    },
  }
  return (_: number, { base }: Asked): Answer => {
    if (base === '') return { entries: [root] }
    if (base === 'CN=NTDS Settings')
      return { entries: [{ dn: base, attributes: { invocationId: [invocation] } }] }
    return { entries: entries.length > 0 ? entries : [{ dn: BASE, attributes: {} }] }
  }
}

t.test('an Active Directory controller', async t => {
  const ask = async (script: Controller, cursor: string | null) => {
    const directory = await startOddDirectory({ answers: controller(script) })
    t.teardown(directory.stop)
    const outcome = await readFrom({ url: directory.url, ...directory.account }, cursor)
    return {
      ...outcome,
      filter: directory.searches.find(each => each.base === BASE)?.filter ?? '',
      directory,
    }
  }
  const first = await ask({}, null)
  t.match(first, { full: true, kind: 'activeDirectory', cursor: `usn ${'01'.repeat(16)} 100` })
  t.notMatch(first.filter, /uSNChanged/)
  t.notOk(
    first.directory.searches.some(each => each.attributes.includes('uSNChanged')),
    'the number itself is not asked for: it would change a digest without a change',
  )

  const second = await ask({ usn: '140' }, first.cursor)
  t.match(second, { full: false, cursor: `usn ${'01'.repeat(16)} 140` })
  t.match(second.filter, /uSNChanged.*101/s, 'goes on after the number it reached')
  t.match(second.filter, /inetOrgPerson/, 'among those wanted')

  const another = await ask({ invocation: Buffer.alloc(16, 2), usn: '500' }, first.cursor)
  t.match(
    another,
    { full: true, cursor: `usn ${'02'.repeat(16)} 500` },
    'another controller counts otherwise',
  )
  const restored = await ask({ usn: '90' }, first.cursor)
  t.match(restored, { full: true }, 'one that went back has forgotten')
  t.match(await ask({}, 'time 20261125000000Z'), { full: true })
  t.match(await ask({}, 'no cursor at all'), { full: true })
  t.match(await ask({ usn: '' }, first.cursor), { full: true, cursor: null }, 'nor one that does not tell')
})

t.test('a directory with times', async t => {
  const modified = (time: string): OddEntry => ({
    dn: `uid=${time},${BASE}`,
    attributes: { modifyTimestamp: [time] },
  })
  const answers: Answer[] = [
    { entries: [{ dn: '', attributes: { objectClass: ['top', 'OpenLDAProotDSE'] } }] },
    { entries: [modified('20251125103000Z'), modified('20251125120000Z'), modified('20251124235959Z')] },
  ]
  const directory = await startOddDirectory({ answers })
  t.teardown(directory.stop)
  const first = await readFrom({ url: directory.url, ...directory.account }, null)
  t.equal(first.kind, 'openLdap')
  t.match(
    first.cursor,
    /^time 2025112511[45]\d{3}Z$/,
    'ten minutes before the latest, and the time of the reading',
  )

  t.test('may be one without any', async t => {
    const silent = await startOddDirectory({
      answers: [{ result: 50 }, { entries: [modified('yesterday')] }],
    })
    t.teardown(silent.stop)
    t.match(await readFrom({ url: silent.url, ...silent.account }, null), { kind: 'other', cursor: null })
  })

  t.test('counts back the time the reading took', async t => {
    const self = { kind: 'openLdap', numbering: null } as const
    const now = Date.UTC(2027, 0, 2)
    t.equal(nextCursor(self, '20261125120000Z', 0, now), 'time 20261125115000Z')
    t.equal(nextCursor(self, '20261125120000Z', 3599.2, now), 'time 20261125105000Z')
    t.equal(nextCursor(self, '20270101000000.0Z', 0, now), 'time 20261231235000Z')
    t.equal(nextCursor(self, '20261125120000+0700', 0, now), null)
    t.equal(
      nextCursor(self, '99991231235959Z', 0, Date.UTC(2026, 10, 25, 12)),
      'time 20261125115000Z',
      'one entry of a wrong clock hides no later change',
    )
  })
})

t.test('a session that was not opened for it keeps no cursor and asks for nothing more', async t => {
  const directory = await startOddDirectory({ answers: [{ entries: [`uid=a,${BASE}`] }] })
  t.teardown(directory.stop)
  const session = await openLdap({ url: directory.url, ...directory.account }, signal)
  t.teardown(session.close)
  t.equal((await read(session, null)).length, 1)
  t.equal(session.cursor(), null)
  t.same(
    directory.searches.map(each => each.attributes),
    [['uid']],
  )
})

const servers = available(['slapd'])

t.test(
  'a real OpenLDAP',
  { skip: servers.ok ? false : `missing: ${servers.missing.join(', ')}` },
  async t => {
    const folder = mkdtempSync(join(tmpdir(), 'hopthu-changes-'))
    const slapd = await startSlapd({ folder })
    t.teardown(async () => {
      await slapd.stop()
      rmSync(folder, { recursive: true, force: true })
    })
    const person = (i: number, time: string) =>
      `dn: uid=u${i},${BASE}\nobjectClass: inetOrgPerson\nuid: u${i}\ncn: ${i}\nsn: ${i}\nmodifyTimestamp: ${time}\n`
    const old = Array.from({ length: 20 }, (_, i) =>
      person(i, `202601${String(i + 1).padStart(2, '0')}000000Z`),
    )
    await slapd.load(`${old.join('\n')}\n${'#'.repeat(1_000_000)}\n`) // by slapadd, which keeps the times
    const reader = { url: slapd.url, bindDn: slapd.readerDn, bindPassword: slapd.readerPassword }

    const full = await readFrom(reader, null)
    t.equal(full.entries.length, 20)
    t.match(full.cursor, /^time 202601192349[0-5]\dZ$/)
    const quiet = await readFrom(reader, full.cursor)
    t.match(quiet, { full: false, cursor: full.cursor }, 'nothing new does not move the cursor back')
    t.same(
      quiet.entries.map(entry => entry.attributes.get('uid')?.[0]),
      ['u19'],
      'those of the overlap are read again',
    )
    t.equal(quiet.entries[0]?.digest, full.entries.find(each => each.dn === quiet.entries[0]?.dn)?.digest)

    await slapd.modify(`dn: uid=u3,${BASE}\nchangetype: modify\nreplace: cn\ncn: moved\n`)
    await slapd.modify(`dn: uid=u4,${BASE}\nchangetype: delete\n`)
    await slapd.load(`dn: uid=new,${BASE}\nobjectClass: inetOrgPerson\nuid: new\ncn: n\nsn: n\n`)
    const changed = await readFrom(reader, full.cursor)
    t.same(
      changed.entries.map(entry => entry.attributes.get('uid')?.[0]).sort(),
      ['new', 'u19', 'u3'],
      'what was deleted is not told',
    )
    t.ok((changed.cursor ?? '') > (full.cursor ?? ''))
  },
)
