/** What pages and commands say of agencies over time, in Vietnamese and English. */
import type { ChangeProblem } from './agency-change.ts'
import type { AgencyCodeRead, CodeFormat } from './agency-code.ts'
import type { Locale } from './messages.ts'

const vi = {
  byAgency: 'Theo cơ quan',
  bySector: 'Theo khối',
  tree: 'Cây tổ chức',
  treeOn: (day: string) => `Cây tổ chức ngày ${day}`,
  treeNow: 'Cây tổ chức hiện nay',
  day: 'Ngày',
  see: 'Xem',
  today: 'Hôm nay',
  count: (agencies: string) => `${agencies} cơ quan, đơn vị`,
  name: 'Tên cơ quan',
  agency: 'Cơ quan',
  level: 'Cấp',
  sector: 'Khối',
  inherited: 'theo cấp trên',
  noSector: 'Theo cơ quan cấp trên',
  since: 'Từ ngày',
  sinceEver: 'từ trước khi có số liệu',
  nowIs: (what: string) => `nay là ${what}`,
  nowGone: (day: string) => `thôi hoạt động từ ${day}`,
  none: 'Chưa có cơ quan nào',
  noneText: 'Ngày này chưa có cơ quan nào trong phạm vi phụ trách. Xin chọn ngày khác.',
  turns: 'Những ngày cây tổ chức thay đổi',
  turnsNone: 'Chưa có thay đổi nào được ghi nhận.',
  turn: (agencies: string) => `${agencies} cơ quan thay đổi`,
  next: 'Trang tiếp',
  first: 'Về trang đầu',
  range: (range: string, total: string) => `${range} trong ${total} cơ quan`,
  figures: 'Xem số liệu',
  history: 'Lịch sử cơ quan',
  historyOf: (name: string) => `Lịch sử: ${name}`,
  historyLead: 'Tên, mã, cấp trên, cấp và khối của cơ quan theo thời gian.',
  onTree: 'Xem trên cây tổ chức',
  closed: (day: string) => `Thôi hoạt động từ ${day}`,
  open: 'Đang hoạt động',
  from: 'Từ',
  until: 'Đến hết',
  still: 'nay',
  ever: 'trước khi có số liệu',
  code: 'Mã',
  format: 'Dạng mã',
  parent: 'Cấp trên trực tiếp',
  top: 'Cơ quan cao nhất',
  outside: 'Ngoài phạm vi phụ trách',
  by: 'Căn cứ',
  byDecision: (number: string, day: string) => `Quyết định ${number} ngày ${day}`,
  byHand: 'nhập tay',
  bySource: (name: string) => `nguồn ${name}`,
  periods: 'Các giai đoạn',
  changed: 'Thay đổi',
  beginning: 'Ghi nhận lần đầu',
  opened: 'Thành lập',
  below: 'Đơn vị trực thuộc theo thời gian',
  belowNone: 'Chưa từng có đơn vị trực thuộc.',
  belowMore: (count: string) => `Chỉ hiện ${count} dòng đầu.`,
  moves: 'Biến động nhân sự theo tháng',
  movesText:
    'Số người chuyển đến và đi khỏi riêng cơ quan này, không kể đơn vị trực thuộc. Lần đọc danh sách đầu tiên không tính là biến động.',
  movesNone: 'Chưa ghi nhận biến động nào.',
  month: 'Tháng',
  came: 'Đến',
  left: 'Đi',
  others: (code: string) => `Mã ${code} từng được dùng cho nhiều cơ quan. Trang này là của cơ quan dưới đây.`,
  otherHolder: (name: string, from: string, until: string) => `${name} (${from} – ${until})`,
  waiting: 'Thay đổi chờ đến ngày',
  waitingText: 'Được thực hiện trong lượt đêm của ngày đã ghi; đến lúc đó mọi số liệu vẫn theo cây hiện nay.',
  withdraw: 'Rút lại',
  stuck: (why: string) => `Đã đến ngày nhưng chưa thực hiện được: ${why} Hệ thống thử lại mỗi đêm.`,
  kinds: { open: 'Thành lập', change: 'Thay đổi', close: 'Thôi hoạt động' },
  fields: { code: 'mã', name: 'tên', level: 'cấp', sector: 'khối', parentId: 'cấp trên' },
  becomes: (field: string, value: string) => `${field}: ${value}`,
  openAgency: 'Thêm cơ quan',
  openBelow: 'Thêm đơn vị trực thuộc',
  changeAgency: 'Đổi tên, mã, cấp trên',
  closeAgency: 'Cho thôi hoạt động',
  openLead: 'Cơ quan do nguồn danh sách nêu sẽ tự có; chỉ thêm ở đây cơ quan mà nguồn chưa nêu.',
  changeLead:
    'Chỉ sửa mục thay đổi. Giá trị mới có hiệu lực từ ngày ghi bên dưới cho đến lần thay đổi tiếp theo của chính mục đó. Khi nguồn danh sách nêu giá trị mới, giá trị của nguồn được lấy.',
  closeLead: (name: string) =>
    `${name} không còn trên cây tổ chức từ ngày ghi bên dưới. Lịch sử và số liệu của những ngày trước được giữ nguyên.`,
  countsFrom: 'Có hiệu lực từ ngày',
  dayHint:
    'Ngày đã qua: số liệu từ ngày đó được tính lại trong lượt đêm tới. Ngày sắp tới: thay đổi chờ đến ngày đó.',
  closeDayHint: 'Ngày đầu tiên cơ quan không còn hoạt động.',
  decisionNumber: 'Số quyết định',
  decisionDay: 'Ngày ký quyết định',
  optional: 'Không bắt buộc.',
  codeHint: 'Ví dụ H99.05.02 (QĐ 20/2020/QĐ-TTg) hoặc 000.02.05.H99 (QCVN 102:2016). Mã khác vẫn nhận.',
  ownCodeWarn: 'Mã hiện nay không theo dạng nào trong hai dạng trên; vẫn dùng được.',
  parentHint: 'Mã của cơ quan cấp trên.',
  named: (places: string) =>
    `Tệp cấu hình nêu mã của cơ quan này ở ${places}. Nếu đổi mã, xin sửa tệp cấu hình cùng lúc.`,
  save: 'Lưu',
  doClose: 'Cho thôi hoạt động từ ngày này',
  back: 'Quay lại',
  done: 'Đã lưu thay đổi.',
  donePast: (day: string) => `Đã lưu thay đổi. Số liệu từ ${day} được tính lại trong lượt đêm tới.`,
  saidWaiting: (day: string) => `Đã ghi nhận. Thay đổi được thực hiện vào ngày ${day}.`,
  saidOwnCode: 'Mã vừa nhập không theo dạng QĐ 20/2020 hay QCVN 102:2016, nên được ghi là mã riêng.',
  withdrawn: 'Đã rút lại thay đổi chờ đến ngày.',
  notWaiting: 'Thay đổi này không còn chờ: đã thực hiện hoặc đã được rút lại.',
  inUse: 'Chưa cho thôi hoạt động được',
  inUseText: 'Cần xử lý những việc dưới đây trước; chưa có gì thay đổi.',
  inUseLater: 'Trước ngày thôi hoạt động cần xử lý xong những việc dưới đây.',
  peopleThere: (people: string) => `${people} người đang hoặc sẽ công tác tại đây`,
  peopleWay:
    'Chuyển họ sang cơ quan khác bằng quyết định, hoặc chờ nguồn danh sách nêu nơi công tác mới, rồi thực hiện lại.',
  belowThere: (agencies: string) => `${agencies} đơn vị trực thuộc còn hoạt động`,
  belowWay: 'Mở từng đơn vị để đổi cấp trên hoặc cho thôi hoạt động trước.',
  moreOf: (count: string) => `và ${count} nữa`,
  badDay: 'Ngày cần ghi theo dạng năm-tháng-ngày, từ 2000-01-01 đến 2099-12-31.',
  bothDecision: 'Số và ngày ký quyết định phải cùng có hoặc cùng để trống.',
  badCode: 'Mã này không dùng được.',
  badLevel: 'Cấp này không có trong danh mục.',
  badSector: 'Khối này không có trong danh mục đã cấu hình.',
  badParent: 'Không có cơ quan nào đang hoạt động mang mã này.',
  nothingListed: 'Chưa có gì.',
  commandTree: (day: string, agencies: string) => `Cây tổ chức ngày ${day}: ${agencies} cơ quan`,
  commandDone: (code: string, name: string, day: string) => `Đã lưu: ${code} ${name}, có hiệu lực từ ${day}.`,
  commandWaiting: (change: number, day: string) => `Đã ghi nhận thay đổi ${change}, chờ đến ngày ${day}.`,
  commandWithdrawn: (change: number) => `Đã rút lại thay đổi ${change}.`,
  commandNext: 'Số liệu các ngày đã qua được tính lại trong lượt đêm tới (hopthu nightly).',
}

export type AgencyWords = typeof vi

const en: AgencyWords = {
  byAgency: 'By agency',
  bySector: 'By sector',
  tree: 'Organisation',
  treeOn: day => `Organisation on ${day}`,
  treeNow: 'Organisation now',
  day: 'Day',
  see: 'Show',
  today: 'Today',
  count: agencies => `${agencies} agencies`,
  name: 'Name of the agency',
  agency: 'Agency',
  level: 'Level',
  sector: 'Sector',
  inherited: 'as above it',
  noSector: 'That of the agency above',
  since: 'Since',
  sinceEver: 'since before records',
  nowIs: what => `now ${what}`,
  nowGone: day => `closed from ${day}`,
  none: 'No agency yet',
  noneText: 'On this day there is no agency within your scope. Choose another day.',
  turns: 'Days on which the organisation changed',
  turnsNone: 'No change is recorded yet.',
  turn: agencies => `${agencies} agencies changed`,
  next: 'Next page',
  first: 'Back to the first page',
  range: (range, total) => `${range} of ${total} agencies`,
  figures: 'See the figures',
  history: 'History of the agency',
  historyOf: name => `History: ${name}`,
  historyLead: 'Name, code, agency above, level and sector over time.',
  onTree: 'See it in the organisation',
  closed: day => `Closed from ${day}`,
  open: 'Open',
  from: 'From',
  until: 'To the end of',
  still: 'now',
  ever: 'before records',
  code: 'Code',
  format: 'Format of the code',
  parent: 'Agency above',
  top: 'The agency above all',
  outside: 'Outside your scope',
  by: 'Because of',
  byDecision: (number, day) => `Decision ${number} of ${day}`,
  byHand: 'entered by hand',
  bySource: name => `source ${name}`,
  periods: 'Periods',
  changed: 'Changed',
  beginning: 'First known',
  opened: 'Opened',
  below: 'Agencies right below over time',
  belowNone: 'There never was an agency below.',
  belowMore: count => `Only the first ${count} are shown.`,
  moves: 'Movements by month',
  movesText:
    'People who came to and left the agency itself, without those below. The first read of a roster moves nobody.',
  movesNone: 'No movement is recorded yet.',
  month: 'Month',
  came: 'Came',
  left: 'Left',
  others: code => `The code ${code} was used for several agencies. This page is of the one below.`,
  otherHolder: (name, from, until) => `${name} (${from} – ${until})`,
  waiting: 'Changes that wait for their day',
  waitingText: 'Done in the night of the day given; until then all figures follow the organisation of now.',
  withdraw: 'Withdraw',
  stuck: why => `Its day has come, but it could not be done: ${why} It is tried again each night.`,
  kinds: { open: 'Opens', change: 'Changes', close: 'Closes' },
  fields: { code: 'code', name: 'name', level: 'level', sector: 'sector', parentId: 'agency above' },
  becomes: (field, value) => `${field}: ${value}`,
  openAgency: 'Add an agency',
  openBelow: 'Add an agency below',
  changeAgency: 'Rename, move, recode',
  closeAgency: 'Close',
  openLead: 'Agencies of a roster source come by themselves; add here only what no source names.',
  changeLead:
    'Change only what becomes another. A new value holds from the day below until the same field changes next. When a roster source says a new value, that is taken.',
  closeLead: name =>
    `${name} is no longer part of the organisation from the day below. History and figures of earlier days stay.`,
  countsFrom: 'Counts from',
  dayHint:
    'A past day: figures since are counted again the next night. A day to come: the change waits for it.',
  closeDayHint: 'The first day on which the agency is no longer there.',
  decisionNumber: 'Number of the decision',
  decisionDay: 'Day of the decision',
  optional: 'Not required.',
  codeHint:
    'Such as H99.05.02 (QĐ 20/2020/QĐ-TTg) or 000.02.05.H99 (QCVN 102:2016). Other codes are taken too.',
  ownCodeWarn: 'The code of now is of neither format; it can be used all the same.',
  parentHint: 'Code of the agency above.',
  named: places =>
    `The configuration names this agency by its code at ${places}. If the code changes, change it there too.`,
  save: 'Save',
  doClose: 'Close from this day',
  back: 'Back',
  done: 'The change is saved.',
  donePast: day => `The change is saved. Figures from ${day} on are counted again the next night.`,
  saidWaiting: day => `Noted. The change is done on ${day}.`,
  saidOwnCode: 'The code is of neither QĐ 20/2020 nor QCVN 102:2016, so it is kept as a code of your own.',
  withdrawn: 'The waiting change is withdrawn.',
  notWaiting: 'This change waits no longer: it was done or withdrawn.',
  inUse: 'It cannot be closed yet',
  inUseText: 'First see to what stands below; nothing was changed.',
  inUseLater: 'Before the agency is closed, see to what stands below.',
  peopleThere: people => `${people} people serve here or are announced`,
  peopleWay:
    'Move them to another agency by a decision, or wait for a roster source to say where they are; then try again.',
  belowThere: agencies => `${agencies} agencies below are open`,
  belowWay: 'Open each to move it below another agency or to close it first.',
  moreOf: count => `and ${count} more`,
  badDay: 'A day such as 2026-11-20 is expected, from 2000-01-01 to 2099-12-31.',
  bothDecision: 'Number and day of a decision go together.',
  badCode: 'This code cannot be used.',
  badLevel: 'This level is not in the list.',
  badSector: 'This sector is not configured.',
  badParent: 'No open agency has this code.',
  nothingListed: 'Nothing yet.',
  commandTree: (day, agencies) => `Organisation on ${day}: ${agencies} agencies`,
  commandDone: (code, name, day) => `Saved: ${code} ${name}, from ${day}.`,
  commandWaiting: (change, day) => `Change ${change} is noted and waits for ${day}.`,
  commandWithdrawn: change => `Change ${change} is withdrawn.`,
  commandNext: 'Figures of days gone by are counted again the next night (hopthu nightly).',
}

export const agencyWords: Record<Locale, AgencyWords> = { vi, en }

/** Why a change was refused, as a sentence. */
export function changeProblemText(locale: Locale, problem: ChangeProblem): string {
  const vietnamese = locale === 'vi'
  switch (problem.kind) {
    case 'closed':
      return vietnamese ? 'Cơ quan đã thôi hoạt động.' : 'The agency is closed.'
    case 'tooEarly':
      return vietnamese
        ? 'Ngày này cơ quan chưa hoạt động; xin ghi ngày sau ngày thành lập.'
        : 'The agency was not there yet; give a day after it was opened.'
    case 'nothing':
      return vietnamese ? 'Không có mục nào thay đổi.' : 'Nothing would change.'
    case 'codeTaken':
      return vietnamese
        ? `Mã này đang dùng cho ${problem.by.name}.`
        : `The code is that of ${problem.by.name}.`
    case 'parentGone':
      return vietnamese
        ? 'Cơ quan cấp trên không hoạt động trong suốt thời gian từ ngày này.'
        : 'The agency above is not there all the time from this day on.'
    case 'circle':
      return vietnamese
        ? 'Cơ quan cấp trên này lại nằm dưới chính cơ quan đang sửa.'
        : 'That agency itself stands below the one to be moved.'
    case 'root':
      return vietnamese
        ? 'Cơ quan cao nhất theo tệp cấu hình (roster.root) hoặc theo nguồn; không chuyển, không đóng ở đây.'
        : 'The agency above all is named by the configuration (roster.root) or a source; it is neither moved nor closed here.'
    case 'inUse':
      return vietnamese
        ? `Còn ${problem.use.people} người công tác và ${problem.use.agencies} đơn vị trực thuộc.`
        : `${problem.use.people} people serve there and ${problem.use.agencies} agencies stand below.`
  }
}

const stuck: Record<Locale, Record<ChangeProblem['kind'], string>> = {
  vi: {
    closed: 'cơ quan đã thôi hoạt động.',
    tooEarly: 'ngày đó cơ quan chưa hoạt động.',
    nothing: 'không còn mục nào thay đổi.',
    codeTaken: 'mã đang dùng cho cơ quan khác.',
    parentGone: 'cơ quan cấp trên không còn hoạt động.',
    circle: 'cơ quan cấp trên nằm dưới chính cơ quan này.',
    root: 'cơ quan cao nhất không chuyển, không đóng ở đây.',
    inUse: 'còn người công tác hoặc đơn vị trực thuộc.',
  },
  en: {
    closed: 'the agency is closed.',
    tooEarly: 'the agency was not there on that day.',
    nothing: 'nothing would change any more.',
    codeTaken: 'another agency has the code.',
    parentGone: 'the agency above is closed.',
    circle: 'the agency above stands below it.',
    root: 'the agency above all is neither moved nor closed here.',
    inUse: 'people serve there or agencies stand below.',
  },
}

/** Why a change whose day has come waits on; the reason is kept as a word of ours. */
export function stuckText(locale: Locale, reason: string): string {
  const why = Object.entries(stuck[locale]).find(([kind]) => kind === reason)?.[1] ?? reason
  return agencyWords[locale].stuck(why)
}

const formats: Record<Locale, Record<CodeFormat | 'own', string>> = {
  vi: { qd20: 'QĐ 20/2020', qcvn102: 'QCVN 102:2016', own: 'mã riêng' },
  en: { qd20: 'QĐ 20/2020', qcvn102: 'QCVN 102:2016', own: 'a code of its own' },
}

/** `QĐ 20/2020, cấp 2 của H99`. */
export function codeFormatText(locale: Locale, read: AgencyCodeRead | null): string {
  if (read === null) return formats[locale].own
  const { format, depth, levelOne } = read
  return locale === 'vi'
    ? `${formats.vi[format]}, cấp ${depth} của ${levelOne}`
    : `${formats.en[format]}, level ${depth} of ${levelOne}`
}

const levels: Record<Locale, Record<string, string>> = {
  vi: {
    province: 'Tỉnh',
    department: 'Sở, ban, ngành',
    district: 'Huyện',
    commune: 'Xã, phường, đặc khu',
    unit: 'Phòng, đơn vị trực thuộc',
    publicServiceUnit: 'Đơn vị sự nghiệp công lập',
  },
  en: {
    province: 'Province',
    department: 'Department',
    district: 'District',
    commune: 'Commune',
    unit: 'Unit',
    publicServiceUnit: 'Public service unit',
  },
}

export function agencyLevelText(locale: Locale, level: string): string {
  return levels[locale][level] ?? level
}
