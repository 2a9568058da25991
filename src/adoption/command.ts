/** `adoption` and `explain`. */
import { writeFile } from 'node:fs/promises'
import {
  type Answer,
  type Command,
  type CommandContext,
  dayOption,
  textOption,
  type Values,
} from '../command.ts'
import { userPath } from '../config.ts'
import { AppError } from '../error.ts'
import { addDays, type Day, dayAt } from '../ids.ts'
import type { Explanation } from './evidence.ts'
import { explain } from './explain.ts'
import { explanationText } from './explain-text.ts'
import { adoptionFigures, type FiguresRequest, sectorsOf, settingsOf } from './report.ts'
import { sectorCsv, sectorText } from './sector-table.ts'
import { csvTable, textTable } from './table.ts'

export const adoptionCommands: Command[] = [
  {
    name: 'adoption',
    usage: '[--agency CODE] [--as-of DAY] [--by sector] [--format table|json|csv] [-o FILE]',
    summary: {
      vi: 'Số liệu sử dụng của cơ quan và các đơn vị bên dưới',
      en: 'Figures of an agency and all below it',
    },
    options: {
      agency: { type: 'string' },
      'as-of': { type: 'string' },
      by: { type: 'string' },
      format: { type: 'string' },
      output: { type: 'string', short: 'o' },
    },
    needs: 'database',
    words: [0, 0],
    run: adoption,
  },
  {
    name: 'explain',
    usage: 'PERSON_OR_ADDRESS [--as-of DAY]',
    summary: { vi: 'Vì sao một người được tính hoặc không được tính', en: 'Why this person counts or not' },
    options: { 'as-of': { type: 'string' } },
    needs: 'database',
    words: [1, 1],
    run: explainPerson,
  },
]

const outputs = ['table', 'json', 'csv'] as const

/** The figures of the day asked for, or of the last one that has ended. */
export async function figuresRequest(
  { config, now }: Pick<CommandContext, 'config' | 'now'>,
  asOf: Day | null,
): Promise<FiguresRequest> {
  const { sectorWorkingDays, workingDays } = await import('./calendar.ts')
  const today = dayAt(now().getTime(), config.timeZone)
  const day = asOf ?? addDays(today, -1)
  if (day > today) throw new AppError('usage', `--as-of: ${day} is still to come`)
  const calendar = workingDays(config.adoption.calendar)
  return {
    day,
    partial: day === today,
    calendar,
    sectorCalendars: sectorWorkingDays(calendar, config.adoption.sectorCalendars),
    ...settingsOf(config),
  }
}

async function adoption(context: CommandContext, values: Values): Promise<Answer> {
  const { config, database } = context
  const format = textOption(values, 'format') ?? 'table'
  if (!outputs.some(each => each === format)) {
    throw new AppError('usage', `--format: one of ${outputs.join(', ')} is expected, not ${format}`)
  }
  const agency = textOption(values, 'agency')
  const request = {
    ...(await figuresRequest(context, dayOption(values, 'as-of'))),
    ...(agency === null ? {} : { agency }),
  }
  const { report: whole, figures, known } = await adoptionFigures(database.db, request)
  const sectors = bySector(values) ? sectorsOf(known, figures, config.roster.sectors) : null
  const report = sectors === null ? whole : { ...whole, sectors }
  const text = () => {
    if (sectors !== null && format !== 'json')
      return format === 'csv'
        ? sectorCsv(whole, sectors, config.locale)
        : sectorText(whole, sectors, config.locale)
    if (format === 'json') return `${JSON.stringify(report)}\n`
    return format === 'csv' ? csvTable(report, config.locale) : textTable(report, figures, config.locale)
  }
  const file = textOption(values, 'output')
  if (file !== null) await writeFile(userPath(file), text())
  return { json: { ...report }, text: () => (file === null ? text() : `${userPath(file)}\n`), exit: 0 }
}

function bySector(values: Values): boolean {
  const by = textOption(values, 'by')
  if (by !== null && by !== 'sector') throw new AppError('usage', `--by: sector is expected, not ${by}`)
  return by !== null
}

async function explainPerson(context: CommandContext, values: Values, [who = '']: string[]): Promise<Answer> {
  const { config, database } = context
  const request = {
    ...(await figuresRequest(context, dayOption(values, 'as-of'))),
    who,
    locale: config.locale,
  }
  const explanation: Explanation = await explain(database.db, request)
  return { json: { ...explanation }, text: () => explanationText(explanation, config.locale), exit: 0 }
}
