/**
 * What one cell of a workbook says to a person, and what of it a spreadsheet may have damaged.
 */
import { streamSafe } from '../../ids.ts'
import {
  beginsWithZero,
  isFormulaError,
  isoText,
  isScientific,
  isTooLong,
  mayLackZeros,
  type NumberFormat,
  numberText,
  padded,
  serialText,
} from '../spreadsheet.ts'
import type { CellNote } from './table.ts'
import { damaged } from './xlsx-package.ts'
import type { RawCell } from './xlsx-sheet.ts'
import type { SharedStrings } from './xlsx-strings.ts'

export type CellContext = {
  path: string
  strings: SharedStrings
  formats: readonly NumberFormat[]
  from1904: boolean
}

/** `isNumber` where a spreadsheet took it for a number and shows it as one, neither as a date nor with its zeros. */
export type Cell = { text: string; problem: CellNote['kind'] | null; isNumber: boolean }

export function readCell({ type, style, value }: RawCell, context: CellContext): Cell {
  if (value === null) return { text: '', problem: 'noValue', isNumber: false }
  switch (type) {
    case 's':
      return textCell(sharedText(value, context))
    case 'str':
    case 'inlineStr':
      return textCell(value)
    case 'b':
      return {
        text: value.trim() === '1' || value === 'true' ? 'TRUE' : 'FALSE',
        problem: null,
        isNumber: false,
      }
    case 'e':
      return { text: value, problem: 'formulaError', isNumber: false }
    case 'd':
      return { text: isoText(value.trim()), problem: null, isNumber: false }
    default:
      return numberCell(value, context.formats[style], context.from1904)
  }
}

/** Whether a cell shows that its column is of digits that may begin with a zero. */
export function showsZeros(cell: Cell): boolean {
  return !cell.isNumber && cell.text.charCodeAt(0) <= 0x30 && beginsWithZero(cell.text)
}

/** The same cell in a column of which another shows zeros. */
export function besideZeros(cell: Cell): Cell {
  const lacks = cell.isNumber && cell.problem === null && mayLackZeros(cell.text)
  return lacks ? { ...cell, problem: 'zerosLost' } : cell
}

function sharedText(index: string, { strings, path }: CellContext): string {
  if (index.trim() === '') return ''
  const text = strings.at(Number(index))
  if (text === null) throw damaged(path, `a cell means shared text ${index.slice(0, 20)}, which is missing`)
  return text
}

const BEYOND_ASCII = /\P{ASCII}/u

/** Texts come in one Unicode form and without blanks at their ends, as from other files. */
function textCell(raw: string): Cell {
  const text = (BEYOND_ASCII.test(raw) ? streamSafe(raw).normalize('NFC') : raw).trim()
  const damage = isScientific(text) ? 'scientific' : isFormulaError(text) ? 'formulaError' : null
  return { text, problem: damage, isNumber: false }
}

function numberCell(value: string, format: NumberFormat | undefined, from1904: boolean): Cell {
  const text = numberText(value)
  if (format !== undefined && format.kind !== 'number' && text !== '') {
    const shown = serialText(Number(value), format.kind, from1904)
    if (shown !== null) return { text: shown, problem: null, isNumber: false }
  }
  if (isTooLong(text)) return { text, problem: 'digitsLost', isNumber: true }
  const pad = format?.pad ?? null
  return pad === null
    ? { text, problem: null, isNumber: true }
    : { text: padded(text, pad), problem: null, isNumber: false }
}
