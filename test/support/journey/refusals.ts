/** Steps: servers that fail, lie or are wrongly configured, and a directory that lost half its people. */
import { join } from 'node:path'
import type { Test } from 'tap'
import { PASSWORD } from './activity.ts'
import { remove } from './directory.ts'
import { hopthu, writeConfig } from './hopthu.ts'
import {
  type ApplyAnswer,
  command,
  type Failed,
  type Journey,
  type PlanAnswer,
  SOME_REJECTED,
  type SweepAnswer,
  type SyncAnswer,
} from './journey.ts'
import { addressOf, type Person, people } from './people.ts'
import { imap } from './sessions.ts'
import { contentsOf, differences } from './tables.ts'

/** In Dovecot's default log a master looks like the person: no round is begun. */
export async function refusesToSweep(t: Test, journey: Journey) {
  const { servers, calendar } = journey
  const logFile = join(servers.folder, 'default.log')
  const before = servers.dovecot.logFile
  await servers.dovecot.restart({ loginLogFormat: 'default', logTo: logFile })
  const database = new URL(journey.database)
  database.pathname = '/unbroken'
  const logs = { departments: logFile, smtp: servers.postfix.logFile }
  const config = writeConfig(servers, calendar, 'default', {
    database: database.href,
    logs,
    excludeNothing: true,
  })
  for (const finding of ['lookAlike', 'bareForm']) {
    const { status, json } = await hopthu<Failed & { error: { details: unknown } }>(['activity', 'sweep'], {
      config,
      calendar,
    })
    t.match(
      { status, json },
      { status: 3, json: { error: { code: 'cannot_separate', details: { finding } } } },
    )
  }
  await servers.dovecot.restart({ loginLogFormat: 'separated', logTo: before })
  const again = await command<SweepAnswer>(journey, 'activity sweep')
  t.match(again, { status: 0, json: { unreachable: 0 } }, 'with the separated log it goes on')
}

/** Nothing that goes wrong at a server changes anything of ours. */
export async function refusesBadServers(t: Test, journey: Journey) {
  const { servers, calendar, database, config } = journey
  const before = await contentsOf(database)
  const fails = async (
    args: string[],
    options: { config: string; env?: Record<string, string> },
    code: string,
  ) => {
    const { status, json } = await hopthu<Failed>(args, { calendar, ...options })
    t.match({ status, json }, { status: 1, json: { error: { code } } }, `${args.join(' ')}: ${code}`)
  }
  const sync = ['roster', 'sync']
  await fails(sync, { config, env: { LDAP_PASSWORD: 'sai' } }, 'directory_refused')
  await servers.slapd.stop()
  await fails(sync, { config }, 'directory_unreachable')
  await servers.slapd.restart({ limits: { prtotal: 100 } })
  const cut = await command<SyncAnswer>(journey, 'roster sync')
  t.match(cut, { status: 3, json: { complete: false, guard: { ok: false } } }, 'a read cut short')
  await servers.slapd.restart({ limits: { prtotal: 'unlimited' } })
  const { blindDn, blindPassword } = servers.slapd
  const blind = writeConfig(servers, calendar, 'blind', { database, roster: { bindDn: blindDn } })
  const seen = await hopthu<SyncAnswer>(sync, {
    config: blind,
    calendar,
    env: { LDAP_PASSWORD: blindPassword },
  })
  t.match(seen, { status: 3, json: { read: 0, guard: { ok: false } } }, 'a reader that sees nobody')
  const nowhere = 'postgres://ai@127.0.0.1:1/mail'
  const noPlatform = writeConfig(servers, calendar, 'no-platform', { database, platform: nowhere })
  await fails(['mailbox', 'plan'], { config: noPlatform }, 'platform_unreachable')
  const noDatabase = writeConfig(servers, calendar, 'no-database', { database: nowhere })
  await fails(['adoption'], { config: noDatabase }, 'database_unreachable')
  const plain = writeConfig(servers, calendar, 'plain', { database, roster: { bindPassword: 'mat-khau' } })
  const usage = await hopthu<Failed>(sync, { config: plain, calendar })
  t.match(usage, { status: 2, json: { error: { code: 'config_invalid', message: /bindPassword/ } } })
  t.notMatch(usage.stdout + usage.stderr, 'mat-khau', 'a secret is never shown')
  t.same(unstaged(before, await contentsOf(database)), [], 'people, agencies and mailboxes are as they were')
}

/** What differs but the staged rows of a refused run, which stay for review. */
function unstaged(before: Map<string, string[]>, after: Map<string, string[]>): string[] {
  return differences(before, after).filter(each => !each.startsWith('roster_staged_'))
}

/** Half of the people vanish: refused, until a person approves exactly that read, and then exactly that plan. */
export async function losesHalf(t: Test, journey: Journey) {
  const { servers, database } = journey
  const there = people.filter(person => person.fate !== 'leaves')
  const gone = there.filter((_, i) => i % 2 === 1)
  const before = await contentsOf(database)
  await servers.slapd.modify(gone.map(remove).join('\n'))
  const sync = await command<SyncAnswer>(journey, 'roster sync')
  t.match(sync, {
    status: 3,
    json: { complete: true, people: { leavers: gone.length }, guard: { ok: false } },
  })
  t.ok(sync.json.guard.reasons.length > 1, 'for the whole and for agencies')
  t.same(unstaged(before, await contentsOf(database)), [], 'nothing has changed')
  const approved = await command<SyncAnswer>(journey, `roster approve ${sync.json.run}`)
  t.match(approved, { status: SOME_REJECTED, json: { people: { leavers: gone.length } } })
  const held = gone.filter(person => person.local !== null)
  const plan = await command<PlanAnswer>(journey, 'mailbox plan')
  t.match(plan, { status: 3, json: { changes: { suspend: held.length }, guard: { ok: false } } })
  const refused = await command<Failed>(journey, 'mailbox apply')
  t.match(refused, { status: 3, json: { error: { code: 'guard_refused' } } })
  await sign(t, journey, held[0], true)
  const forced = await command<ApplyAnswer>(journey, 'mailbox apply --force')
  t.match(forced, { status: 0, json: { done: held.length, failed: 0 } })
  await sign(t, journey, held[0], false)
  await sign(
    t,
    journey,
    there.find(person => person.local !== null && !gone.includes(person)),
    true,
  )
}

async function sign(t: Test, { servers }: Journey, person: Person | undefined, expected: boolean) {
  if (!person) return t.fail('nobody')
  const signedIn = await imap({ port: servers.dovecot.imapPort, user: addressOf(person), pass: PASSWORD })
  t.equal(signedIn, expected, `${person.name} ${expected ? 'signs in' : 'is refused'}`)
}
