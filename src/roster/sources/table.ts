/**
 * A file of rows as its reader gives it, before any column has a meaning: what a CSV and an XLSX reader share.
 */

/** Something about one cell that a person should see before its row is taken over; never mended in silence. */
export type CellNote = {
  /** From 0, as in `headings`. */
  column: number
  kind: /** Digits that a spreadsheet turned into 1.23E+11: some of them are lost. */
    | 'scientific'
    /** A number where the other cells of the column are text beginning with zeros: its zeros may be lost. */
    | 'zerosLost'
    /** A number of more than 15 digits: spreadsheets keep 15. */
    | 'digitsLost'
    /** #REF! and its kind. */
    | 'formulaError'
    /** A formula whose result was never computed. */
    | 'noValue'
  /** The cell as it stands, shortened. */
  text: string
}

/** One row below the headings. Cells are text as a person would read it: a date is `YYYY-MM-DD`; `''` is empty. */
export type TableRow = {
  /** The line or row in the file, from 1, as an editor or a spreadsheet shows it. */
  number: number
  cells: readonly string[]
  notes: readonly CellNote[]
  /** Set where the row itself cannot be read (an open quote, too many cells, too few in a file of even rows): it is rejected, the others go on. */
  problem?: 'openQuote' | 'tooManyCells' | 'tooFewCells' | 'tooLong' | 'notText'
}

export type Table = {
  format: 'csv' | 'xlsx'
  /** Of text: `utf-8`, `utf-16le`, `utf-16be`, `windows-1258`, or the legacy one it was converted from. */
  encoding: string | null
  separator: ',' | ';' | '\t' | null
  /** Of a workbook: the sheet that is read, and all that there are. */
  sheet: string | null
  sheets: readonly string[]
  /** One per column; of headings in several rows, merged or not, `above / below`. */
  headings: readonly string[]
  /** The last row of the headings, from 1. */
  headingRow: number
  /** Rows in pages of at most 1,000, in the order of the file; empty rows are left out. Throws `read_incomplete`. */
  rows(): AsyncGenerator<TableRow[]>
  close(): Promise<void>
}
