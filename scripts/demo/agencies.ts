/** The invented province: its agencies on three levels, how many serve in each, and how far each has come. */

export type Level = 'department' | 'commune' | 'unit' | 'publicServiceUnit'

export type Agency = {
  code: string
  name: string
  /** Code of the agency above; null right below the province. */
  parent: string | null
  level: Level
  /** Code of `roster.sectors`. */
  sector: string
  /** People to begin with. */
  size: number
  /** Share of its people who come to use their mailbox regularly by the first start, 0–1. */
  reach: number
  /** Another name from a day on, in days from the first start. */
  renamed?: { from: number; name: string }
  /** Below another one until a day, in days from the first start. */
  moved?: { from: number; parentBefore: string }
  /** Use falls off from this day on, in days from the first start. */
  fallsFrom?: number
}

export const ROOT = { code: 'H99', name: 'Tỉnh Phước An' }
export const DOMAIN = 'phuocan.test'
/** One commune still has a mail server of its own, whose log stopped coming. */
export const LONE_COMMUNE = 'H99.63'
export const LONE_DOMAIN = 'eakpam.phuocan.test'

type Part = { name: string; size: number; reach?: number; renamed?: NonNullable<Agency['renamed']> }
type Top = {
  name: string
  /** Sector of the units below; the department itself is of the administration. */
  unitSector?: string
  reach: number
  leaders: number
  rooms: readonly string[]
  units?: readonly Part[]
}

const departments: readonly Top[] = [
  {
    name: 'Văn phòng Uỷ ban nhân dân tỉnh',
    reach: 0.93,
    leaders: 5,
    rooms: ['Phòng Tổng hợp', 'Phòng Kinh tế', 'Phòng Khoa giáo - Văn xã', 'Phòng Hành chính - Tổ chức'],
    units: [{ name: 'Trung tâm Phục vụ hành chính công tỉnh', size: 22, reach: 0.9 }],
  },
  {
    name: 'Sở Nội vụ',
    reach: 0.9,
    leaders: 4,
    rooms: [
      'Văn phòng',
      'Phòng Công chức, viên chức',
      'Phòng Xây dựng chính quyền',
      'Phòng Lao động, việc làm',
    ],
    units: [{ name: 'Trung tâm Lưu trữ lịch sử', size: 16, reach: 0.7 }],
  },
  {
    name: 'Sở Tư pháp',
    reach: 0.86,
    leaders: 4,
    rooms: ['Văn phòng', 'Phòng Xây dựng văn bản', 'Phòng Hành chính tư pháp'],
    units: [{ name: 'Trung tâm Trợ giúp pháp lý nhà nước', size: 18, reach: 0.68 }],
  },
  {
    name: 'Sở Tài chính',
    reach: 0.88,
    leaders: 5,
    rooms: [
      'Văn phòng',
      'Phòng Quản lý ngân sách',
      'Phòng Tổng hợp, quy hoạch',
      'Phòng Đăng ký kinh doanh',
      'Phòng Giá và công sản',
    ],
  },
  {
    name: 'Sở Công Thương',
    reach: 0.72,
    leaders: 4,
    rooms: [
      'Văn phòng',
      'Phòng Quản lý công nghiệp',
      'Phòng Quản lý thương mại',
      'Chi cục Quản lý thị trường',
    ],
    units: [{ name: 'Trung tâm Khuyến công và Xúc tiến thương mại', size: 17, reach: 0.6 }],
  },
  {
    name: 'Sở Nông nghiệp và Môi trường',
    reach: 0.64,
    leaders: 5,
    rooms: [
      'Văn phòng',
      'Phòng Kế hoạch - Tài chính',
      'Chi cục Kiểm lâm',
      'Chi cục Thuỷ lợi',
      'Phòng Quản lý đất đai',
    ],
    units: [
      { name: 'Văn phòng Đăng ký đất đai', size: 58, reach: 0.61 },
      { name: 'Trung tâm Khuyến nông', size: 28, reach: 0.45 },
      { name: 'Ban Quản lý rừng phòng hộ Chư Krông', size: 32, reach: 0.22 },
    ],
  },
  {
    name: 'Sở Xây dựng',
    reach: 0.69,
    leaders: 4,
    rooms: [
      'Văn phòng',
      'Phòng Quy hoạch - Kiến trúc',
      'Phòng Quản lý hạ tầng giao thông',
      'Phòng Quản lý vận tải',
    ],
  },
  {
    name: 'Sở Khoa học và Công nghệ',
    reach: 0.96,
    leaders: 4,
    rooms: ['Văn phòng', 'Phòng Chuyển đổi số', 'Phòng Quản lý khoa học', 'Phòng Bưu chính, viễn thông'],
    units: [
      {
        name: 'Trung tâm Công nghệ thông tin và Truyền thông',
        size: 26,
        reach: 0.95,
        renamed: { from: -150, name: 'Trung tâm Chuyển đổi số' },
      },
    ],
  },
  {
    name: 'Sở Văn hoá, Thể thao và Du lịch',
    reach: 0.6,
    leaders: 4,
    rooms: ['Văn phòng', 'Phòng Quản lý văn hoá', 'Phòng Quản lý du lịch', 'Phòng Quản lý thể dục thể thao'],
    units: [
      { name: 'Bảo tàng tỉnh', size: 21, reach: 0.52 },
      { name: 'Thư viện tỉnh', size: 17, reach: 0.58 },
      { name: 'Đoàn Ca múa nhạc dân tộc', size: 24, reach: 0.2 },
    ],
  },
  {
    name: 'Sở Giáo dục và Đào tạo',
    unitSector: 'education',
    reach: 0.74,
    leaders: 4,
    rooms: ['Văn phòng', 'Phòng Tổ chức cán bộ', 'Phòng Giáo dục phổ thông', 'Phòng Quản lý chất lượng'],
    units: [
      { name: 'Trường THPT Phước An', size: 62, reach: 0.38 },
      { name: 'Trường THPT Nguyễn Trãi', size: 54, reach: 0.33 },
      { name: 'Trường PTDT nội trú N’Trang Lơng', size: 44, reach: 0.41 },
    ],
  },
  {
    name: 'Sở Y tế',
    unitSector: 'health',
    reach: 0.66,
    leaders: 4,
    rooms: ['Văn phòng', 'Phòng Nghiệp vụ y', 'Phòng Nghiệp vụ dược', 'Phòng Bảo trợ xã hội'],
    units: [
      { name: 'Bệnh viện Đa khoa tỉnh', size: 168, reach: 0.31 },
      { name: 'Trung tâm Kiểm soát bệnh tật', size: 54, reach: 0.44 },
      { name: 'Trung tâm Y tế khu vực Ea Súp', size: 66, reach: 0.18 },
    ],
  },
  {
    name: 'Sở Dân tộc và Tôn giáo',
    reach: 0.76,
    leaders: 3,
    rooms: ['Văn phòng', 'Phòng Chính sách dân tộc', 'Phòng Tôn giáo'],
  },
  {
    name: 'Thanh tra tỉnh',
    reach: 0.87,
    leaders: 4,
    rooms: ['Văn phòng', 'Phòng Nghiệp vụ 1', 'Phòng Nghiệp vụ 2', 'Phòng Giám sát và xử lý sau thanh tra'],
  },
  {
    name: 'Ban Quản lý các khu công nghiệp',
    reach: 0.79,
    leaders: 3,
    rooms: ['Văn phòng', 'Phòng Quản lý đầu tư', 'Phòng Quản lý doanh nghiệp'],
  },
]

/** Wards and communes after the reform of 2025; reach 0 where nobody has begun. */
const communes: readonly (readonly [name: string, reach: number, fallsFrom?: number])[] = [
  ['Phường Phước An', 0.9],
  ['Phường Buôn Trấp', 0.83],
  ['Phường Tân Lập', 0.86],
  ['Phường Ea Tam', 0.74],
  ['Xã Krông Năng', 0.77],
  ['Xã Cư Pơng', 0.69],
  ['Xã Ea Kao', 0.81],
  ['Xã Hoà Sơn', 0.72],
  ['Xã Tân Tiến', 0.88],
  ['Xã Đắk Liêng', 0.52],
  ['Xã Ea Drăng', 0.64],
  ['Xã Vụ Bổn', 0],
  ['Xã Ea Kpam', 0.7],
  ['Xã Krông Á', 0.28],
  ['Xã Cư Prao', 0.35],
  ['Xã Ia Rvê', 0],
  ['Xã Dang Kang', 0.47],
  ['Xã Yang Mao', 0.12],
  ['Xã Ea Trang', 0.58],
  ['Xã Quảng Hiệp', 0.8],
  ['Xã Nam Ka', 0.42],
  ['Xã Ea Wer', 0.78, -70],
  ['Xã Phú Xuân', 0.91],
  ['Xã Ia Lốp', 0.05],
  ['Đặc khu Hòn Sa', 0.66],
]

const communeRooms: readonly [name: string, size: number][] = [
  ['Văn phòng Hội đồng nhân dân và Uỷ ban nhân dân', 8],
  ['Phòng Kinh tế', 7],
  ['Phòng Văn hoá - Xã hội', 7],
  ['Trung tâm Phục vụ hành chính công', 5],
]

const ROOM_SIZE = 7
/** A room that the reform took from the interior to the health department. */
const CAME_FROM_INTERIOR = 'Phòng Bảo trợ xã hội'
const INTERIOR = 'H99.02'
const LEADERS_OF_A_COMMUNE = 4

export const agencies: readonly Agency[] = [
  ...departments.flatMap((top, i) => departmentTree(top, `${ROOT.code}.${String(i + 1).padStart(2, '0')}`)),
  ...communes.flatMap(([name, reach, fallsFrom], i) =>
    communeTree(name, reach, fallsFrom, `${ROOT.code}.${51 + i}`),
  ),
]

function departmentTree(top: Top, code: string): Agency[] {
  const { name, unitSector = 'publicService', reach, leaders, rooms, units = [] } = top
  const sector = 'administration'
  const numbered = (at: number) => `${code}.${String(at + 1).padStart(2, '0')}`
  return [
    { code, name, parent: null, level: 'department', sector, size: leaders, reach },
    ...rooms.map((room, i): Agency => {
      const moved = room === CAME_FROM_INTERIOR ? { moved: { from: -210, parentBefore: INTERIOR } } : {}
      return {
        ...{ code: numbered(i), name: room, parent: code, level: 'unit', sector, size: ROOM_SIZE, reach },
        ...moved,
      }
    }),
    ...units.map((unit, i): Agency => {
      const own = { code: numbered(rooms.length + i), parent: code, level: 'publicServiceUnit' as const }
      return { ...own, reach, sector: unitSector, ...unit }
    }),
  ]
}

function communeTree(name: string, reach: number, fallsFrom: number | undefined, code: string): Agency[] {
  const fall = fallsFrom === undefined ? {} : { fallsFrom }
  const shared = { sector: 'administration', reach, ...fall }
  return [
    { code, name, parent: null, level: 'commune', size: LEADERS_OF_A_COMMUNE, ...shared },
    ...communeRooms.map(([room, size], i): Agency => {
      const level = room.startsWith('Trung tâm') ? 'publicServiceUnit' : 'unit'
      return { code: `${code}.0${i + 1}`, name: room, parent: code, level, size, ...shared }
    }),
  ]
}

export function nameOn(agency: Agency, day: number): string {
  return agency.renamed && day >= agency.renamed.from ? agency.renamed.name : agency.name
}

export function parentOn({ parent, moved }: Agency, day: number): string | null {
  return moved && day < moved.from ? moved.parentBefore : parent
}

/** Dotted code of the department or commune an agency belongs to. */
export function topOf(code: string): string {
  return code.split('.').slice(0, 2).join('.')
}
