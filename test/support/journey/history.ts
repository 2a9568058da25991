/** What was when with each person: employment, absence, mailbox. The recount and the logs are both made from this. */
import { BACK, LEAVES, MOVES, RETURNS, START } from './calendar.ts'
import { AWAY, AWAY_LONG, JOINED, type Person } from './people.ts'

/** Both ends counted back in days and inside the span: `from` is the older. */
export type Span = { from: number; until: number }
const ALWAYS: Span = { from: Number.POSITIVE_INFINITY, until: Number.NEGATIVE_INFINITY }

type Post = { agencies: readonly string[]; staffClass: string }

export type History = {
  staffId: string
  /** The first agency is the one where the person is counted. */
  posts: (Span & Post)[]
  away: Span[]
  /** When there was a mailbox that its owner could use. */
  mailbox: Span[]
  /** When its address was known as the person's. */
  held: Span[]
}

export const NEW_AGENCY = 'SYT-NV'
export const LOST_CLASS = 'người lao động'

const FOREVER = Number.POSITIVE_INFINITY
const STILL = Number.NEGATIVE_INFINITY
const before = (ago: number): Span => ({ from: FOREVER, until: ago + 1 })
const since = (ago: number): Span => ({ from: ago, until: STILL })

export function historyOf(person: Person): History {
  const { staffId, local } = person
  // counted at the first by code, where no post began earlier
  const post = { agencies: [...person.agencies].sort(), staffClass: person.staffClass.toLowerCase() }
  const mailbox = local === null ? [] : [since(START)]
  const plain = { staffId, posts: [{ ...ALWAYS, ...post }], away: [], mailbox, held: mailbox }
  return { ...plain, ...turnsOf(person, post) }
}

/** What a person's fate changes in a plain history. */
function turnsOf({ fate }: Person, post: Post): Partial<History> {
  const used = { from: START, until: LEAVES + 1 }
  switch (fate) {
    case 'moves':
      return {
        posts: [
          { ...post, ...before(MOVES) },
          { ...post, agencies: [NEW_AGENCY], ...since(MOVES) },
        ],
      }
    case 'losesClass':
      return {
        posts: [
          { ...post, ...before(MOVES) },
          { ...post, staffClass: LOST_CLASS, ...since(MOVES) },
        ],
      }
    case 'joins':
      return { posts: [{ ...post, ...since(JOINED) }], mailbox: [since(MOVES)], held: [since(MOVES)] }
    case 'leaves':
      return { posts: [{ ...post, ...before(LEAVES) }], mailbox: [used] }
    case 'leavesAndReturns': {
      const posts = [before(LEAVES), since(BACK)].map(span => ({ ...post, ...span }))
      return { posts, mailbox: [used, since(RETURNS)] }
    }
    case 'isAway':
      return { away: [AWAY] }
    case 'comesBack':
      return { away: [AWAY_LONG], mailbox: [since(RETURNS)], held: [since(RETURNS)] }
    case 'stays':
    case 'isRenamed':
    case 'entryBreaks':
    case 'hasNamesake':
      return {}
  }
}

/** Whether the owner can use the mailbox that day. */
export function canUse(person: Person, ago: number): boolean {
  return (
    historyOf(person).mailbox.some(({ from, until }) => from >= ago && ago >= until) && !isAway(person, ago)
  )
}

function isAway(person: Person, ago: number): boolean {
  return historyOf(person).away.some(({ from, until }) => from >= ago && ago >= until)
}
