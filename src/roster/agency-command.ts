/** `agency list`, `agency history`, `agency open`, `agency change`, `agency close` and `agency withdraw`. */
import { localOperator } from '../access/access.ts'
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
import { type Day, parseAgencyCode } from '../ids.ts'
import { day as dayText } from '../web/format.ts'
import { type AgencyChange, type ChangeProblem, parseChangeDay } from './agency-change.ts'
import { readAgencyCode } from './agency-code.ts'
import {
  type Doer,
  decisionFrom,
  enterAs,
  factsOf,
  readTyped,
  requireManageable,
  type Typed,
  withdrawAs,
} from './agency-entry-plugin.ts'
import { MOST_BELOW, MOST_MONTHS } from './agency-history-page.ts'
import { agencyJson, historyJson, treeJson } from './agency-json.ts'
import { agencyLevelText, agencyWords, changeProblemText, codeFormatText } from './agency-messages.ts'
import { todayOf } from './agency-scope-plugin.ts'
import { agenciesOn, belowOf, historyOf, holdersOf, movesByMonth } from './agency-store.ts'
import { agencyTree } from './agency-tree.ts'
import { sectorName, sectorsInTree } from './sector.ts'

const text = { type: 'string' } as const
const factOptions = { name: text, code: text, parent: text, level: text, sector: text }
const dayOptions = { day: text, decision: text, 'decision-day': text }
const dayUsage = '--day DAY [--decision NUMBER --decision-day DAY]'

export const agencyCommands: Command[] = [
  {
    name: 'agency list',
    usage: '[--as-of DAY]',
    summary: { vi: 'Cây tổ chức của một ngày', en: 'The organisation of a day' },
    options: { 'as-of': text },
    needs: 'database',
    words: [0, 0],
    run: list,
  },
  {
    name: 'agency history',
    usage: 'CODE [--id ID]',
    summary: { vi: 'Một cơ quan theo thời gian', en: 'One agency over time' },
    options: { id: text },
    needs: 'database',
    words: [1, 1],
    run: history,
  },
  {
    name: 'agency open',
    usage: `CODE --name NAME [--parent CODE] [--level LEVEL] [--sector SECTOR] ${dayUsage}`,
    summary: { vi: 'Thêm cơ quan từ một ngày', en: 'Opens an agency from a day on' },
    options: { ...factOptions, ...dayOptions },
    needs: 'database',
    words: [1, 1],
    run: open,
  },
  {
    name: 'agency change',
    usage: `CODE [--name NAME] [--parent CODE] [--code CODE] [--level LEVEL] [--sector SECTOR] ${dayUsage}`,
    summary: {
      vi: 'Đổi tên, mã, cấp trên, cấp, khối của cơ quan từ một ngày',
      en: 'Renames, moves or recodes an agency from a day on',
    },
    options: { ...factOptions, ...dayOptions },
    needs: 'database',
    words: [1, 1],
    run: change,
  },
  {
    name: 'agency close',
    usage: `CODE ${dayUsage}`,
    summary: { vi: 'Cho cơ quan thôi hoạt động từ một ngày', en: 'Closes an agency from a day on' },
    options: dayOptions,
    needs: 'database',
    words: [1, 1],
    run: close,
  },
  {
    name: 'agency withdraw',
    usage: 'CHANGE',
    summary: { vi: 'Rút lại thay đổi chờ đến ngày', en: 'Takes back a change that waits for its day' },
    options: {},
    needs: 'database',
    words: [1, 1],
    run: withdraw,
  },
]

async function list(context: CommandContext, values: Values): Promise<Answer> {
  const { locale, roster } = context.config
  const today = todayOf(context)
  const day = dayOption(values, 'as-of') ?? today
  if (day > today) throw new AppError('usage', `--as-of: ${day} is still to come`)
  const tree = agencyTree(await agenciesOn(context.database.db, day))
  const sectors = sectorsInTree(tree)
  const say = agencyWords[locale]
  const lines = () =>
    table(
      [{ title: say.agency }, { title: say.code }, { title: say.level }, { title: say.sector }],
      tree.map(({ id, code, name, level, depth }) => {
        const sector = sectors.get(id)
        return [
          `${'  '.repeat(depth)}${name}`,
          code,
          agencyLevelText(locale, level),
          sector === undefined ? '–' : sectorName(sector.code, roster.sectors),
        ]
      }),
    )
  const head = say.commandTree(dayText(day), tree.length.toLocaleString(locale))
  return { json: treeJson(day, tree, sectors), text: () => `${head}\n${lines()}\n`, exit: 0 }
}

async function history(context: CommandContext, values: Values, [word = '']: string[]): Promise<Answer> {
  const { db } = context.database
  const { locale } = context.config
  const code = parseAgencyCode(word)
  const holders = code === null ? [] : await holdersOf(db, code)
  const id = idWord(textOption(values, 'id') ?? undefined, '--id')
  const agency = id === null ? holders[0] : holders.find(each => each.id === id)
  if (!agency) throw new AppError('not_found', `no agency ever had the code ${word}`)
  const periods = await historyOf(db, agency.id)
  const json = historyJson({
    id: agency.id,
    periods,
    below: await belowOf(db, agency.id, MOST_BELOW),
    movements: await movesByMonth(db, agency.id, MOST_MONTHS),
    sameCode: holders.filter(each => each !== agency).map(agencyJson),
    isSeen: () => true,
  })
  const say = agencyWords[locale]
  const lines = () =>
    table(
      [say.from, say.until, say.code, say.agency, say.parent, say.format].map(title => ({ title })),
      periods.map(each => [
        each.firstDay === '-infinity' ? say.ever : dayText(each.firstDay),
        each.lastDay === 'infinity' ? say.still : dayText(each.lastDay),
        each.code,
        each.name,
        each.parent?.code ?? '–',
        codeFormatText(locale, readAgencyCode(each.code)),
      ]),
    )
  return { json, text: () => `${lines()}\n`, exit: 0 }
}

// changing ----------------------------------------------------------------------------------------------------------

async function open(context: CommandContext, values: Values, [word = '']: string[]): Promise<Answer> {
  const doer = { context, operator: localOperator }
  const day = dayOf(doer, values)
  const typed: Typed = { level: 'unit', ...typedOptions(values), code: textOption(values, 'code') ?? word }
  typed.parent ??= await rootCode(context)
  const facts = factsOf(await wantedOf(doer, typed))
  if (facts === null) throw new AppError('usage', '--name: the name of the agency is expected')
  return enter(doer, values, { change: { kind: 'open', facts }, code: facts.code, name: facts.name, day })
}

function noAgency(word: string): string {
  return `no agency has the code ${word} today; hopthu agency list shows all of them`
}

/** The agency above all, where no parent was named. */
async function rootCode({ database, ...context }: CommandContext): Promise<string> {
  const tree = agencyTree(await agenciesOn(database.db, todayOf(context)))
  const tops = tree.filter(each => each.depth === 0)
  const [top] = tops
  if (!top || tops.length > 1)
    throw new AppError('usage', '--parent: the code of the agency above is expected')
  return top.code
}

async function change(context: CommandContext, values: Values, [word = '']: string[]): Promise<Answer> {
  const doer = { context, operator: localOperator }
  const { id: agencyId, code, name } = await requireManageable(doer, word, noAgency(word))
  const typed = typedOptions(values)
  if (Object.keys(typed).length === 0)
    throw new AppError('usage', 'one of --name, --parent, --code, --level, --sector is expected')
  const wanted = await wantedOf(doer, typed)
  return enter(doer, values, {
    change: { kind: 'change', agencyId, wanted },
    code: wanted.code ?? code,
    name: wanted.name ?? name,
    day: dayOf(doer, values),
  })
}

async function close(context: CommandContext, values: Values, [word = '']: string[]): Promise<Answer> {
  const doer = { context, operator: localOperator }
  const { id: agencyId, code, name } = await requireManageable(doer, word, noAgency(word))
  return enter(doer, values, { change: { kind: 'close', agencyId }, code, name, day: dayOf(doer, values) })
}

function typedOptions(values: Values): Typed {
  const given = (['name', 'code', 'parent', 'level', 'sector'] as const).flatMap(name => {
    const value = textOption(values, name)
    return value === null ? [] : [[name, value] as const]
  })
  return Object.fromEntries(given)
}

async function wantedOf(doer: Doer, typed: Typed) {
  const read = await readTyped(doer, typed)
  if (read.ok) return read.value
  throw new AppError('usage', `--${read.field}: ${agencyWords[doer.context.config.locale][read.problem]}`)
}

type Meant = { change: AgencyChange; code: string; name: string; day: Day }

async function enter(doer: Doer, values: Values, { change, code, name, day }: Meant): Promise<Answer> {
  const { locale } = doer.context.config
  const say = agencyWords[locale]
  const decided = decisionFrom(textOption(values, 'decision') ?? '', textOption(values, 'decision-day') ?? '')
  if (decided === null) throw new AppError('usage', `--decision, --decision-day: ${say.bothDecision}`)
  const outcome = await enterAs(doer, change, { day, decision: decided.decision })
  if (outcome.kind === 'refused') throw refusal(doer, outcome.problem)
  const waits = outcome.kind === 'waiting'
  const done = waits
    ? say.commandWaiting(outcome.change, dayText(day))
    : say.commandDone(code, name, dayText(day))
  const restated = !waits && outcome.past
  return {
    json: { change: outcome.change, agency: outcome.agencyId, code, name, day, waiting: waits, restated },
    text: () => `${done}\n${restated ? `${say.commandNext}\n` : ''}`,
    exit: 0,
  }
}

function dayOf({ context }: Doer, values: Values): Day {
  const given = textOption(values, 'day')
  const day = given === null ? null : parseChangeDay(given)
  if (day === null) throw new AppError('usage', `--day: ${agencyWords[context.config.locale].badDay}`)
  return day
}

/** Wrong input is wrong usage; people or agencies in the way refuse it. */
function refusal({ context }: Doer, problem: ChangeProblem): AppError {
  const text = changeProblemText(context.config.locale, problem)
  if (problem.kind !== 'inUse') return new AppError('usage', text)
  const { people, names, agencies, below } = problem.use
  const say = agencyWords[context.config.locale]
  const ways = [people > 0 ? say.peopleWay : '', agencies > 0 ? say.belowWay : ''].filter(Boolean)
  const codes = below.map(each => `${each.code} ${each.name}`)
  const listed = [...names.map(each => each.name), ...codes].join(', ')
  return new AppError('busy', `${text} ${listed}. ${ways.join(' ')}`, {
    details: { people, agencies, names: names.map(each => each.name), below: below.map(agencyJson) },
  })
}

async function withdraw(context: CommandContext, _: Values, [word]: string[]): Promise<Answer> {
  const id = idWord(word, 'CHANGE') ?? 0
  if (!(await withdrawAs({ context, operator: localOperator }, id)))
    throw new AppError('not_found', `no change ${id} waits`)
  const say = agencyWords[context.config.locale]
  return { json: { change: id, withdrawn: true }, text: () => `${say.commandWithdrawn(id)}\n`, exit: 0 }
}
