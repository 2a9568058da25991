/** Invented names, as frequent as in a highland province: few family names, many namesakes, some of other peoples. */
import { chance, oneOf, weighted } from './chance.ts'

export type Gender = 'nam' | 'nữ'

const families = [
  ['Nguyễn', 34],
  ['Trần', 11],
  ['Lê', 10],
  ['Phạm', 7],
  ['Hoàng', 4],
  ['Huỳnh', 4],
  ['Phan', 4],
  ['Võ', 4],
  ['Vũ', 3],
  ['Đặng', 3],
  ['Bùi', 3],
  ['Đỗ', 2],
  ['Hồ', 2],
  ['Ngô', 2],
  ['Dương', 2],
  ['Đinh', 1],
  ['Lý', 1],
  ['Trương', 2],
] as const

const middles = {
  nam: [
    ['Văn', 40],
    ['Đức', 8],
    ['Minh', 8],
    ['Quốc', 7],
    ['Thanh', 6],
    ['Hữu', 5],
    ['Xuân', 5],
    ['Ngọc', 4],
    ['Công', 4],
    ['Anh', 3],
  ],
  nữ: [
    ['Thị', 48],
    ['Thị Thanh', 7],
    ['Thị Thu', 7],
    ['Thị Ngọc', 6],
    ['Thị Kim', 5],
    ['Thị Mỹ', 4],
    ['Ngọc', 4],
    ['Thuỳ', 4],
    ['Hoài', 2],
  ],
} as const

const givens = {
  nam: 'An Bình Cường Dũng Đạt Đông Giang Hà Hải Hiếu Hoàng Hùng Huy Khánh Khoa Kiên Lâm Linh Long Lợi Mạnh Minh Nam Nghĩa Nhân Phong Phúc Quân Quang Sơn Sỹ Tài Tâm Thắng Thành Thịnh Thọ Toàn Trung Tú Tuấn Tùng Việt Vinh'.split(
    ' ',
  ),
  nữ: 'An Anh Bích Chi Dung Duyên Giang Hà Hạnh Hằng Hiền Hoa Hoà Hồng Huệ Hương Lan Liên Linh Loan Mai My Nga Ngân Ngọc Nhung Oanh Phương Quyên Quỳnh Tâm Thảo Thoa Thu Thuý Thuỷ Thương Trang Trâm Trinh Tuyết Vân Xuân Yến'.split(
    ' ',
  ),
}

const edeClans = 'Niê Êban Mlô Ênuôl Kbuôr Ayŭn Kđoh Buôn Yă'.split(' ')
const edeGivens = {
  nam: 'Bhăm Moan Thân Wơk Blơ Khoa Nguên Đức Sơn Tuân'.split(' '),
  nữ: 'Hen Bia Nga Linh Djuan Mlơ Rin Thảo Wen Yuê'.split(' '),
}
const jaraiClans = ['Rơ Châm', 'Siu', 'Ksor', 'Rơ Ô', 'Nay']
const tayFamilies = ['Nông', 'Lò', 'Hoàng', 'Vi', 'Lương', 'Hà', 'Ma']
const hmong = {
  families: ['Giàng', 'Vàng', 'Sùng', 'Thào', 'Lầu'],
  nam: ['A Páo', 'A Chúng', 'Seo Dìn', 'A Sử', 'Mí Già'],
  nữ: ['Thị Mỷ', 'Thị Dợ', 'Thị Máy', 'Thị Chư'],
}

const KINH = 0.88

/** A full name in Vietnamese order. */
export function nameOf(seed: number, person: number): { name: string; gender: Gender } {
  const draw = (which: number) => chance(seed, person, 0x6e616d65, which)
  const gender: Gender = draw(0) < 0.47 ? 'nam' : 'nữ'
  if (draw(1) < KINH) {
    const name = `${weighted(families, draw(2))} ${weighted<string>(middles[gender], draw(3))} ${oneOf(givens[gender], draw(4))}`
    return { name, gender }
  }
  const people = draw(5)
  if (people < 0.45) {
    const given = oneOf(edeGivens[gender], draw(6))
    const clan = oneOf(edeClans, draw(7))
    return { name: gender === 'nam' ? `Y ${given} ${clan}` : `H'${given} ${clan}`, gender }
  }
  if (people < 0.65) {
    const given = oneOf(edeGivens[gender], draw(6))
    return { name: `${oneOf(jaraiClans, draw(7))} ${gender === 'nam' ? given : `H'${given}`}`, gender }
  }
  if (people < 0.9) {
    const middle = gender === 'nam' ? 'Văn' : 'Thị'
    return { name: `${oneOf(tayFamilies, draw(6))} ${middle} ${oneOf(givens[gender], draw(7))}`, gender }
  }
  return { name: `${oneOf(hmong.families, draw(6))} ${oneOf(hmong[gender], draw(7))}`, gender }
}
