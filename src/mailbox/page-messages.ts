/** What the pages of plans and mailboxes say, in Vietnamese and English. */
import type { ChangeKind } from './connector.ts'
import type { Locale } from './messages.ts'

type Words = Record<Locale, string>

export const planStateWords: Record<string, Words> = {
  open: { vi: 'chờ phê duyệt', en: 'waits for approval' },
  refused: { vi: 'vượt ngưỡng an toàn, chờ phê duyệt', en: 'over a limit, waits for approval' },
  applying: { vi: 'đang thực hiện', en: 'being applied' },
  halted: { vi: 'dừng giữa chừng', en: 'stopped on the way' },
  applied: { vi: 'đã thực hiện', en: 'applied' },
  incomplete: { vi: 'đã thực hiện, có thay đổi chưa được', en: 'applied, some changes failed' },
  superseded: { vi: 'đã có đề xuất mới thay thế', en: 'replaced by a newer plan' },
}

export const changeStateWords: Record<string, Words> = {
  planned: { vi: 'chờ thực hiện', en: 'waiting' },
  started: { vi: 'đang thực hiện', en: 'under way' },
  done: { vi: 'đã thực hiện', en: 'done' },
  already: { vi: 'đã đúng từ trước', en: 'already so' },
  failed: { vi: 'không thực hiện được', en: 'failed' },
  dropped: { vi: 'bỏ, đã có đề xuất mới', en: 'dropped, a newer plan took over' },
}

/** Headings of counts by kind. */
export const kindTitles: Record<ChangeKind, Words> = {
  create: { vi: 'Cấp mới', en: 'Create' },
  update: { vi: 'Cập nhật', en: 'Update' },
  rename: { vi: 'Đổi địa chỉ', en: 'Rename' },
  suspend: { vi: 'Tạm khoá', en: 'Suspend' },
  resume: { vi: 'Mở lại', en: 'Resume' },
  remove: { vi: 'Xoá', en: 'Remove' },
}

const mends: Record<string, Words> = {
  address_taken: {
    vi: 'Địa chỉ vừa có người dùng trên hệ thống thư. Lập đề xuất mới: địa chỉ khác sẽ được chọn.',
    en: 'The address has just been taken on the platform. Make a new plan: another one will be chosen.',
  },
  not_found: {
    vi: 'Hộp thư không còn trên hệ thống thư. Kiểm tra với quản trị hệ thống thư, rồi lập đề xuất mới.',
    en: 'The mailbox is gone from the platform. Ask its administrator, then make a new plan.',
  },
  platform_refused: {
    vi: 'Hệ thống thư không chấp nhận. Xử lý trên hệ thống thư theo thông báo bên cạnh, rồi lập đề xuất mới.',
    en: 'The platform refused. Mend there what it says, then make a new plan.',
  },
}
const mendTemporary: Words = {
  vi: 'Lỗi tạm thời. Bấm “Làm tiếp”, chỉ phần còn lại được thực hiện.',
  en: 'Temporary. Press “Go on”: only what is left will be done.',
}
const mendOther: Words = {
  vi: 'Xem thông báo bên cạnh, khắc phục rồi lập đề xuất mới.',
  en: 'See what it says, mend it, then make a new plan.',
}

/** What to do about a change that failed. */
export function mendText(locale: Locale, code: string | null, temporary: boolean): string {
  if (temporary) return mendTemporary[locale]
  return (mends[code ?? ''] ?? mendOther)[locale]
}

const ends: Record<string, Words> = {
  ground_moved: {
    vi: 'Danh sách cán bộ, cấu hình hoặc hệ thống thư đã thay đổi sau khi lập đề xuất này, nên đề xuất không còn đúng. Phần đã thực hiện (nếu có) được giữ nguyên, không có gì khác bị thay đổi. Hãy lập đề xuất mới.',
    en: 'The roster, the settings or the platform changed after this plan was made, so it no longer holds. What was done, if anything, stands; nothing else was changed. Make a new plan.',
  },
  platform_unreachable: {
    vi: 'Không kết nối được hệ thống thư. Phần đã làm được ghi lại; kiểm tra hệ thống thư rồi làm tiếp.',
    en: 'The platform does not answer. What was done is recorded; look after the platform, then go on.',
  },
  platform_refused: {
    vi: 'Hệ thống thư từ chối. Phần đã làm được ghi lại; kiểm tra tài khoản và quyền trên hệ thống thư rồi làm tiếp.',
    en: 'The platform refused. What was done is recorded; look at the account and its rights there, then go on.',
  },
  guard_refused: {
    vi: 'Đề xuất vượt ngưỡng an toàn và chưa được xác nhận vượt ngưỡng. Chưa thay đổi gì.',
    en: 'The plan is over a limit and that was not confirmed. Nothing was changed.',
  },
  cancelled: {
    vi: 'Dịch vụ dừng trong khi đang thực hiện. Phần đã làm được ghi lại; có thể làm tiếp.',
    en: 'The service stopped while it was being applied. What was done is recorded; you can go on.',
  },
  config_invalid: {
    vi: 'Cấu hình kết nối hệ thống thư chưa đúng. Chưa thay đổi gì.',
    en: 'The configuration of the platform is wrong. Nothing was changed.',
  },
  busy: {
    vi: 'Đang có lượt chạy hộp thư khác nên chưa thực hiện. Chưa thay đổi gì; hãy chờ lượt đó xong.',
    en: 'Another mailbox run was going on, so nothing was begun. Wait for it to end.',
  },
}
const endOther: Words = {
  vi: 'Lượt thực hiện dừng vì lỗi. Phần đã làm được ghi lại; có thể làm tiếp. Thông báo:',
  en: 'The run stopped with an error. What was done is recorded; you can go on. It said:',
}

/** Why a run over mailboxes ended without doing all it should. */
export function endText(locale: Locale, code: string | null, message: string): string {
  const known = ends[code ?? '']
  return known ? known[locale] : `${endOther[locale]} ${message}`
}

/** Why no plan could be made. */
export function makingEndText(locale: Locale, code: string | null, message: string): string {
  const away = code === 'platform_unreachable'
  if (locale === 'vi')
    return away
      ? 'Lần lập đề xuất gần nhất chưa xong vì không kết nối được hệ thống thư. Các đề xuất đã có được giữ nguyên; kiểm tra hệ thống thư rồi lập lại.'
      : `Lần lập đề xuất gần nhất chưa xong. Các đề xuất đã có được giữ nguyên. Thông báo: ${message}`
  return away
    ? 'The last making of a plan did not end: the platform does not answer. Earlier plans stand; look after the platform, then make one again.'
    : `The last making of a plan did not end. Earlier plans stand. It said: ${message}`
}

export const mailboxKinds: Record<string, Words> = {
  personal: { vi: 'cá nhân', en: 'personal' },
  agency: { vi: 'cơ quan', en: 'agency' },
  position: { vi: 'chức vụ', en: 'position' },
  shared: { vi: 'dùng chung', en: 'shared' },
}

const activations: Record<string, Words> = {
  activated: { vi: 'đã kích hoạt', en: 'activated' },
  sent: { vi: 'đã gửi, chưa kích hoạt', en: 'sent, not activated' },
  expired: { vi: 'chưa kích hoạt, liên kết đã hết hạn', en: 'not activated, the link is out of date' },
  none: { vi: 'chưa kích hoạt', en: 'not activated' },
}

export function activationText(locale: Locale, state: string): string {
  return activations[state]?.[locale] ?? state
}

const stateReasons: Record<string, Words> = {
  created: { vi: 'cấp mới', en: 'created' },
  left: { vi: 'thôi việc', en: 'left' },
  returned: { vi: 'trở lại làm việc', en: 'returned' },
  activated: { vi: 'đã kích hoạt', en: 'activated' },
  invited: { vi: 'đã gửi kích hoạt', en: 'invited' },
}

export function stateReasonText(locale: Locale, reason: string): string {
  return stateReasons[reason]?.[locale] ?? reason
}

/** `5 phút` · `40 giây`, of a number of seconds. */
export function durationText(locale: Locale, seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)]
  const units = locale === 'vi' ? ['giờ', 'phút', 'giây'] : ['h', 'min', 's']
  if (hours > 0) return `${hours} ${units[0]} ${minutes} ${units[1]}`
  if (minutes > 0) return `${minutes} ${units[1]}${whole % 60 > 0 ? ` ${whole % 60} ${units[2]}` : ''}`
  return `${whole} ${units[2]}`
}

export const planWords = {
  vi: {
    title: 'Đề xuất thay đổi hộp thư',
    one: 'Đề xuất số',
    all: 'Các đề xuất',
    roster: 'theo danh sách cán bộ ngày',
    make: 'Lập đề xuất mới',
    makeHint: 'Đối chiếu danh sách cán bộ với hệ thống thư. Chưa thay đổi gì trên hệ thống thư.',
    noPlatform: 'Chưa cấu hình hệ thống thư (mailbox.platforms), nên chưa lập được đề xuất.',
    none: 'Chưa có đề xuất nào',
    noneText:
      'Một đề xuất cho thấy hộp thư nào cần cấp mới, tạm khoá hay mở lại, để xem trước khi phê duyệt. Đề xuất cũng được lập tự động mỗi đêm.',
    nothingToChange: 'Không có gì cần thay đổi: hộp thư đã khớp với danh sách cán bộ.',
    making: 'Đang lập đề xuất. Có thể rời trang này, việc vẫn tiếp tục.',
    busy: 'Đang có một lượt chạy hộp thư khác. Hãy chờ lượt đó xong rồi thử lại.',
    plan: 'Đề xuất',
    day: 'Ngày',
    made: 'Lập lúc',
    by: 'Người lập',
    night: 'tự động ban đêm',
    command: 'dòng lệnh',
    changes: 'Thay đổi',
    state: 'Tình trạng',
    refused: 'Chưa đề xuất được',
    older: 'Đề xuất cũ hơn',
    wholeProvince: 'toàn tỉnh',
    agencyOnly: 'cơ quan',
    waitingCount: 'thay đổi chờ phê duyệt',
    totalCount: 'thay đổi trong đề xuất này',
    approve: 'Phê duyệt và thực hiện',
    resume: 'Làm tiếp',
    guard: 'Vượt ngưỡng an toàn, cần xem kỹ trước khi phê duyệt',
    byAgency: 'Theo cơ quan',
    agency: 'Cơ quan',
    noAgency: 'không thuộc cơ quan nào',
    total: 'Tổng số',
    otherAgencies: 'cơ quan khác, lọc ở bảng dưới để xem',
    list: 'Từng thay đổi',
    search: 'Tìm họ tên, địa chỉ',
    kind: 'Loại',
    allKinds: 'Mọi loại',
    allAgencies: 'Mọi cơ quan',
    allStates: 'Mọi tình trạng',
    filter: 'Lọc',
    clear: 'Bỏ lọc',
    found: 'thay đổi',
    noneFound: 'Không có thay đổi nào khớp',
    noneFoundText: 'Thử bỏ bớt điều kiện lọc.',
    address: 'Địa chỉ',
    name: 'Họ tên',
    reason: 'Lý do',
    next: 'Xem tiếp',
    refusedTitle: 'Cán bộ chưa đề xuất được hộp thư',
    staffId: 'Số hiệu',
    progress: 'Tiến độ thực hiện',
    checking: 'Đang kiểm tra hệ thống thư trước khi thực hiện…',
    doneOf: 'đã xong',
    already: 'đã đúng từ trước',
    done: 'đã thực hiện',
    failed: 'không thực hiện được',
    waiting: 'còn lại',
    perMinute: 'thay đổi mỗi phút',
    left: 'còn khoảng',
    estimating: 'đang ước tính thời gian còn lại',
    look: 'Xem lại tiến độ',
    background: 'Có thể rời trang này, việc thực hiện vẫn tiếp tục.',
    finished: 'Đã thực hiện xong.',
    halted:
      'Lượt thực hiện đã dừng giữa chừng. Phần đã làm được ghi lại; làm tiếp chỉ thực hiện phần còn lại.',
    leftOver: 'Một số thay đổi chưa xong vì lỗi tạm thời. Làm tiếp chỉ thực hiện phần còn lại.',
    failures: 'Thay đổi không thực hiện được',
    todo: 'Cần làm',
    said: 'Thông báo',
    moreFailures: 'Xem tất cả',
    superseded: 'Đề xuất này đã được thay bằng đề xuất mới hơn và không thể thực hiện nữa.',
    newest: 'Xem đề xuất mới nhất',
    confirm: 'Xác nhận phê duyệt',
    confirmText: 'Sau khi xác nhận, các thay đổi sau được thực hiện trên hệ thống thư',
    confirmResume: 'Sau khi xác nhận, phần còn lại được thực hiện trên hệ thống thư',
    ofThese: 'còn lại trong',
    force: 'Tôi đã xem kỹ và đồng ý thực hiện dù vượt ngưỡng an toàn.',
    forceMissing: 'Đề xuất vượt ngưỡng an toàn. Đánh dấu ô này nếu đã xem kỹ và vẫn muốn thực hiện.',
    cancel: 'Quay lại, chưa thực hiện',
    moved: 'Đề xuất không còn đúng',
    busyTitle: 'Đang có lượt chạy khác',
    busyText:
      'Chưa thực hiện gì. Đang có một lượt chạy hộp thư khác; hãy chờ lượt đó xong rồi phê duyệt lại.',
    seeRuns: 'Xem lượt đang chạy',
    back: 'Về đề xuất',
    approvedBy: 'người phê duyệt',
  },
  en: {
    title: 'Plans for mailboxes',
    one: 'Plan',
    all: 'All plans',
    roster: 'by the roster of',
    make: 'Make a new plan',
    makeHint: 'Compares the roster with the platform. Nothing is changed on the platform.',
    noPlatform: 'No mail platform is configured (mailbox.platforms), so no plan can be made.',
    none: 'No plan yet',
    noneText:
      'A plan shows which mailboxes to create, suspend or resume, to be looked at before approval. One is made every night as well.',
    nothingToChange: 'Nothing to change: the mailboxes are as the roster wants them.',
    making: 'A plan is being made. You may leave this page, it goes on.',
    busy: 'Another mailbox run is going on. Wait for it to end, then try again.',
    plan: 'Plan',
    day: 'Day',
    made: 'Made',
    by: 'By',
    night: 'nightly run',
    command: 'command line',
    changes: 'Changes',
    state: 'State',
    refused: 'Not proposed',
    older: 'Older plans',
    wholeProvince: 'everybody',
    agencyOnly: 'agency',
    waitingCount: 'changes wait for approval',
    totalCount: 'changes in this plan',
    approve: 'Approve and apply',
    resume: 'Go on',
    guard: 'Over a limit of the guard: look closely before you approve',
    byAgency: 'By agency',
    agency: 'Agency',
    noAgency: 'of no agency',
    total: 'Total',
    otherAgencies: 'more agencies; filter the table below',
    list: 'Every change',
    search: 'Find a name, address',
    kind: 'Kind',
    allKinds: 'All kinds',
    allAgencies: 'All agencies',
    allStates: 'All states',
    filter: 'Filter',
    clear: 'Clear',
    found: 'changes',
    noneFound: 'No change fits',
    noneFoundText: 'Try with fewer conditions.',
    address: 'Address',
    name: 'Name',
    reason: 'Reason',
    next: 'More',
    refusedTitle: 'People for whom no mailbox could be proposed',
    staffId: 'Staff id',
    progress: 'Progress',
    checking: 'The platform is checked before anything is done…',
    doneOf: 'done',
    already: 'already so',
    done: 'done',
    failed: 'failed',
    waiting: 'left',
    perMinute: 'changes a minute',
    left: 'about',
    estimating: 'the time left is not known yet',
    look: 'Look again',
    background: 'You may leave this page, it goes on.',
    finished: 'All of it was applied.',
    halted: 'The run stopped on the way. What was done is recorded; going on does only what is left.',
    leftOver: 'Some changes are not done because of temporary errors. Going on does only what is left.',
    failures: 'Changes that failed',
    todo: 'What to do',
    said: 'It said',
    moreFailures: 'See all',
    superseded: 'A newer plan took the place of this one; it can no longer be applied.',
    newest: 'See the newest plan',
    confirm: 'Confirm the approval',
    confirmText: 'Once you confirm, this is done on the platform',
    confirmResume: 'Once you confirm, what is left is done on the platform',
    ofThese: 'left of',
    force: 'I have looked closely and want it done although it is over a limit.',
    forceMissing: 'The plan is over a limit. Tick this if you have looked closely and still want it done.',
    cancel: 'Back, nothing is done yet',
    moved: 'The plan no longer holds',
    busyTitle: 'Another run is going on',
    busyText: 'Nothing was done. Another mailbox run is going on; wait for it to end, then approve again.',
    seeRuns: 'See what is running',
    back: 'Back to the plan',
    approvedBy: 'approved by',
  },
} as const

export const mailboxWords = {
  vi: {
    title: 'Hộp thư',
    search: 'Tìm địa chỉ, họ tên',
    agencyCode: 'Mã cơ quan',
    noSuchAgency: 'Không có cơ quan nào mang mã này trong phạm vi được xem.',
    allStates: 'Mọi trạng thái',
    state: 'Trạng thái',
    filter: 'Lọc',
    clear: 'Bỏ lọc',
    address: 'Địa chỉ',
    holder: 'Người giữ',
    agency: 'Cơ quan',
    lastSignIn: 'Đăng nhập gần nhất',
    lastSend: 'Gửi gần nhất',
    activation: 'Kích hoạt',
    next: 'Xem tiếp',
    unseen: 'chưa ghi nhận',
    none: 'Chưa có hộp thư nào',
    noneText: 'Hộp thư xuất hiện ở đây sau khi một đề xuất được phê duyệt và thực hiện.',
    noneFound: 'Không có hộp thư nào khớp',
    noneFoundText: 'Thử bỏ bớt điều kiện lọc.',
    seePlans: 'Xem đề xuất',
    nobody: 'không có người giữ',
    addresses: 'Địa chỉ và bí danh',
    primary: 'địa chỉ chính',
    alias: 'bí danh',
    from: 'Từ ngày',
    until: 'Đến ngày',
    always: 'từ trước khi có số liệu',
    now: 'đến nay',
    holders: 'Người giữ qua các thời kỳ',
    states: 'Trạng thái qua các thời kỳ',
    reason: 'Lý do',
    changes: 'Các thay đổi đã thực hiện trên hộp thư',
    noChanges: 'Chưa có thay đổi nào do hệ thống thực hiện.',
    plan: 'Đề xuất',
    change: 'Thay đổi',
    result: 'Kết quả',
    when: 'Thời điểm',
    quota: 'Dung lượng',
    unlimited: 'không giới hạn',
    invite: 'Tạo liên kết kích hoạt mới',
    inviteHint: 'Liên kết dùng một lần, để đặt mật khẩu lần đầu hoặc khi quên mật khẩu.',
    use: 'Sử dụng',
    platform: 'Hệ thống thư',
    kind: 'Loại',
    useHint: 'Số liệu từ nhật ký máy chủ thư đã nhận. Chưa ghi nhận không có nghĩa là không sử dụng.',
  },
  en: {
    title: 'Mailboxes',
    search: 'Find an address, name',
    agencyCode: 'Agency code',
    noSuchAgency: 'No agency within your scope has this code.',
    allStates: 'All states',
    state: 'State',
    filter: 'Filter',
    clear: 'Clear',
    address: 'Address',
    holder: 'Holder',
    agency: 'Agency',
    lastSignIn: 'Last sign-in',
    lastSend: 'Last send',
    activation: 'Activation',
    next: 'More',
    unseen: 'none seen',
    none: 'No mailbox yet',
    noneText: 'Mailboxes appear here once a plan was approved and applied.',
    noneFound: 'No mailbox fits',
    noneFoundText: 'Try with fewer conditions.',
    seePlans: 'See the plans',
    nobody: 'nobody holds it',
    addresses: 'Addresses and aliases',
    primary: 'address',
    alias: 'alias',
    from: 'From',
    until: 'Until',
    always: 'before records',
    now: 'now',
    holders: 'Holders over time',
    states: 'States over time',
    reason: 'Reason',
    changes: 'Changes made to it',
    noChanges: 'No change was made to it by us.',
    plan: 'Plan',
    change: 'Change',
    result: 'Result',
    when: 'When',
    quota: 'Quota',
    unlimited: 'unlimited',
    invite: 'Make a new activation link',
    inviteHint: 'A one-time link to set a password, the first or a forgotten one.',
    use: 'Use',
    platform: 'Platform',
    kind: 'Kind',
    useHint: 'From the mail logs received. None seen does not mean no use.',
  },
} as const
