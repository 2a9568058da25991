/** What somebody typed into a search box of mailboxes, as it is compared: marks and case do not count. */
import { foldText } from '../roster/name.ts'

/** `name` is sought in folded names, `address` in addresses. */
export type Search = { name: string; address: string }

/** null: nothing is sought. */
export function searchOf(text: string): Search | null {
  const name = foldText(text)
  const address = text.trim().toLowerCase()
  return name === '' && address === '' ? null : { name: name === '' ? address : name, address }
}
