/** What the pages of runs say, in Vietnamese and English. What a run did is read from its kept result, of unknown shape. */
import Type from 'typebox'
import Value from 'typebox/value'
import type { GuardReason } from './guard.ts'
import type { Locale } from './messages.ts'

type Words = Record<Locale, string>

export const runKindWords: Record<string, Words> = {
  nightly: { vi: 'Lượt đêm', en: 'Nightly run' },
  roster: { vi: 'Danh sách cán bộ', en: 'Roster' },
  mailbox: { vi: 'Hộp thư', en: 'Mailboxes' },
  sweep: { vi: 'Quét hộp thư', en: 'IMAP round' },
}

export const runStateWords: Record<string, Words> = {
  running: { vi: 'đang chạy', en: 'running' },
  done: { vi: 'hoàn tất', en: 'done' },
  partial: { vi: 'hoàn tất một phần', en: 'done in part' },
  refused: { vi: 'bị từ chối', en: 'refused' },
  failed: { vi: 'thất bại', en: 'failed' },
  broken: { vi: 'bị ngắt giữa chừng', en: 'broken off' },
  missed: { vi: 'bị bỏ lỡ', en: 'missed' },
}

export const stepWords: Record<string, Words> = {
  roster: { vi: 'Danh sách cán bộ', en: 'Roster' },
  mailbox: { vi: 'Hộp thư', en: 'Mailboxes' },
  activity: { vi: 'Nhật ký sử dụng', en: 'Activity' },
  adoption: { vi: 'Số liệu sử dụng', en: 'Figures' },
}

export const movementWords: Record<string, Words> = {
  joiner: { vi: 'Mới vào', en: 'Joining' },
  mover: { vi: 'Chuyển cơ quan', en: 'Moving' },
  leaver: { vi: 'Thôi việc', en: 'Leaving' },
  returned: { vi: 'Trở lại', en: 'Returning' },
  changed: { vi: 'Thay đổi thông tin', en: 'Changed' },
  held: { vi: 'Chờ chuyển công tác', en: 'Waiting to move' },
}

/** Fields of a person that a movement changes. */
export const changedWords: Record<string, Words> = {
  fullName: { vi: 'họ tên', en: 'name' },
  staffId: { vi: 'số hiệu', en: 'staff id' },
  birthDay: { vi: 'ngày sinh', en: 'day of birth' },
  phone: { vi: 'điện thoại', en: 'telephone' },
  email: { vi: 'thư liên hệ', en: 'other address' },
  address: { vi: 'địa chỉ công vụ', en: 'official address' },
  posts: { vi: 'vị trí', en: 'posts' },
  absence: { vi: 'tạm không tính', en: 'absence' },
}

export const countWords: Record<string, Words> = {
  joiners: { vi: 'mới vào', en: 'joined' },
  movers: { vi: 'chuyển cơ quan', en: 'moved' },
  leavers: { vi: 'thôi việc', en: 'left' },
  returned: { vi: 'trở lại', en: 'returned' },
  changed: { vi: 'thay đổi thông tin', en: 'changed' },
  unchanged: { vi: 'không đổi', en: 'unchanged' },
  created: { vi: 'lập mới', en: 'created' },
  closed: { vi: 'thôi hoạt động', en: 'closed' },
  create: { vi: 'cấp mới', en: 'to create' },
  update: { vi: 'cập nhật', en: 'to update' },
  rename: { vi: 'đổi địa chỉ', en: 'to rename' },
  suspend: { vi: 'tạm khoá', en: 'to suspend' },
  resume: { vi: 'mở lại', en: 'to resume' },
  remove: { vi: 'xoá', en: 'to remove' },
  done: { vi: 'đã thực hiện', en: 'done' },
  already: { vi: 'đã đúng từ trước', en: 'already so' },
  failed: { vi: 'không thực hiện được', en: 'failed' },
  reached: { vi: 'vào được', en: 'reached' },
  unreachable: { vi: 'không vào được', en: 'not reached' },
  lines: { vi: 'dòng nhật ký', en: 'log lines' },
  signals: { vi: 'bằng chứng sử dụng', en: 'proofs of use' },
  personDays: { vi: 'ngày–người mới ghi nhận', en: 'person-days newly set' },
  written: { vi: 'số liệu được ghi', en: 'figures written' },
}

export type Result = Readonly<Record<string, unknown>>

/** What stands below a name, if that is an object. */
export function part(result: Result, name: string): Result | null {
  const value = result[name]
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null
}

export function count(result: Result | null, name: string): number {
  const value = result?.[name]
  return typeof value === 'number' ? value : 0
}

export function word(result: Result | null, name: string): string {
  const value = result?.[name]
  return typeof value === 'string' ? value : ''
}

const Reason = Type.Union([
  Type.Object({ kind: Type.Literal('empty') }),
  Type.Object({ kind: Type.Literal('incomplete'), message: Type.String() }),
  Type.Object({
    kind: Type.Literal('leavers'),
    agency: Type.Union([Type.String(), Type.Null()]),
    leavers: Type.Number(),
    staff: Type.Number(),
    limit: Type.String(),
  }),
  Type.Object({
    kind: Type.Union([
      Type.Literal('movers'),
      Type.Literal('renamed'),
      Type.Literal('joiners'),
      Type.Literal('agenciesClosed'),
      Type.Literal('agenciesCreated'),
    ]),
    count: Type.Number(),
    of: Type.Number(),
    limit: Type.String(),
  }),
])

/** Whether only limits stand in the way, which a person may pass; an empty or incomplete read nobody may. */
export function onlyLimits(reasons: readonly GuardReason[]): boolean {
  return reasons.every(reason => reason.kind !== 'empty' && reason.kind !== 'incomplete')
}

/** Why the guard refused a roster run, as its result tells. */
export function guardReasonsOf(result: Result): GuardReason[] {
  const reasons = part(result, 'guard')?.reasons
  return Array.isArray(reasons)
    ? reasons.filter((each): each is GuardReason => Value.Check(Reason, each))
    : []
}

/** `12 mới vào · 3 thôi việc`, of the counts that are not zero; '' where all are. */
export function countsText(locale: Locale, counts: Result | null, names: readonly string[]): string {
  return names
    .filter(name => count(counts, name) > 0)
    .map(name => `${count(counts, name).toLocaleString(locale)} ${countWords[name]?.[locale] ?? name}`)
    .join(' · ')
}

export const peopleCounts = ['joiners', 'movers', 'leavers', 'returned', 'changed', 'unchanged'] as const
export const agencyCounts = ['created', 'changed', 'closed'] as const
const moved = ['joiners', 'movers', 'leavers', 'returned', 'changed'] as const
const kinds = ['create', 'update', 'rename', 'suspend', 'resume', 'remove'] as const

type Told = { kind: string; subject: string; state: string; message: string; result: Result }

/** What a run did, in a sentence; '' where its state says all. */
export function runSentence(locale: Locale, run: Told): string {
  const vi = locale === 'vi'
  if (run.state === 'missed')
    return vi ? 'Không có lượt nào chạy vào giờ này.' : 'No run was started at this time.'
  if (run.state === 'broken')
    return vi
      ? 'Tiến trình kết thúc trước khi xong; phần đã ghi được giữ nguyên.'
      : 'The process ended before it did; what was saved stands.'
  switch (run.kind) {
    case 'roster':
      return rosterSentence(locale, run)
    case 'mailbox':
      return mailboxSentence(locale, run)
    case 'sweep':
      return countsText(locale, run.result, ['reached', 'unreachable'])
    case 'nightly':
      return nightSentence(locale, run.result)
    default:
      return ''
  }
}

function rosterSentence(locale: Locale, { subject: name, state, message, result }: Told): string {
  const vi = locale === 'vi'
  // the name of a file begins a line, and stands within this one
  const subject = name.replace(/^Tệp của /u, 'tệp của ')
  const people = countsText(locale, part(result, 'people'), moved)
  if (state === 'running') return vi ? `Đang đọc ${subject}.` : `Reading ${subject}.`
  if (part(result, 'people') === null)
    return vi ? `Chưa đọc được ${subject}.` : `${subject} could not be read.`
  if (result.complete === false)
    return vi
      ? `Chưa đọc hết ${subject}; danh sách cũ được giữ nguyên.`
      : `${subject} was not read to its end; the last good roster stands.`
  const rejected = count(result, 'rejected')
  const read = vi
    ? `Đọc ${count(result, 'read').toLocaleString(locale)} người từ ${subject}`
    : `Read ${count(result, 'read').toLocaleString(locale)} people from ${subject}`
  const approved = /^approval of run (\d+)$/.exec(message)?.[1]
  const head =
    approved === undefined ? read : vi ? `Phê duyệt lượt ${approved}` : `Approval of run ${approved}`
  const body = people === '' ? (vi ? 'không có biến động' : 'nothing moved') : people
  const more = [
    [count(result, 'held'), vi ? 'chờ chuyển công tác' : 'waiting to move'],
    [count(result, 'reviews'), vi ? 'cần xác minh' : 'to be reviewed'],
    [rejected, vi ? 'mục không nhận' : 'rejected'],
  ] as const
  const others = more
    .filter(([many]) => many > 0)
    .map(([many, what]) => ` · ${many.toLocaleString(locale)} ${what}`)
  return `${head}: ${body}${others.join('')}.`
}

function mailboxSentence(locale: Locale, { state, result }: Told): string {
  const vi = locale === 'vi'
  const plan = count(result, 'plan')
  const changes = part(result, 'changes')
  const applies = word(result, 'work') === 'apply' || changes === null
  const name = plan === 0 ? '' : ` ${plan}`
  if (state === 'running') {
    if (word(result, 'work') === 'plan') return vi ? 'Đang lập đề xuất.' : 'A plan is being made.'
    return vi ? `Đang thực hiện đề xuất${name}.` : `Plan${name} is being applied.`
  }
  if (!applies) {
    const counts = countsText(locale, changes, kinds)
    if (counts === '') return vi ? 'Không có gì cần thay đổi.' : 'Nothing to change.'
    return vi ? `Lập đề xuất${name}: ${counts}.` : `Plan${name} made: ${counts}.`
  }
  const counts = countsText(locale, result, ['done', 'already', 'failed'])
  const head = vi ? `Thực hiện đề xuất${name}` : `Plan${name} applied`
  return counts === '' ? `${head}.` : `${head}: ${counts}.`
}

/** Steps that did not end well are named, and those that wait for approval; else that all did. */
function nightSentence(locale: Locale, result: Result): string {
  const steps = Object.keys(stepWords).filter(name => part(result, name) !== null)
  if (steps.length === 0) return ''
  const bad = steps.filter(name => part(part(result, name) ?? {}, 'error') !== null)
  const named = (names: readonly string[]) => names.map(name => stepWords[name]?.[locale] ?? name).join(', ')
  if (bad.length > 0)
    return locale === 'vi' ? `Chưa chạy được: ${named(bad)}.` : `Did not run: ${named(bad)}.`
  const waiting = steps.filter(name => part(part(result, name) ?? {}, 'guard')?.ok === false)
  if (waiting.length > 0)
    return locale === 'vi'
      ? `Vượt ngưỡng an toàn, chờ phê duyệt: ${named(waiting)}.`
      : `Over the safety limit, waiting for approval: ${named(waiting)}.`
  return locale === 'vi' ? `Đã xong: ${named(steps)}.` : `Done: ${named(steps)}.`
}

/** `5 phút 3 giây`, between two instants. */
export function lastedText(locale: Locale, from: Date, to: Date): string {
  const seconds = Math.max(0, Math.round((to.getTime() - from.getTime()) / 1000))
  const [h, m, s] = locale === 'vi' ? ['giờ', 'phút', 'giây'] : ['h', 'min', 's']
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)]
  if (hours > 0) return `${hours} ${h} ${minutes} ${m}`
  if (minutes > 0) return `${minutes} ${m} ${seconds % 60} ${s}`
  return `${seconds} ${s}`
}

export const runWords = {
  vi: {
    title: 'Lượt chạy',
    one: 'Lượt số',
    run: 'Lượt',
    started: 'Bắt đầu',
    lasted: 'Thời gian',
    did: 'Kết quả',
    whatMoved: 'So với danh sách trước đó',
    whom: 'Đối tượng',
    what: 'Biến động',
    number: 'Số lượng',
    state: 'Tình trạng',
    allKinds: 'Mọi loại',
    allStates: 'Mọi tình trạng',
    kind: 'Loại',
    filter: 'Lọc',
    clear: 'Bỏ lọc',
    older: 'Lượt cũ hơn',
    sync: 'Đồng bộ ngay',
    syncHint:
      'Đọc lại danh sách cán bộ từ nguồn. Danh sách chỉ thay đổi khi đọc hết và trong ngưỡng an toàn.',
    syncing: 'Đang bắt đầu đọc danh sách cán bộ. Có thể rời trang này, việc vẫn tiếp tục.',
    noSource: 'Chưa cấu hình nguồn danh sách cán bộ nào (roster.sources).',
    syncFailed: 'Lần đồng bộ vừa rồi chưa chạy được:',
    none: 'Chưa có lượt chạy nào',
    noneText: 'Mỗi lần đọc danh sách, lập đề xuất, thực hiện đề xuất hay chạy đêm đều được ghi lại ở đây.',
    noneFound: 'Không có lượt nào khớp',
    noneFoundText: 'Thử bỏ bớt điều kiện lọc.',
    missed: 'đêm bị bỏ lỡ trong 30 ngày qua',
    seeMissed: 'Xem các đêm bị bỏ lỡ',
    by: 'Người thực hiện',
    finished: 'Kết thúc',
    going: 'Lượt này đang chạy. Trang tự cập nhật khi xong.',
    look: 'Xem lại',
    error: 'Lỗi',
    people: 'Cán bộ',
    agencies: 'Cơ quan',
    read: 'Đã đọc',
    rejected: 'Mục không nhận',
    rejectedHint: 'Mục không nhận không bao giờ bị coi là thôi việc.',
    key: 'Mã khoá của mục',
    reason: 'Lý do',
    next: 'Xem tiếp',
    guard: 'Vượt ngưỡng an toàn, danh sách cũ được giữ nguyên',
    incompleteGuard: 'Không thể tin lần đọc này, danh sách cũ được giữ nguyên',
    reread: 'Kiểm tra nguồn rồi bấm “Đồng bộ ngay”.',
    movements: 'Biến động đang chờ phê duyệt',
    name: 'Họ tên',
    from: 'Từ cơ quan',
    to: 'Đến cơ quan',
    staffId: 'Số hiệu cán bộ',
    made: 'Biến động đã ghi nhận',
    all: 'Tất cả',
    kindOf: 'Loại biến động',
    day: 'Từ ngày',
    changes: 'Thay đổi',
    agency: 'Mã cơ quan',
    agencyUnknown: 'Không có cơ quan nào mang mã này.',
    find: 'Tìm',
    export: 'Xuất Excel',
    line: 'Dòng',
    firstLoad: 'Lần đọc đầu tiên ghi nhận toàn bộ danh sách, không phải biến động của từng người.',
    noMovement: 'Không có ai',
    noMovementText: 'Lượt này không có biến động loại này.',
    approve: 'Phê duyệt lượt này',
    confirm: 'Xác nhận phê duyệt',
    confirmText: 'Sau khi xác nhận, đúng các biến động sau được ghi vào danh sách cán bộ',
    cancel: 'Quay lại, chưa phê duyệt',
    notWaiting: 'Lượt này không còn chờ phê duyệt',
    notWaitingText:
      'Chỉ phê duyệt được lượt mới nhất bị từ chối của một nguồn, khi dữ liệu đã đọc còn được giữ. Chưa thay đổi gì; hãy xem lượt mới nhất hoặc đồng bộ lại.',
    moved: 'Danh sách đã thay đổi',
    movedText:
      'Những gì lượt này sẽ thay đổi không còn như đã hiển thị, vì nguồn đã được đọc lại hoặc danh sách đã khác. Chưa thay đổi gì; hãy xem lượt mới nhất hoặc đồng bộ lại.',
    busy: 'Đang có lượt đọc danh sách khác',
    busyText: 'Chưa thay đổi gì. Hãy chờ lượt đang chạy xong rồi phê duyệt lại.',
    back: 'Về lượt này',
    list: 'Về danh sách lượt chạy',
    plan: 'Xem đề xuất',
    failures: 'Không thực hiện được',
    address: 'Địa chỉ',
    said: 'Thông báo',
    steps: 'Các bước trong đêm',
    step: 'Bước',
    skipped: 'không cấu hình, bỏ qua',
    stepDone: 'đã chạy',
    guarded: 'vượt ngưỡng an toàn, chờ phê duyệt',
  },
  en: {
    title: 'Runs',
    one: 'Run',
    run: 'Run',
    started: 'Started',
    lasted: 'Lasted',
    did: 'What it did',
    whatMoved: 'Against the roster before',
    whom: 'Of',
    what: 'Movement',
    number: 'Count',
    state: 'State',
    allKinds: 'All kinds',
    allStates: 'All states',
    kind: 'Kind',
    filter: 'Filter',
    clear: 'Clear',
    older: 'Older runs',
    sync: 'Sync now',
    syncHint:
      'Reads the roster from its sources again. It changes only after a whole read within the limits.',
    syncing: 'The roster is about to be read. You may leave this page, it goes on.',
    noSource: 'No roster source is configured (roster.sources).',
    syncFailed: 'The last sync did not run:',
    none: 'No run yet',
    noneText: 'Every read of the roster, every plan, apply and night is recorded here.',
    noneFound: 'No run fits',
    noneFoundText: 'Try with fewer conditions.',
    missed: 'nights missed in the last 30 days',
    seeMissed: 'See the missed nights',
    by: 'By',
    finished: 'Ended',
    going: 'It goes on. The page follows when it ends.',
    look: 'Look again',
    error: 'Error',
    people: 'People',
    agencies: 'Agencies',
    read: 'Read',
    rejected: 'Rejected entries',
    rejectedHint: 'A rejected entry is never taken for a departure.',
    key: 'Key of the entry',
    reason: 'Reason',
    next: 'More',
    guard: 'Over a limit of the guard; the last good roster stands',
    incompleteGuard: 'This read cannot be believed; the last good roster stands',
    reread: 'Look at the source, then press “Sync now”.',
    movements: 'Movements that wait for approval',
    name: 'Name',
    from: 'From',
    to: 'To',
    staffId: 'Staff id',
    made: 'Movements made',
    all: 'All',
    kindOf: 'Movement',
    day: 'From',
    changes: 'What changed',
    agency: 'Code of the agency',
    agencyUnknown: 'No agency has this code.',
    find: 'Find',
    export: 'Export for Excel',
    line: 'Row',
    firstLoad: 'A first read takes the whole list over; it is no movement of anybody.',
    noMovement: 'Nobody',
    noMovementText: 'This run has no movement of this kind.',
    approve: 'Approve this run',
    confirm: 'Confirm the approval',
    confirmText: 'Once you confirm, exactly these movements are saved',
    cancel: 'Back, nothing is approved yet',
    notWaiting: 'This run no longer waits for approval',
    notWaitingText:
      'Only the newest refused run of a source can be approved, while what it read is kept. Nothing was changed; see the newest run, or sync again.',
    moved: 'The roster has changed',
    movedText:
      'What this run would change is no longer what it showed: the source was read again, or the roster is another. Nothing was changed; see the newest run, or sync again.',
    busy: 'The roster is being read',
    busyText: 'Nothing was changed. Wait for that run to end, then approve again.',
    back: 'Back to the run',
    list: 'Back to the runs',
    plan: 'See the plan',
    failures: 'Failed',
    address: 'Address',
    said: 'It said',
    steps: 'Steps of the night',
    step: 'Step',
    skipped: 'not configured, left out',
    stepDone: 'ran',
    guarded: 'over a limit, waits for approval',
  },
} as const
