/** A posted form of unknown shape as named text fields. Pure: what is wrong is a message beside the field. */
import type { Locale } from './format.ts'

export type FieldRule = {
  required?: boolean
  /** Most characters, as people count them. Without it 200, of several lines 2000. */
  max?: number
  /** Line ends are kept. */
  multiline?: boolean
  /** A password: white space is part of it; only its Unicode form is settled. */
  secret?: boolean
}

export type ReadForm = { values: Record<string, string>; problems: Record<string, string> }

/**
 * Largest form with fields to type in, in bytes: a pasted megabyte, three bytes for each of its own, is answered beside
 * its field. Forms of buttons take what the server takes of any form.
 */
export const TYPED_FORM_BYTES = 4_194_304

const MAX_LINE = 200
const MAX_LINES = 2000

/**
 * The fields of a form, settled: NFC, white space single and trimmed, a field that is missing as ''. A field that comes
 * twice counts by its first value; fields nobody asked for are left out. A value with a problem comes back too, so that
 * the form can be shown as it was sent, without the marks that nobody can see and delete.
 */
export function readForm(body: unknown, fields: Record<string, FieldRule>, locale: Locale): ReadForm {
  const sent = new Map(typeof body === 'object' && body !== null ? Object.entries(body) : [])
  const values: Record<string, string> = {}
  const problems: Record<string, string> = {}
  for (const [name, rule] of Object.entries(fields)) {
    const text = firstText(sent.get(name)).replaceAll('\r\n', '\n')
    const value = composed(settled(withoutHidden(text), rule), rule)
    const problem = problemOf(text, value, rule)
    values[name] = value
    if (problem !== null) problems[name] = words[locale][problem.kind](problem.max)
  }
  return { values, problems }
}

type Problem = { kind: 'missing' | 'hidden' | 'long'; max: number }

function problemOf(text: string, value: string, rule: FieldRule): Problem | null {
  const max = mostOf(rule)
  if (withoutHidden(text) !== text) return { kind: 'hidden', max }
  if (value === '') return rule.required ? { kind: 'missing', max } : null
  return [...value].length > max ? { kind: 'long', max } : null
}

function mostOf({ max, multiline }: FieldRule): number {
  return max ?? (multiline ? MAX_LINES : MAX_LINE)
}

/**
 * In NFC. Putting marks in order takes time with the square of how many stand together, minutes for a megabyte, so a
 * text that is too long in any form stays as it came: a character of two halves grows fourfold at most (UAX #15).
 */
function composed(text: string, rule: FieldRule): string {
  return text.length > 8 * mostOf(rule) ? text : text.normalize('NFC')
}

function firstText(value: unknown): string {
  const first: unknown = Array.isArray(value) ? value[0] : value
  return typeof first === 'string' ? first : ''
}

/**
 * Characters without a look of their own: controls, directional and zero-width marks, halves of pairs, private use,
 * fillers and variation selectors (Unicode 17, general categories Cc, Cf, Cs, Co; Default_Ignorable_Code_Point). They
 * make two names that look alike differ, or one read backwards.
 */
const hidden = new RegExp(
  [
    String.raw`[\p{Cf}\p{Cs}\p{Co}\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\u{e0100}-\u{e01ef}]`,
    String.raw`\u034f`,
    String.raw`(?![\t\n\r])\p{Cc}`,
  ].join('|'),
  'gu',
)

function withoutHidden(text: string): string {
  return text.replace(hidden, '')
}

function settled(text: string, { multiline, secret }: FieldRule): string {
  if (secret) return text
  if (!multiline) return text.replace(/\s+/gu, ' ').trim()
  return text
    .replace(/[^\S\n]+/gu, ' ')
    .replace(/ ?\n ?/g, '\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim()
}

const words: Record<Locale, Record<Problem['kind'], (max: number) => string>> = {
  vi: {
    missing: () => 'Chưa nhập mục này.',
    hidden: () => 'Có ký tự ẩn hoặc đổi chiều chữ, đã bỏ đi; xin kiểm tra lại rồi gửi.',
    long: max => `Dài quá ${max.toLocaleString('vi-VN')} ký tự; xin rút ngắn rồi gửi lại.`,
  },
  en: {
    missing: () => 'This is not filled in yet.',
    hidden: () =>
      'There were hidden characters or marks that turn the text around; they were taken out. Check and send again.',
    long: max => `Longer than ${max.toLocaleString('en-GB')} characters; shorten it and send again.`,
  },
}
