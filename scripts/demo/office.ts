/**
 * What offices of the invented province do by hand beside the rosters: decisions, absences, a school's own file, lists
 * confirmed, an agency that takes another name. All of it by the commands that do it anywhere, on the day it is done.
 *
 * Decisions say of people what the next roster will say too, so that the province stays one.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { commands } from '../../src/app.ts'
import type { CommandContext, Values } from '../../src/command.ts'
import { addDays, type Day } from '../../src/ids.ts'
import { writeXlsx } from '../../src/roster/sources/xlsx-writer.ts'
import { runCommand } from './command.ts'
import { agencyOn, type Person, serves } from './people.ts'
import { offsetOf, type Practice } from './practice.ts'
import { isFaulty, rosterDays } from './roster.ts'
import { firstFile, SCHOOL, type SchoolFile, secondFile } from './school.ts'

/** So many of a kind are announced; enough to be looked at. */
const LEAVERS = 3
const MOVERS = 2
/** So far ahead decisions are known, in days. */
const AHEAD = 60
const STUDENTS = 4

type Office = { context: CommandContext; practice: Practice; day: number; run: Run }
type Run = (name: string, words: string[], values?: Values) => Promise<unknown>

/** Does what is done on the day of a roster, after it was read. */
export async function workOfDay(context: CommandContext, practice: Practice, today: Day): Promise<void> {
  const all = commands()
  const day = offsetOf(practice, today)
  const run: Run = (name, words, values) =>
    runCommand(context, all, { name, words, ...(values && { values }) })
  const office: Office = { context, practice, day, run }
  const regular = rosterDays(-practice.state.days, 0).filter(each => !isFaulty(each))
  const last = regular.at(-1)
  if (day === regular.at(-2)) await announce(office, { until: last ?? 0, first: 118 })
  if (day === last) {
    await importFile(office, firstFile(practice))
    await confirm(office)
    await enterAbsence(office)
  }
  if (isFaulty(day)) {
    await announce(office, { until: AHEAD, first: 246 })
    await sendToStudy(office)
    await renameTroupe(office)
    await importFile(office, secondFile(practice))
  }
}

type Ahead = { until: number; first: number }

/** Decisions of those who leave or move after the day, each with a number of its own. */
async function announce(office: Office, { until, first }: Ahead): Promise<void> {
  const { practice, day } = office
  // what is announced for later is still to come on the day of the first start
  const start = until > 0 ? 2 : day + 2
  const within = (each: number) => start <= each && each < until
  const here = practice.people.filter(person => serves(person, day) && person.away === null)
  const leavers = here.filter(({ left }) => left !== null && within(left + 1)).slice(0, LEAVERS)
  const movers = here.filter(person => person.left === null && within(moveOf(person))).slice(0, MOVERS)
  let number = first
  for (const person of leavers)
    await decide(office, { kind: 'leave', person, from: (person.left ?? 0) + 1, number: number++ })
  for (const person of movers) {
    const agency = agencyOn(person, moveOf(person)).code
    await decide(office, {
      kind: 'move',
      person,
      from: moveOf(person),
      number: number++,
      values: { agency, title: person.title },
    })
  }
}

function moveOf({ posts }: Person): number {
  return posts[1]?.from ?? Number.NaN
}

type Decided = { kind: string; person: Person; from: number; number: number; values?: Values }

async function decide(office: Office, { kind, person, from, number, values = {} }: Decided): Promise<void> {
  await office.run('roster announce', [kind, person.staffId], {
    ...signed(office, number),
    effective: dateOf(office, from),
    ...values,
  })
}

function signed(office: Office, number: number) {
  const issuer = 'Chủ tịch Uỷ ban nhân dân tỉnh'
  return { decision: `${number}/QĐ-UBND`, 'decision-day': dateOf(office, office.day - 1), issuer }
}

function dateOf({ practice }: Office, day: number): Day {
  return addDays(practice.state.start, day)
}

/** A block of people by one decision. */
async function sendToStudy(office: Office): Promise<void> {
  const { practice, day } = office
  const students = practice.people
    .filter(person => serves(person, day) && serves(person, 120) && person.away === null)
    .filter(
      person =>
        agencyOn(person, day).code.startsWith('H99.11.') && agencyOn(person, 120) === agencyOn(person, day),
    )
    .slice(0, STUDENTS)
  if (students.length === 0) return
  await office.run('roster announce', ['absence', ...students.map(({ staffId }) => staffId)], {
    ...signed(office, 251),
    effective: dateOf(office, 6),
    until: dateOf(office, 96),
    kind: 'study',
  })
}

async function enterAbsence(office: Office): Promise<void> {
  const { practice, day } = office
  const person = practice.people.find(
    each =>
      serves(each, day) && serves(each, 60) && each.away === null && agencyOn(each, day).code === 'H99.11',
  )
  if (!person) return
  await office.run('roster absence', ['add', person.staffId], {
    kind: 'secondment',
    from: dateOf(office, day - 4),
    until: dateOf(office, day + 86),
    document: '231/QĐ-SYT',
  })
}

/** Lists that were looked through; the others are still to be. */
async function confirm({ run }: Office): Promise<void> {
  for (const code of ['H99.02', 'H99.08', 'H99.11', 'H99.54'])
    await run('roster confirm', [code], { note: 'Đã đối chiếu với hồ sơ cán bộ' })
}

/** Waits for its day: the rosters go on calling it as before. */
async function renameTroupe(office: Office): Promise<void> {
  await office.run('agency change', ['H99.09.07'], {
    name: 'Nhà hát Ca múa nhạc dân tộc',
    day: dateOf(office, 9),
    decision: '253/QĐ-UBND',
    'decision-day': dateOf(office, office.day - 1),
  })
}

async function importFile(office: Office, { name, headings, rows }: SchoolFile): Promise<void> {
  const folder = join(office.practice.folder, 'files')
  mkdirSync(folder, { recursive: true })
  const path = join(folder, name)
  await writeXlsx({ headings, rows: pages(rows), to: path, sheet: 'Danh sách' })
  await office.run('roster import', [path], { agency: SCHOOL })
}

async function* pages(rows: readonly (readonly string[])[]) {
  yield rows
}
