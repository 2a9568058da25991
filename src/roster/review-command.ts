/** The commands of reviews, the holding list and confirmations. */
import { localOperator } from '../access/access.ts'
import { agenciesBelow } from '../access/store.ts'
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
import { addDays, cleanText, type Day, parseAgencyCode } from '../ids.ts'
import { agencyCoded, type CodedAgency } from './confirmation-store.ts'
import { holdingWords } from './holding-messages.ts'
import { type HoldingRow, listHolding } from './holding-store.ts'
import { answersOf, isAnswer, type ReviewAnswer, type ReviewKind, readAnswer, saidSide } from './review.ts'
import { reviewWords } from './review-messages.ts'
import { listReviews, type ReviewFilter, type ReviewRow, reviewById } from './review-store.ts'
import {
  type ApplyRecords,
  answerAll,
  confirm,
  holdingJson,
  reviewJson,
  todayOf,
} from './review-work-plugin.ts'

/** `apply` reads records anew; it is handed in, since it is a sequence of its own. */
export function reviewCommands(apply: ApplyRecords): Command[] {
  return [
    {
      name: 'roster reviews',
      usage: '[--agency CODE] [--state waiting|answered]',
      summary: { vi: 'Các trường hợp cần xác minh', en: 'What no rule settles' },
      options: { agency: { type: 'string' }, state: { type: 'string' } },
      needs: 'database',
      words: [0, 0],
      run: listCommand,
    },
    {
      name: 'roster answer',
      usage: 'ID same|different|later|stays|left [--day DAY] [--decision NUMBER] [--note TEXT]',
      summary: { vi: 'Trả lời một trường hợp cần xác minh', en: 'Answers one of them' },
      options: { day: { type: 'string' }, decision: { type: 'string' }, note: { type: 'string' } },
      needs: 'database',
      words: [2, 2],
      run: (context, values, words) => answerCommand(context, { values, words, apply }),
    },
    {
      name: 'roster holding',
      usage: '[--agency CODE]',
      summary: { vi: 'Những người chờ chuyển công tác', en: 'Who waits to move' },
      options: { agency: { type: 'string' } },
      needs: 'database',
      words: [0, 0],
      run: holdingCommand,
    },
    {
      name: 'roster confirm',
      usage: 'CODE [--note TEXT]',
      summary: { vi: 'Xác nhận danh sách của một cơ quan', en: 'Says that the list of an agency is right' },
      options: { note: { type: 'string' } },
      needs: 'database',
      words: [1, 1],
      run: confirmCommand,
    },
  ]
}

async function agencyOption(context: CommandContext, values: Values): Promise<number[] | null> {
  const code = textOption(values, 'agency')
  return code === null ? null : agenciesBelow(context.database.db, (await agencyMeant(context, code)).id)
}

async function agencyMeant({ database }: CommandContext, text: string): Promise<CodedAgency> {
  const code = parseAgencyCode(text)
  const found = code === null ? null : await agencyCoded(database.db, code)
  if (found === null) throw new AppError('not_found', `no agency has the code ${text}`)
  return found
}

const PAGE = 500

async function listCommand(context: CommandContext, values: Values): Promise<Answer> {
  const asked = textOption(values, 'state') ?? 'waiting'
  if (asked !== 'waiting' && asked !== 'answered')
    throw new AppError('usage', `--state: waiting or answered is expected, not ${asked}`)
  const within = await agencyOption(context, values)
  const filter: ReviewFilter = { kind: null, state: asked, within, today: todayOf(context) }
  const { locale } = context.config
  const say = reviewWords[locale]
  return {
    json: { reviews: jsonPages(reviewPages(context, filter), reviewJson) },
    text: () =>
      tableText(reviewPages(context, filter), say.none, [say.about, say.kind, say.agency, say.state], row => [
        `${row.id}  ${saidSide(row.said).name ?? row.personName ?? ''}`,
        say.kinds[row.kind],
        row.agencyCode ?? '–',
        say.states[row.state],
      ]),
    exit: 0,
  }
}

async function* reviewPages({ database }: CommandContext, filter: ReviewFilter): AsyncGenerator<ReviewRow[]> {
  for (let after: number | null = null; ; ) {
    const rows: ReviewRow[] = await listReviews(database.db, filter, { after, limit: PAGE })
    if (rows.length > 0) yield rows
    if (rows.length < PAGE) return
    after = rows.at(-1)?.id ?? null
  }
}

async function* holdingPages(
  { database }: CommandContext,
  within: readonly number[] | null,
): AsyncGenerator<HoldingRow[]> {
  for (let after: number | null = null; ; ) {
    const rows: HoldingRow[] = await listHolding(database.db, within, { after, limit: PAGE })
    if (rows.length > 0) yield rows
    if (rows.length < PAGE) return
    after = rows.at(-1)?.personId ?? null
  }
}

async function* jsonPages<Row, Json>(
  pages: AsyncIterable<Row[]>,
  toJson: (row: Row) => Json,
): AsyncGenerator<Json[]> {
  for await (const page of pages) yield page.map(toJson)
}

async function* tableText<Row>(
  pages: AsyncIterable<Row[]>,
  none: string,
  titles: readonly string[],
  cells: (row: Row) => string[],
): AsyncGenerator<string> {
  let any = false
  for await (const page of pages) {
    any = true
    yield `${table(
      titles.map(title => ({ title })),
      page.map(cells),
    )}\n`
  }
  if (!any) yield `${none}\n`
}

async function holdingCommand(context: CommandContext, values: Values): Promise<Answer> {
  const within = await agencyOption(context, values)
  const say = holdingWords[context.config.locale]
  return {
    json: { holding: jsonPages(holdingPages(context, within), holdingJson) },
    text: () =>
      tableText(holdingPages(context, within), say.none, [say.name, say.from, say.since, say.until], row => [
        row.name,
        row.agencyCode ?? '–',
        row.firstDay,
        row.lastDay,
      ]),
    exit: 0,
  }
}

async function answerCommand(
  context: CommandContext,
  { values, words, apply }: { values: Values; words: readonly string[]; apply: ApplyRecords },
): Promise<Answer> {
  const id = idWord(words[0], 'ID') ?? 0
  const row = await reviewById(context.database.db, id)
  if (row === null) throw new AppError('not_found', `there is no review ${id}`)
  const answer = answerFrom(row.kind, words[1] ?? '', { values, today: todayOf(context) })
  const note = cleanText(textOption(values, 'note') ?? '')
  const done = await answerAll(context, [row], answer, { operator: localOperator, note, apply })
  if (done.before)
    throw new AppError('busy', `review ${id} was answered before: ${done.before.state}, by ${done.before.by}`)
  const say = reviewWords[context.config.locale]
  return {
    json: { review: id, answer: answer.kind, applied: !done.late },
    text: () => `${say.answers[answer.kind]}${done.late ? `; ${say.doneLate}` : ''}\n`,
    exit: 0,
  }
}

function answerFrom(
  kind: ReviewKind,
  word: string,
  { values, today }: { values: Values; today: Day },
): ReviewAnswer {
  const day = dayOption(values, 'day') ?? (word === 'left' ? addDays(today, -1) : '')
  const fields = {
    answer: word,
    day,
    decision: cleanText(textOption(values, 'decision') ?? ''),
    decisionDay: '',
  }
  const read = readAnswer(fields, answersOf(kind), today)
  if (isAnswer(read)) return read
  const [[name, problem] = []] = Object.entries(read)
  throw new AppError(
    'usage',
    name === 'day'
      ? `--day: a day up to ${today} is expected (${problem})`
      : `a review of kind ${kind} is answered with one of ${answersOf(kind).join(', ')}, not ${word}`,
  )
}

async function confirmCommand(
  context: CommandContext,
  values: Values,
  [code = '']: string[],
): Promise<Answer> {
  const agency = await agencyMeant(context, code)
  const note = cleanText(textOption(values, 'note') ?? '')
  const done = await confirm(context, agency, { operator: localOperator, note, shown: null })
  if (done === 'changed') throw new AppError('ground_moved', 'the list has changed')
  return {
    json: { agency: agency.code, confirmedOn: done.day, staff: done.staff },
    text: () => `${agency.code} ${agency.name}: ${done.day}, ${done.staff}\n`,
    exit: 0,
  }
}
