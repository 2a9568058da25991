/** A Dockerfile and a .dockerignore as far as ours go: stages, instructions, copies; patterns without wildcards inside. */

type Copy = { from: string | null; mode: number | null; sources: string[]; target: string }
export type Stage = {
  image: string
  copies: Copy[]
  /** What stands behind each instruction of that name, in order. */
  values(name: string): string[]
}

export function parseDockerfile(text: string): Stage[] {
  const stages: Stage[] = []
  for (const line of text
    .replace(/^\s*#.*\n/gm, '')
    .replace(/\\\n/g, ' ')
    .split('\n')) {
    const [, name, value = ''] = /^([A-Z]+)\s+(.*?)\s*$/.exec(line) ?? []
    if (name === undefined) continue
    if (name === 'FROM') stages.push(newStage(value.split(' ')[0] ?? ''))
    else add(stages.at(-1), name, value.replace(/\s+/g, ' '))
  }
  return stages
}

const known = new WeakMap<Stage, [string, string][]>()

function newStage(image: string): Stage {
  const instructions: [string, string][] = []
  const values = (wanted: string) =>
    instructions.filter(([name]) => name === wanted).map(([, value]) => value)
  const stage: Stage = { image, copies: [], values }
  known.set(stage, instructions)
  return stage
}

function add(stage: Stage | undefined, name: string, value: string): void {
  if (!stage) throw new Error(`${name} stands before FROM`)
  known.get(stage)?.push([name, value])
  if (name === 'COPY') stage.copies.push(parseCopy(value))
}

function parseCopy(value: string): Copy {
  const words = value.split(' ')
  const option = (name: string) => words.find(each => each.startsWith(`--${name}=`))?.split('=')[1] ?? null
  const paths = words.filter(each => !each.startsWith('--'))
  const mode = option('chmod')
  return {
    from: option('from'),
    mode: mode === null ? null : Number.parseInt(mode, 8),
    sources: paths.slice(0, -1),
    target: paths.at(-1) ?? '',
  }
}

/** Whether a path below the checkout goes to the builder: the last pattern that fits decides. */
export function contextFilter(text: string): (path: string) => boolean {
  const patterns = text.split('\n').filter(line => line !== '' && !line.startsWith('#'))
  return path =>
    patterns.reduce((passes, pattern) => {
      const not = pattern.startsWith('!')
      const form = (not ? pattern.slice(1) : pattern).replaceAll('.', '\\.').replaceAll('*', '[^/]*')
      return new RegExp(`^${form}(/|$)`).test(path) ? not : passes
    }, true)
}
