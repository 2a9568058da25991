/** What was recognised of a file, and what each of its columns means; or why it cannot be read and how to save it right. */
import { actionButton, card, field, input, notice, select, table, tableCard } from '../web/components.ts'
import type { Locale } from '../web/format.ts'
import { html } from '../web/html.ts'
import { type FileRefusal, fileRefusalWords } from './file-messages.ts'
import {
  agencyFields,
  type FileLook,
  type ImportField,
  type ImportKind,
  type Proposal,
  personFields,
  type TableLook,
} from './import-choice.ts'
import { fieldWords, importWords, separatorWords } from './import-messages.ts'
import { type ImportLook, importPath, uploadFacts, uploadHead } from './import-page.ts'
import type { Upload, UploadProblem } from './import-store.ts'
import { errorSentence } from './run-page.ts'
import { columnNames } from './table-mapping.ts'

export type ColumnsView = {
  upload: Upload
  proposal: Proposal
  /** As posted, where it was refused; field names are `column-0` and on. */
  problems: Record<string, string>
  missing: readonly ImportField[]
  hasNumberKey: boolean
  /** Configured directories, for an LDIF file. */
  directories: readonly string[]
}

export function columnsPage(look: ImportLook, view: ColumnsView): string {
  const { upload } = view
  return [
    uploadHead(look, upload, 1),
    problemPart(look.locale, upload.problem),
    upload.look === null ? '' : shownPart(look, view, upload.look),
    refusedPart(look, upload),
    uploadFacts(look, upload),
  ].join('')
}

function shownPart(look: ImportLook, view: ColumnsView, found: FileLook): string {
  const { locale } = look
  return [
    missingPart(locale, view),
    recognisedPart(look, view.upload, found),
    found.kind === 'ldif' ? directoryPart(look, view) : columnsForm(look, view, found),
  ].join('')
}

// what was recognised -------------------------------------------------------------------------------------------------

function recognisedPart(look: ImportLook, upload: Upload, found: FileLook): string {
  const { locale } = look
  const say = importWords[locale]
  const items = [say.formats[found.kind]]
  if (found.kind !== 'ldif') {
    const { encoding, separator, sheet, headingRow } = found
    const converted = upload.choice.legacy === null ? '' : ` (${say.converted})`
    if (encoding !== null) items.push(`${say.encoding} ${encoding.toUpperCase()}${converted}`)
    if (separator !== null)
      items.push(`${say.separator}: ${separatorWords[separator]?.[locale] ?? separator}`)
    if (sheet !== null) items.push(`${say.sheet} ${sheet}`)
    items.push(`${say.headingRow} ${headingRow}`)
  }
  const sheets = found.kind === 'ldif' ? '' : sheetForm(look, upload, found.sheets, found.sheet)
  return html`<p class="say">${say.recognised}: ${items.join(' · ')}</p>!${sheets}`
}

/** Another sheet of the workbook. */
function sheetForm(
  { locale, csrf }: ImportLook,
  upload: Upload,
  sheets: readonly string[],
  chosen: string | null,
): string {
  if (sheets.length === 0 || (sheets.length < 2 && chosen !== null)) return ''
  const say = importWords[locale]
  const options = sheets.map(each => ({ value: each, text: each }))
  const choose = select({ id: 'sheet', value: chosen ?? '', options })
  return html`<form class="filter mb-3" method="post" action="${importPath}/${upload.id}"><input type="hidden" name="csrf" value="${csrf}"><label><span class="visually-hidden">${say.sheet}</span>!${choose}</label><button class="btn" name="step" value="sheet">${say.otherSheet}</button></form>`
}

// columns ---------------------------------------------------------------------------------------------------------------

const SAMPLES = 3

function columnsForm(look: ImportLook, view: ColumnsView, found: TableLook): string {
  const { locale, csrf } = look
  const say = importWords[locale]
  const { upload, proposal, problems } = view
  const names = columnNames(found.headings)
  const fieldOf = new Map(Object.entries(proposal.fields).map(([field, name]) => [name, field]))
  const rows = found.headings.map((heading, column) => [
    columnCell(locale, heading, samplesOf(found, column)),
    choiceCell(look, view, { column, chosen: fieldOf.get(names[column] ?? '') ?? '' }),
  ])
  const list = table(say.columns, [{ title: say.column }, { title: say.field }], rows)
  const last = proposal.fromLast ? notice('info', say.fromLast) : ''
  const number = hasUnkeptNumber(view, found) ? notice('warn', say.numberNotKept) : ''
  const classOfAll =
    upload.choice.what === 'people'
      ? field({
          id: 'staffClass',
          label: say.staffClass,
          hint: say.staffClassHint,
          problem: problems.staffClass ?? null,
          control:
            input({
              id: 'staffClass',
              value: proposal.staffClass,
              problem: problems.staffClass ?? null,
              hint: true,
              more: { autocomplete: 'off', list: 'classes' },
            }) + classList(),
        })
      : ''
  const foot = html`!${classOfAll}<button class="btn btn-primary" name="step" value="preview">${say.toPreview}</button>`
  return html`!${last}!${number}<form method="post" action="${importPath}/${upload.id}"><input type="hidden" name="csrf" value="${csrf}">!${tableCard({ title: say.columns, table: html`<div class="column-list">!${list}</div>`, foot })}</form>`
}

/** What lists call them; anything else may be typed. */
function classList(): string {
  const classes = ['cán bộ', 'công chức', 'viên chức', 'người lao động']
  return html`<datalist id="classes">!${classes.map(each => html`<option value="${each}"></option>`)}</datalist>`
}

function columnCell(locale: Locale, heading: string, samples: readonly string[]): string {
  const say = importWords[locale]
  const name = heading === '' ? html`<span class="stamp">${say.noColumn}</span>` : html`<b>${heading}</b>`
  return html`!${name}<div class="code address">${samples.join(' · ')}</div>`
}

function samplesOf({ rows }: TableLook, column: number): string[] {
  const filled = rows.map(row => (row[column] ?? '').trim()).filter(cell => cell !== '')
  return [...new Set(filled)].slice(0, SAMPLES)
}

function choiceCell(
  { locale }: ImportLook,
  { upload, proposal, problems, hasNumberKey }: ColumnsView,
  { column, chosen }: { column: number; chosen: string },
): string {
  const say = importWords[locale]
  const id = `column-${column}`
  const problem = problems[id] ?? null
  const offered = offeredFields(upload.choice.what, hasNumberKey)
  const options = [
    { value: '', text: say.unused },
    ...offered.map(each => ({ value: each, text: fieldWords[each][locale] })),
  ]
  const doubt =
    problem === null && proposal.doubtful.has(chosen) ? html`<div class="form-hint">${say.twice}</div>` : ''
  const said = problem === null ? '' : html`<div class="invalid-feedback" id="${id}-problem">${problem}</div>`
  return html`<label for="${id}" class="visually-hidden">${say.field}</label>!${select({ id, value: chosen, options, problem })}!${said}!${doubt}`
}

export function offeredFields(what: ImportKind, hasNumberKey: boolean): readonly ImportField[] {
  if (what === 'agencies') return agencyFields
  return personFields.filter(each => each !== 'personalNumber' || hasNumberKey)
}

function hasUnkeptNumber({ hasNumberKey, upload }: ColumnsView, { headings }: TableLook): boolean {
  return (
    !hasNumberKey &&
    upload.choice.what === 'people' &&
    headings.some(each => /cccd|cmnd|định danh|căn cước/iu.test(each))
  )
}

function missingPart(locale: Locale, { missing, upload }: ColumnsView): string {
  if (missing.length === 0) return ''
  const say = importWords[locale]
  const lacking = missing.map(each => `“${fieldWords[each][locale]}”`).join(', ')
  const headings = upload.look !== null && upload.look.kind !== 'ldif' ? upload.look.headings : []
  const found = headings.filter(each => each !== '').join(' | ')
  return notice(
    'warn',
    `${say.lacks}: ${lacking}. ${say.lacksText}`,
    html`<p class="stamp mb-0">${say.found}: ${found}</p>`,
  )
}

// a directory's file ------------------------------------------------------------------------------------------------------

function directoryPart({ locale, csrf }: ImportLook, { upload, directories, problems }: ColumnsView): string {
  const say = importWords[locale]
  if (upload.agencyId !== null || upload.choice.supplement) return notice('bad', say.ldifWhole)
  if (directories.length === 0) return notice('bad', say.noDirectory)
  const choose = field({
    id: 'source',
    label: say.directory,
    problem: problems.source ?? null,
    control: select({
      id: 'source',
      value: upload.choice.source ?? '',
      problem: problems.source ?? null,
      options: directories.map(each => ({ value: each, text: each })),
    }),
  })
  const body = html`<p>${say.ldifText}</p><form method="post" action="${importPath}/${upload.id}"><input type="hidden" name="csrf" value="${csrf}">!${choose}<button class="btn btn-primary" name="step" value="preview">${say.toPreview}</button></form>`
  return card({ title: say.directory, body })
}

// what kept it ----------------------------------------------------------------------------------------------------------

export function problemPart(locale: Locale, problem: UploadProblem | null): string {
  if (problem === null) return ''
  const { refused } = problem.details
  return notice(refused === 'tcvn3' || refused === 'vni' ? 'warn' : 'bad', problemText(locale, problem))
}

export function problemText(locale: Locale, { code, message, details }: UploadProblem): string {
  const say = importWords[locale]
  const { refused } = details
  if (refused === 'gone') return say.gone
  if (refused === 'changedFile') return say.changedFile
  if (refused === 'ldifWhole' || refused === 'agenciesWhole') return say[refused]
  if (details.said === true) return message
  if (isRefusal(refused)) return fileRefusalWords[refused][locale]
  if (code === 'busy') return say.busy
  if (code === 'not_found') return say.badAgency
  if (code === 'cancelled') return details.step === 'importing' ? say.brokenImport : say.broken
  return message === '' ? `${say.failed}.` : `${say.failed}: ${errorSentence(locale, code, message)}`
}

function isRefusal(value: unknown): value is FileRefusal {
  return typeof value === 'string' && Object.hasOwn(fileRefusalWords, value)
}

/** Of text in an old table: some rows before and after, and the offer to convert. Of a workbook: its other sheets. */
function refusedPart(look: ImportLook, upload: Upload): string {
  const { problem } = upload
  if (problem === null || upload.look !== null) return ''
  const { refused, sample, sheets } = problem.details
  if ((refused === 'tcvn3' || refused === 'vni') && Array.isArray(sample))
    return conversionPart(look, upload, sample.filter(isPair))
  if (!Array.isArray(sheets)) return ''
  const names = sheets.filter((each): each is string => typeof each === 'string')
  return card({ title: importWords[look.locale].sheet, body: sheetForm(look, upload, names, null) })
}

function isPair(value: unknown): value is [string, string] {
  return Array.isArray(value) && value.length === 2 && value.every(each => typeof each === 'string')
}

function conversionPart(
  { locale, csrf }: ImportLook,
  upload: Upload,
  sample: readonly [before: string, after: string][],
): string {
  const say = importWords[locale]
  const rows = sample.map(([before, after]) => [
    html`<span class="address">${before}</span>`,
    html`<span class="address">${after}</span>`,
  ])
  const foot = actionButton({
    action: `${importPath}/${upload.id}`,
    label: say.convert,
    csrf,
    kind: 'primary',
    fields: { step: 'convert' },
  })
  return tableCard({
    title: say.sample,
    table: table(say.sample, [{ title: say.before }, { title: say.after }], rows),
    foot,
  })
}
