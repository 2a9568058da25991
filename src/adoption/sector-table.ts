/** The figures of sectors as a text table for a terminal, and as CSV for a spreadsheet. */
import type { AdoptionReport } from './adoption.ts'
import { type Locale, words } from './messages.ts'
import type { SectorFigures } from './sector-figures.ts'
import { aligned, csvLines, formatOf, rateCell } from './table.ts'

type Day = Pick<AdoptionReport, 'asOf' | 'partial'>

const columns = ['issued', 'activated', 'used', 'regular'] as const
const counts = ['staff', 'required', 'issued', 'activated', 'used', 'sending', 'regular'] as const
const rates = ['issued', 'activated', 'used', 'sending', 'regular'] as const

/** The whole text `hopthu adoption --by sector` prints, with a line break at its end. */
export function sectorText(
  { asOf, partial }: Day,
  sectors: readonly SectorFigures[],
  locale: Locale,
): string {
  const word = words[locale]
  const format = formatOf(locale)
  const head = [
    word.sector,
    word.agencies,
    word.counts.required,
    ...columns.map(name => word.counts[name]),
    '',
  ]
  const rows = sectors.map(sector => [
    sector.name ?? word.noSector,
    format.number(sector.agencies),
    sector.required === null ? '–' : format.number(sector.required),
    ...columns.map(name => rateCell(sector, name, format)),
    '',
  ])
  return [...aligned([head, ...rows]), '', word.upTo(format.day(asOf), partial), ''].join('\n')
}

/** As CSV, see `csvTable`. */
export function sectorCsv({ asOf }: Day, sectors: readonly SectorFigures[], locale: Locale): string {
  const word = words[locale]
  const head = [
    word.asOf,
    word.code,
    word.sector,
    word.agencies,
    ...counts.map(name => word.counts[name]),
    ...rates.map(name => word.rateOf(word.counts[name])),
    word.completeness,
  ]
  const rows = sectors.map(sector => [
    asOf,
    sector.code,
    sector.name ?? word.noSector,
    sector.agencies,
    ...counts.map(name => sector[name]),
    ...rates.map(name => sector.rate[name]),
    sector.completeness,
  ])
  return `\ufeff${csvLines([head, ...rows])}`
}
