/** When a source that has fallen silent is asked for, by how often it usually says something new. */

export type Spoken = {
  name: string
  kind: string
  rhythmDays?: number | undefined
  /** When it last said anything; null: never, which is told of elsewhere. */
  lastSaidAt: Date | null
}

export type Silence = { name: string; lastSaidAt: Date; days: number; rhythmDays: number }

const DAY_MS = 86_400_000
/** A directory is read each night; a file comes once a quarter. */
const USUAL = { ldap: 1, file: 92 }
/** A file that comes some weeks late is no silence; after twice its rhythm one of them has been left out. */
const PATIENCE = 2

export function rhythmOf({ kind, rhythmDays }: Pick<Spoken, 'kind' | 'rhythmDays'>): number {
  return rhythmDays ?? (kind === 'ldap' ? USUAL.ldap : USUAL.file)
}

/** How long a source has said nothing, once that is longer than twice its rhythm; null before. */
export function silence(source: Spoken, now: Date): Silence | null {
  const { name, lastSaidAt } = source
  if (lastSaidAt === null) return null
  const rhythmDays = rhythmOf(source)
  const passed = (now.getTime() - lastSaidAt.getTime()) / DAY_MS
  return passed > PATIENCE * rhythmDays ? { name, lastSaidAt, days: Math.floor(passed), rhythmDays } : null
}

/** Of the configured sources those that are silent; `said` knows when each last spoke. */
export function silences(
  sources: readonly Omit<Spoken, 'lastSaidAt'>[],
  said: ReadonlyMap<string, Date | null>,
  now: Date,
): Silence[] {
  return sources.flatMap(source => {
    const found = silence({ ...source, lastSaidAt: said.get(source.name) ?? null }, now)
    return found === null ? [] : [found]
  })
}

/** What a silent source is told of with. */
export function silenceText(locale: 'vi' | 'en', { name, days, rhythmDays }: Silence): string {
  return locale === 'vi'
    ? `Nguồn ${name} đã ${days} ngày không gửi danh sách (thường lệ ${rhythmDays} ngày một lần). Số liệu vẫn tính theo danh sách gần nhất; xin nhắc nơi lập danh sách.`
    : `The source ${name} has sent no list for ${days} days (usually every ${rhythmDays}). Figures still stand on its last list; remind whoever keeps it.`
}
