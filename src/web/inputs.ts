/** Fields of forms. Each stands with its label, and what is wrong with it beside it. */
import { html } from './html.ts'

/** One field of a form, with what is wrong with it beside it. `control` is HTML whose id is `id`. */
export function field({
  id,
  label,
  control,
  hint = '',
  problem = null,
}: {
  id: string
  label: string
  control: string
  hint?: string
  problem?: string | null
}): string {
  const said = problem === null ? '' : html`<div class="invalid-feedback" id="${id}-problem">${problem}</div>`
  const more = hint === '' ? '' : html`<div class="form-hint" id="${id}-hint">${hint}</div>`
  return html`<div class="mb-3"><label class="form-label" for="${id}">${label}</label>!${control}!${said}!${more}</div>`
}

/** A text input for `field`. */
export function input({
  id,
  name = id,
  value = '',
  type = 'text',
  problem = null,
  hint = false,
  more = {},
}: {
  id: string
  name?: string
  value?: string
  type?: string
  problem?: string | null
  hint?: boolean
  more?: Record<string, string>
}): string {
  const rest = Object.entries(more).map(([key, text]) => html` ${key}="${text}"`)
  return html`<input class="form-control${invalid(problem)}" id="${id}" name="${name}" type="${type}" value="${value}"!${described({ id, problem, hint })}!${rest}>`
}

type Described = { id: string; problem?: string | null; hint?: boolean }

/** What ties a control to the words below it. */
function described({ id, problem = null, hint = false }: Described): string {
  const ids = [problem === null ? '' : `${id}-problem`, hint ? `${id}-hint` : ''].filter(Boolean).join(' ')
  const by = ids === '' ? '' : html` aria-describedby="${ids}"`
  return problem === null ? by : `${by} aria-invalid="true"`
}

/** A choice of one. */
export function select({
  id,
  name = id,
  value = '',
  options,
  problem = null,
  hint = false,
}: Described & {
  name?: string
  value?: string
  options: readonly { value: string; text: string }[]
}): string {
  const items = options.map(
    each =>
      html`<option value="${each.value}" !${each.value === value ? 'selected' : ''}>${each.text}</option>`,
  )
  return html`<select class="form-select${invalid(problem)}" id="${id}" name="${name}"!${described({ id, problem, hint })}>!${items}</select>`
}

/** A text of several lines. */
export function textarea({
  id,
  name = id,
  value = '',
  rows = 4,
  problem = null,
  hint = false,
}: Described & { name?: string; value?: string; rows?: number }): string {
  // a line end after the tag is not part of the text, one that is has to be written twice (HTML, "the textarea element")
  return html`<textarea class="form-control${invalid(problem)}" id="${id}" name="${name}" rows="${rows}"!${described({ id, problem, hint })}>
${value}</textarea>`
}

/** A box to tick, its label beside it. */
export function checkbox({
  id,
  name = id,
  label,
  checked = false,
  problem = null,
}: Described & { name?: string; label: string; checked?: boolean }): string {
  const said = problem === null ? '' : html`<div class="invalid-feedback" id="${id}-problem">${problem}</div>`
  return html`<div class="mb-3"><label class="form-check" for="${id}"><input class="form-check-input${invalid(problem)}" type="checkbox" id="${id}" name="${name}" value="yes" !${checked ? 'checked' : ''}!${described({ id, problem })}><span class="form-check-label">${label}</span></label>!${said}</div>`
}

function invalid(problem: string | null): string {
  return problem === null ? '' : ' is-invalid'
}
