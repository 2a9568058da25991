/** `roster announce`, `roster announcements`, `roster withdraw` and `roster absence`. */
import {
  type Answer,
  type Command,
  type CommandContext,
  dayOption,
  idWord,
  table,
  textOption,
  type Values,
} from '../command.ts'
import { AppError } from '../error.ts'
import { cleanText, dayAt } from '../ids.ts'
import { absenceKinds, parseAbsenceKind } from './absence.ts'
import { enterAbsence, withdraw } from './announce.ts'
import {
  announcementStates,
  type Candidate,
  type ListedAnnouncement,
  listAnnouncements,
  peopleMeant,
} from './announcement-store.ts'
import { decide } from './decide.ts'
import { announcementKinds, type Refusal, reasonRead } from './decision.ts'
import { ownNumber } from './decision-entry.ts'
import { absenceText, dayWord, decisionWords, reasonText } from './decision-messages.ts'
import { historiesOf } from './decision-store.ts'
import { foldText } from './name.ts'

const text = { type: 'string' } as const

export const decisionCommands: Command[] = [
  {
    name: 'roster announce',
    usage:
      'KIND PERSON… --decision NUMBER --decision-day DAY [--effective DAY] [--agency CODE] [--class CLASS] [--title TITLE] [--until DAY] [--kind REASON] [--issuer TEXT] [--birth-day DAY] [--staff-id ID]',
    summary: {
      vi: 'Nhập biến động nhân sự theo quyết định, của ngày đã qua hoặc sắp tới',
      en: 'Announces movements by a decision, of a past or a future day',
    },
    options: {
      ...{ decision: text, 'decision-day': text, effective: text, agency: text, class: text, title: text },
      ...{ until: text, kind: text, issuer: text, 'birth-day': text, 'staff-id': text },
    },
    needs: 'database',
    words: [2, 2001],
    run: announceCommand,
  },
  {
    name: 'roster announcements',
    usage: '[--state waiting|done|failed|withdrawn]',
    summary: { vi: 'Các biến động đã nhập theo quyết định', en: 'What decisions announce' },
    options: { state: text },
    needs: 'database',
    words: [0, 0],
    run: listCommand,
  },
  {
    name: 'roster withdraw',
    usage: 'ID',
    summary: { vi: 'Rút lại một biến động đang chờ', en: 'Takes back an announcement that waits' },
    options: {},
    needs: 'database',
    words: [1, 1],
    run: withdrawCommand,
  },
  {
    name: 'roster absence',
    usage: 'add|end PERSON [--kind REASON] [--from DAY] [--until DAY] [--document NUMBER]',
    summary: { vi: 'Nhập hoặc kết thúc thời gian tạm không tính', en: 'Enters or ends a long absence' },
    options: { kind: text, from: text, until: text, document: text },
    needs: 'database',
    words: [2, 2],
    run: absenceCommand,
  },
]

function todayOf({ config, now }: CommandContext) {
  return dayAt(now().getTime(), config.timeZone)
}

async function announceCommand(
  context: CommandContext,
  values: Values,
  [kind = '', ...people]: string[],
): Promise<Answer> {
  if (!announcementKinds.some(each => each === kind))
    throw new AppError('usage', `KIND: one of ${announcementKinds.join(', ')} is expected, not ${kind}`)
  const given = (name: string) => cleanText(textOption(values, name) ?? '')
  const { config, database, now } = context
  const today = todayOf(context)
  for (const name of ['decision', 'decision-day'])
    if (given(name) === '') throw new AppError('usage', `--${name} is missing`)
  const typed = {
    ...{ number: given('decision'), signed: given('decision-day'), issuer: given('issuer'), kind },
    ...{ effective: given('effective') || today, until: given('until'), agency: given('agency') },
    ...{ staffClass: given('class'), title: given('title'), absence: given('kind') },
    ...{ people: people.join('\n'), fullName: cleanText(people.join(' ')) },
    ...{ birthDay: given('birth-day'), staffId: given('staff-id') },
  }
  const ground = { scope: null, locale: config.locale, today, now: now(), by: 'local' }
  const decided = await decide(database.db, { values: typed, problems: {}, scan: null }, ground)
  if ('problems' in decided)
    throw new AppError('usage', Object.values(decided.problems).join(' '), { details: decided.problems })
  const { agency: _, ...json } = decided
  const say = decisionWords[config.locale]
  const count = (value: number) => value.toLocaleString(config.locale)
  return { json, text: () => `${say.announced(count(json.done), count(json.waiting))}\n`, exit: 0 }
}

const PAGE = 500

async function* pagesOf(
  { database }: CommandContext,
  state: ListedAnnouncement['state'] | null,
): AsyncGenerator<ListedAnnouncement[]> {
  let after = 0
  while (true) {
    const page = await listAnnouncements(database.db, { scope: null, state }, { after, limit: PAGE })
    if (page.length === 0) return
    yield page
    after = page.at(-1)?.id ?? after
  }
}

async function listCommand(context: CommandContext, values: Values): Promise<Answer> {
  const asked = textOption(values, 'state')
  const state = announcementStates.find(each => each === asked) ?? null
  if (asked !== null && state === null)
    throw new AppError('usage', `--state: one of ${announcementStates.join(', ')} is expected`)
  return {
    json: { announcements: jsonPages(context, state) },
    text: () => textOf(context, state),
    exit: 0,
  }
}

async function* jsonPages(context: CommandContext, state: ListedAnnouncement['state'] | null) {
  for await (const page of pagesOf(context, state))
    yield page.map(({ place: _, person, number, ...each }) => ({ ...each, decision: number, person }))
}

async function* textOf(context: CommandContext, state: ListedAnnouncement['state'] | null) {
  const { locale } = context.config
  const say = decisionWords[locale]
  const titles = ['#', say.number, say.people, say.kind, say.day, say.state].map(title => ({ title }))
  for await (const page of pagesOf(context, state)) {
    const rows = page.map(each => [
      String(each.id),
      each.number ?? '',
      `${each.name} ${each.staffId ?? `#${each.person}`}`,
      [
        say.kinds[each.kind],
        each.kind === 'absence' ? absenceText(locale, each.absence) : (each.agency ?? ''),
      ]
        .filter(Boolean)
        .join(', '),
      dayWord(each.day),
      [say.states[each.state], each.reason === '' ? '' : reasonText(locale, reasonRead(each.reason))]
        .filter(Boolean)
        .join(': '),
    ])
    yield `${table(titles, rows)}\n`
  }
}

async function withdrawCommand(context: CommandContext, _: Values, [word]: string[]): Promise<Answer> {
  const id = idWord(word, 'ID') ?? 0
  const say = decisionWords[context.config.locale]
  if (!(await withdraw(context.database.db, id, { now: context.now() })))
    throw new AppError('not_found', `${id}: ${say.withdrawLate}`)
  return { json: { withdrawn: id }, text: () => `${say.withdrawn}\n`, exit: 0 }
}

async function absenceCommand(
  context: CommandContext,
  values: Values,
  [what = '', who = '']: string[],
): Promise<Answer> {
  if (what !== 'add' && what !== 'end') throw new AppError('usage', `add or end is expected, not ${what}`)
  const { database, config, now } = context
  const person = await personMeant(context, cleanText(who))
  const entry = what === 'add' ? addedBy(context, values) : await endedBy(context, values, person)
  const refusal = await enterAbsence(
    database.db,
    { person: person.id, ...entry },
    { today: todayOf(context), now: now() },
  )
  if (refusal) throw refused(context, person, refusal)
  const { first, last, kind } = entry.absence
  const until = last === 'infinity' ? null : last
  return {
    json: { person: person.staffId ?? `#${person.id}`, kind, from: first, until },
    text: () => `${decisionWords[config.locale].absences.saved}\n`,
    exit: 0,
  }
}

function refused({ config }: CommandContext, { name }: Candidate, refusal: Refusal): AppError {
  return new AppError('usage', `${name}: ${reasonText(config.locale, refusal)}`)
}

function addedBy(context: CommandContext, values: Values) {
  const kind = parseAbsenceKind(textOption(values, 'kind') ?? '')
  if (kind === null) throw new AppError('usage', `--kind: one of ${absenceKinds.join(', ')} is expected`)
  const absence = {
    ...{ kind, first: dayOption(values, 'from') ?? todayOf(context), source: '' },
    last: dayOption(values, 'until') ?? 'infinity',
    document: cleanText(textOption(values, 'document') ?? '').slice(0, 80),
  }
  return { was: null, absence }
}

/** The one by hand that goes on: its last day is yesterday, or the one that is given. */
async function endedBy(context: CommandContext, values: Values, person: Candidate) {
  const last = dayOption(values, 'until')
  if (last === null) throw new AppError('usage', '--until: the last day of the absence is missing')
  const { absences = [] } = (await historiesOf(context.database.db, [person.id])).get(person.id) ?? {}
  const running = absences.find(each => each.source === '' && each.first <= last && each.last >= last)
  if (!running) throw refused(context, person, { reason: 'noAbsence', day: last, agency: null })
  return { was: running.first, absence: { ...running, last } }
}

async function personMeant({ database, config }: CommandContext, text: string): Promise<Candidate> {
  const words = decisionWords[config.locale].problems
  const lines = [{ text, folded: foldText(text), id: ownNumber(text) }]
  const found = (await peopleMeant(database.db, lines, null)).get(text) ?? []
  const [first] = found
  if (!first) throw new AppError('usage', words.lineNone(text))
  if (found.length === 1) return first
  const ids = found.map(each => each.staffId ?? `#${each.id}`).join(', ')
  throw new AppError('usage', words.lineMany(text, ids))
}
