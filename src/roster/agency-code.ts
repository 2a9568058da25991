/**
 * The two formats of agency codes, as far as a code says by itself which it is.
 *
 * QCVN 102:2016/BTTTT (TT 10/2016/TT-BTTTT): `V1V2V3.Z1Z2.Y1Y2.MX1X2`, read from the right; groups of zeros are empty.
 * QĐ 20/2020/QĐ-TTg, in force since 15-9-2020: at most 35 characters, groups read from the left, their width free.
 * A code of neither is allowed: Party bodies and old directories have their own. That two codes of different formats
 * mean one agency is never guessed.
 */

export type CodeFormat = 'qcvn102' | 'qd20'

export type AgencyCodeRead = {
  format: CodeFormat
  /** The code of the ministry or province, `H49`. */
  levelOne: string
  /** 1 the ministry or province itself, 2 the agencies right below it … */
  depth: number
}

const QCVN_102 = /^(\d{3})\.(\d{2})\.(\d{2})\.([A-Y]\d{2})$/
const QD_20 = /^([A-Y]\d{2})((?:\.[0-9A-Z]+)*)$/
const QD_20_LONGEST = 35

/** What a code says of itself, or null for one of neither format. */
export function readAgencyCode(code: string): AgencyCodeRead | null {
  return readQcvn102(code) ?? readQd20(code)
}

function readQcvn102(code: string): AgencyCodeRead | null {
  const [, fourth = '', third = '', second = '', levelOne = ''] = QCVN_102.exec(code) ?? []
  if (levelOne === '') return null
  const filled = [second, third, fourth].map(group => !/^0+$/.test(group))
  const depth = filled.indexOf(false)
  // an empty group with a filled one left of it names nothing that could be
  if (depth >= 0 && filled.slice(depth).includes(true)) return null
  return { format: 'qcvn102', levelOne, depth: (depth < 0 ? filled.length : depth) + 1 }
}

function readQd20(code: string): AgencyCodeRead | null {
  const [, levelOne = '', below = ''] = QD_20.exec(code) ?? []
  if (levelOne === '' || code.length > QD_20_LONGEST) return null
  return { format: 'qd20', levelOne, depth: below.split('.').length }
}

/**
 * Where a configuration names an agency by its code, as paths of its keys: a code that becomes another leaves those rules
 * without an agency.
 */
export function placesOfCode(config: unknown, code: string): string[] {
  const found = new Set<string>()
  const look = (value: unknown, path: string, named: boolean) => {
    if (value === code && named) found.add(path)
    if (Array.isArray(value)) for (const each of value) look(each, path, named)
    else if (typeof value === 'object' && value !== null)
      for (const [key, each] of Object.entries(value))
        look(each, path === '' ? key : `${path}.${key}`, key === 'agency' || key === 'agencies')
  }
  look(config, '', false)
  return [...found]
}
