/** What a scan of a decision may be, told by its first bytes and never by its name. Pure. */

export const SCAN_BYTES = 10 * 1024 * 1024

const kinds = [
  { type: 'application/pdf', extension: 'pdf', magic: [0x25, 0x50, 0x44, 0x46, 0x2d] },
  { type: 'image/jpeg', extension: 'jpg', magic: [0xff, 0xd8, 0xff] },
  { type: 'image/png', extension: 'png', magic: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a] },
] as const

export type ScanType = (typeof kinds)[number]['type']

export function scanTypeOf(bytes: Uint8Array): ScanType | null {
  return kinds.find(({ magic }) => magic.every((byte, i) => bytes[i] === byte))?.type ?? null
}

/** A name to save it by: ASCII without paths, ending as its kind does. */
export function scanName(number: string, type: string): string {
  const bare = number
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/[đĐ]/g, letter => (letter === 'đ' ? 'd' : 'D'))
    .replace(/[^A-Za-z0-9.-]+/g, '-')
    .replace(/^[-.]+|[-.]+$/g, '')
  const extension = kinds.find(each => each.type === type)?.extension ?? 'bin'
  return `${bare || 'scan'}.${extension}`
}
