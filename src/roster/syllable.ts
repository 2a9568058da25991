/**
 * Whether a word is spelled as a Vietnamese syllable can be.
 *
 * The spelling is strict (onset, rime, at most one tone, a stop at the end only with sắc or nặng), so text read with
 * the wrong table of characters falls out of it at once. Names of other peoples and languages mostly do too: a word
 * that is no syllable proves nothing by itself.
 */

const ONSETS = 'ngh ng nh ch gh gi kh ph qu th tr b c d đ g h k l m n p r s t v x'.split(' ')

const RIMES = new Set(
  [
    'a ac ach ai am an ang anh ao ap at au ay ăc ăm ăn ăng ăp ăt âc âm ân âng âp ât âu ây',
    'e ec em en eng eo ep et ê êch êm ên êng ênh êp êt êu',
    'i ia ich iêc iêm iên iêng iêp iêt iêu im in inh ip it iu',
    'o oa oac oach oai oam oan oang oanh oao oap oat oay oăc oăm oăn oăng oăt oc oe oen oeo oet oi om on ong ooc oong op ot',
    'ô ôc ôi ôm ôn ông ôp ôt ơ ơi ơm ơn ơp ơt',
    'u ua uân uâng uât uây uc uê uêch uênh ui um un ung uôc uôi uôm uôn uông uôt uơ up ut uy uya uych uyên uyêt uyn uynh uyp uyt uyu',
    'ư ưa ưc ưi ưm ưn ưng ươc ươi ươm ươn ương ươp ươt ươu ưt ưu y',
  ].flatMap(line => line.split(' ')),
)
/** These stand alone or after q with its u: yên, quyết, quỳnh. */
const RIMES_OF_Y = new Set('ych yên yêm yêng yêt yêu yn ynh yp yt yu'.split(' '))
const STANDS_ALONE = new Set('yên yêm yêng yêt yêu'.split(' '))

const TONES = /[\u0300\u0301\u0303\u0309\u0323]/gu
/** Ñ is an n with a tilde, and no letter of Vietnamese. */
const MISPLACED = /[^aeiouy\p{M}][\u0300\u0301\u0303\u0309\u0323]/u
const STOP = /(?:c|ch|p|t)$/u
const STOP_TONES = '\u0301\u0323'

/** In either case, composed or not. */
export function isSyllable(word: string): boolean {
  if (word.length > LONGEST) return false
  const apart = word.toLowerCase().normalize('NFD')
  const tones = apart.match(TONES) ?? []
  if (tones.length > 1 || MISPLACED.test(apart)) return false
  const bare = apart.replace(TONES, '').normalize('NFC')
  if (STOP.test(bare) && !(tones[0] !== undefined && STOP_TONES.includes(tones[0]))) return false
  return (
    hasRime('', bare) ||
    ONSETS.some(onset => bare.startsWith(onset) && hasRime(onset, bare.slice(onset.length)))
  )
}

function hasRime(onset: string, rime: string): boolean {
  if (!fits(onset, rime)) return false
  return RIMES.has(rime) || (onset === 'qu' ? RIMES_OF_Y : onset === '' ? STANDS_ALONE : NONE).has(rime)
}

/** Longer than `nghiêng` in any form; of what is no word nothing need be put in order. */
const LONGEST = 20

const NONE: ReadonlySet<string> = new Set()

/** k, gh and ngh stand before i, e, ê (k also before y); c, g and ng before the others, g also before i. */
function fits(onset: string, rime: string): boolean {
  const front = /^[ieê]/u.test(rime)
  if (onset === 'k') return front || rime.startsWith('y')
  if (onset === 'gh' || onset === 'ngh') return front
  if (onset === 'g') return !/^[eê]/u.test(rime)
  return !(onset === 'c' || onset === 'ng') || !(front || rime.startsWith('y'))
}
