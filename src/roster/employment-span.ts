/** Spans of employment: who is counted where on a day, how long a stay lasts, and cutting out of them. Pure. */
import { addDays, type Day } from '../ids.ts'

export type Span = {
  /** null: not stored yet. */
  id: number | null
  agency: number
  /** Decides between posts that began on the same day, as in the figures. */
  code: string
  staffClass: string
  title: string | null
  primary: boolean
  first: string
  last: string
  decision: number | null
}

export function inForce(spans: readonly Span[], day: string): Span[] {
  return spans.filter(each => each.first <= day && each.last >= day)
}

/** The post somebody is counted by: the primary one, else the earliest, then by code. */
export function mainOn(spans: readonly Span[], day: string): Span | null {
  const [main] = inForce(spans, day).sort(
    (a, b) => Number(b.primary) - Number(a.primary) || order(a.first, b.first) || order(a.code, b.code) || 0,
  )
  return main ?? null
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

export function earliest(spans: readonly Span[]): Span | null {
  return [...spans].sort((a, b) => order(a.first, b.first) || order(a.code, b.code))[0] ?? null
}

export function latest(spans: readonly Span[]): Span | null {
  return [...spans].sort((a, b) => order(b.last, a.last) || order(a.code, b.code))[0] ?? null
}

export function dayBefore(day: string): string {
  return day.endsWith('infinity') ? day : addDays(day as Day, -1)
}

export function isNext(last: string, first: string): boolean {
  return !last.endsWith('infinity') && addDays(last as Day, 1) === first
}

/** The last day of a stay at an agency: a new class or title there begins a span, but no stay. */
export function runEnd(spans: readonly Span[], span: Span): string {
  const next = spans.find(each => each.agency === span.agency && isNext(span.last, each.first))
  return next ? runEnd(spans, next) : span.last
}

export function runStart(spans: readonly Span[], span: Span): string {
  const before = spans.find(each => each.agency === span.agency && isNext(each.last, span.first))
  return before ? runStart(spans, before) : span.first
}

/** The last day, from a day on, on which somebody serves without a gap. */
export function serviceEnd(spans: readonly Span[], day: string): string {
  const last = inForce(spans, day)
    .map(each => each.last)
    .sort()
    .at(-1)
  if (last === undefined) return dayBefore(day)
  return last === 'infinity' ? last : serviceEnd(spans, addDays(last as Day, 1))
}

/** The parts of spans that lie between two days. */
export function within(spans: readonly Span[], first: string, last: string): Span[] {
  return spans
    .filter(each => each.first <= last && each.last >= first)
    .map(each => ({
      ...each,
      first: each.first > first ? each.first : first,
      last: each.last < last ? each.last : last,
    }))
}

/** The spans without what lies between two days at some agencies, or at any (null). The first part keeps its row. */
export function cut(
  spans: readonly Span[],
  agencies: readonly number[] | null,
  first: string,
  last: string,
): Span[] {
  return spans.flatMap(each => {
    const meant = agencies === null || agencies.includes(each.agency)
    if (!meant || each.first > last || each.last < first) return [each]
    const head = each.first < first ? [{ ...each, last: dayBefore(first) }] : []
    const rest = last !== 'infinity' && each.last > last
    const tail = rest
      ? [{ ...each, id: head.length > 0 ? null : each.id, first: addDays(last as Day, 1) }]
      : []
    return [...head, ...tail]
  })
}

/** Spans in order, those that go on without a change as one. */
export function joined(spans: readonly Span[]): Span[] {
  const sorted = [...spans].sort((a, b) => a.agency - b.agency || order(a.first, b.first))
  const found: Span[] = []
  for (const each of sorted) {
    const before = found.at(-1)
    if (before && isSame(before, each) && isNext(before.last, each.first))
      found.splice(-1, 1, { ...before, id: before.id ?? each.id, last: each.last })
    else found.push(each)
  }
  return found.sort((a, b) => order(a.first, b.first) || a.agency - b.agency)
}

function isSame(a: Span, b: Span): boolean {
  return (
    a.agency === b.agency && a.staffClass === b.staffClass && a.title === b.title && a.primary === b.primary
  )
}
