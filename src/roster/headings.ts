/**
 * Which row of a sheet holds the headings, and which column is which field of ours.
 *
 * Lists of offices begin with lines of titles, have headings in one row or two with merged cells, and often a row of
 * column numbers below. A person looks at the result before anything is taken over; nothing here decides alone.
 */
import { cleanText } from '../ids.ts'
import { ENDINGS, fieldOfWords, ORDINALS } from './heading-words.ts'
import { convertLegacy } from './legacy-text.ts'
import { foldText } from './name.ts'

export type RosterField =
  | 'staffId'
  | 'fullName'
  /** Family and middle names, where the given name has a column of its own. */
  | 'familyName'
  | 'givenName'
  | 'personalNumber'
  | 'birthDay'
  | 'agency'
  | 'agencyName'
  | 'staffClass'
  | 'title'
  | 'phone'
  /** Another address of the person, not the official mailbox. */
  | 'email'
  /** The official mailbox. */
  | 'address'
  | 'startDay'
  | 'endDay'
  | 'absentFrom'
  | 'absentUntil'
  | 'absenceKind'
  | 'absenceDocument'

export type HeadingMatch = {
  /** The column of each field that was found, from 0. Of a field found twice, the first. */
  columns: Partial<Record<RosterField, number>>
  /** Fields that several columns are called by, all of them; a person has to choose. */
  twice: { field: RosterField; columns: number[] }[]
  /** Columns with a heading that no field is called by. */
  unmatched: number[]
  /** Columns that number the rows, and those without a heading. */
  ignored: number[]
}

/** Indices into the rows given, from 0. */
export type HeadingRows = {
  first: number
  last: number
  /** The first row of data: a row of column numbers below the headings is none. */
  data: number
  /** How many fields of ours the headings name; with 0 the row is only the first that looks like headings. */
  fields: number
}

/** How far down headings are looked for; a list with more lines of titles has its row chosen by hand. */
const ROWS_LOOKED_AT = 40
/** Between the parts of headings in two rows. */
const LEVEL = ' / '

/**
 * The heading rows among the first rows of a file, blank ones left out or not; null where no row has two cells.
 * One row of headings that names the most fields, or two where the second stands below merged cells of the first.
 */
export function findHeadingRow(rows: readonly (readonly string[])[]): HeadingRows | null {
  let best: HeadingRows | null = null
  for (let first = 0; first < Math.min(rows.length, ROWS_LOOKED_AT); first++) {
    for (const last of hasSecondRow(rows, first) ? [first + 1, first] : [first]) {
      const fields = fieldCount(joinHeadings(rows.slice(first, last + 1)))
      if (fields > (best?.fields ?? 0)) best = { first, last, data: dataBelow(rows, last), fields }
    }
  }
  if (best !== null) return best
  const wide = rows.findIndex(row => row.filter(cell => cell.trim() !== '').length >= 2)
  return wide < 0 ? null : { first: wide, last: wide, data: dataBelow(rows, wide), fields: 0 }
}

/**
 * One heading per column of one or two heading rows, `above / below`, blanks single. A blank cell above a filled one
 * belongs to the merged cell on its left.
 */
export function joinHeadings(rows: readonly (readonly string[])[]): string[] {
  const [above = [], below] = rows
  if (below === undefined) return above.map(cleanText)
  const headings: string[] = []
  let group = ''
  for (let column = 0; column < Math.max(above.length, below.length); column++) {
    const top = cleanText(above[column] ?? '')
    const bottom = cleanText(below[column] ?? '')
    if (top !== '' || bottom === '') group = top
    headings.push(
      [bottom === '' ? top : group, bottom]
        .filter((part, i, all) => part !== '' && part !== all[i - 1])
        .join(LEVEL),
    )
  }
  return headings
}

/**
 * The column of each field. With `sample`, some rows of data, a name is also found that fills two columns below one
 * merged heading: `Họ và tên` and, beside it, a column without a heading that holds single words.
 */
export function matchHeadings(
  headings: readonly string[],
  sample: readonly (readonly string[])[] = [],
): HeadingMatch {
  const found = new Map<RosterField, number[]>()
  const match: HeadingMatch = { columns: {}, twice: [], unmatched: [], ignored: [] }
  headings.forEach((heading, column) => {
    const field = fieldOf(heading)
    if (field === 'none') match.ignored.push(column)
    else if (field === null) match.unmatched.push(column)
    else found.set(field, [...(found.get(field) ?? []), column])
  })
  settleNames(found, match, headings, sample)
  for (const [field, columns] of found) {
    if (columns[0] !== undefined) match.columns[field] = columns[0]
    if (columns.length > 1) match.twice.push({ field, columns })
  }
  match.unmatched.sort((a, b) => a - b)
  return match
}

/** Longer texts are no headings; finding brackets takes time with the square of the length. */
const LONGEST_HEADING = 500

/** A heading as it is compared: folded, letters and digits only, what stands in brackets left out. */
export function foldHeading(heading: string): string {
  const bare = heading
    .slice(0, LONGEST_HEADING)
    .replace(/\([^)]*\)|\[[^\]]*\]/g, ' ')
    .replace(/([a-z])([A-Z])/g, '$1 $2')
  return cleanText(foldText(bare).replace(/[^a-z0-9]+/g, ' '))
}

/** As it stands, or as legacy text: the headings have to be found before a file is known to be legacy. */
function fieldOf(text: string): RosterField | 'none' | null {
  const heading = text.slice(0, LONGEST_HEADING)
  const field = fieldOfHeading(heading)
  if (field !== null || /^\p{ASCII}*$/u.test(heading)) return field
  return fieldOfHeading(convertLegacy(heading, 'tcvn3')) ?? fieldOfHeading(convertLegacy(heading, 'vni'))
}

/** `none` for a column that needs no field. Of two levels the whole counts, then the lower, then the upper. */
function fieldOfHeading(heading: string): RosterField | 'none' | null {
  const parts = heading.split(LEVEL).map(foldHeading)
  const [above, below] = parts
  if (parts.every(part => part === '')) return 'none'
  const tries = below === undefined ? [above] : [`${above} ${below}`, `${below} ${above}`, below, above]
  for (const each of tries) {
    const field = each === undefined ? null : fieldOfText(each)
    if (field !== null) return field
  }
  return null
}

function fieldOfText(folded: string): RosterField | 'none' | null {
  const key = folded.replaceAll(' ', '')
  if (ORDINALS.has(key)) return 'none'
  const field = fieldOfWords.get(key)
  if (field !== undefined) return field
  const shorter = folded.replace(ENDINGS, '')
  return shorter === folded ? null : fieldOfText(shorter)
}

/** `Tên` is a given name beside `Họ và tên đệm`, the whole name where it stands alone, and nothing beside a full one. */
function settleNames(
  found: Map<RosterField, number[]>,
  match: HeadingMatch,
  headings: readonly string[],
  sample: readonly (readonly string[])[],
): void {
  const full = found.get('fullName')
  const [family] = found.get('familyName') ?? []
  const [given] = found.get('givenName') ?? []
  if (family !== undefined && given !== undefined) return
  const drop = (field: RosterField) => {
    match.unmatched.push(...(found.get(field) ?? []))
    found.delete(field)
  }
  const [name] = full ?? []
  if (
    name !== undefined &&
    family === undefined &&
    (full?.length === 1 || full?.[1] === name + 1) &&
    givenBeside(name, headings, sample, given)
  ) {
    found.delete('fullName')
    found.set('familyName', [name])
    found.set('givenName', [name + 1])
    match.ignored = match.ignored.filter(column => column !== name + 1)
  } else if (full === undefined && family === undefined && given !== undefined) {
    found.set('fullName', found.get('givenName') ?? [])
    found.delete('givenName')
  } else {
    drop('familyName')
    drop('givenName')
  }
}

/**
 * Whether the column right of a name has the given names: it is called so, has no heading or the same one (a merged
 * cell), and holds single words nearly throughout.
 */
function givenBeside(
  name: number,
  headings: readonly string[],
  sample: readonly (readonly string[])[],
  given: number | undefined,
): boolean {
  const heading = foldHeading(headings[name + 1] ?? 'none')
  if (given !== name + 1 && heading !== '' && heading !== foldHeading(headings[name] ?? '')) return false
  const words = sample.map(row => cleanText(row[name + 1] ?? '')).filter(cell => cell !== '')
  const several = sample.length > 2 && new Set(words).size > 2 // two would do for "Nam" and "Nữ"
  return several && words.length >= sample.length * FILLED && words.every(word => ONE_WORD.test(word))
}

const FILLED = 0.8
const ONE_WORD = /^\p{L}[\p{L}\p{M}']*$/u

function fieldCount(headings: readonly string[]): number {
  return Object.keys(matchHeadings(headings).columns).length
}

/** Whether the row below has only parts of headings: text, fewer than above, and below or right of a merged cell. */
function hasSecondRow(rows: readonly (readonly string[])[], first: number): boolean {
  const above = rows[first] ?? []
  const below = rows[first + 1] ?? []
  const filled = below.flatMap((cell, column) => (cell.trim() === '' ? [] : [column]))
  if (filled.length < 2 || filled.length >= Math.max(above.length, below.length)) return false
  if (filled.some(column => /\d/.test(below[column] ?? ''))) return false
  const isMerged = (column: number) =>
    (above[column] ?? '').trim() === '' || (above[column + 1] ?? 'x').trim() === ''
  return filled.every(isMerged) && filled.some(column => (above[column] ?? '').trim() !== '')
}

/** Skips a row of column numbers, `1 2 3` or `(1) (2) (3)`, `A B 1 2`. */
function dataBelow(rows: readonly (readonly string[])[], last: number): number {
  const cells = (rows[last + 1] ?? [])
    .map(cell => cell.trim().replace(/^[([]|[)\]]$/g, ''))
    .filter(cell => cell !== '')
  const numbers = cells.filter(cell => /^\d{1,2}$/.test(cell)).map(Number)
  const isNumbering =
    numbers.length >= 3 &&
    cells.every(cell => /^(?:\d{1,2}|[A-Z])$/i.test(cell)) &&
    numbers.every((number, i) => i === 0 || number === (numbers[i - 1] ?? 0) + 1)
  return isNumbering ? last + 2 : last + 1
}
