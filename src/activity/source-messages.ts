/** What the page of sources says, in Vietnamese and English. */
import type { Locale } from './messages.ts'
import type { LogState, ReadState } from './source-state.ts'

type Words = Record<Locale, string>

/** What stands and what to do. `name` is the source's, `since` when it last gave something. */
export function logText(
  locale: Locale,
  state: LogState,
  { name, since, gaps }: { name: string; since: string; gaps: number },
): { word: string; todo: string } {
  const vi = locale === 'vi'
  switch (state) {
    case 'never':
      return vi
        ? {
            word: `Chưa nhận được nhật ký nào từ ${name}`,
            todo: 'Số liệu sử dụng chưa có. Kiểm tra đường dẫn tệp nhật ký và quyền đọc, rồi chạy hopthu check; tệp cũ nạp bằng hopthu activity ingest.',
          }
        : {
            word: `No log was received from ${name} yet`,
            todo: 'There are no figures of use. Look at the path of the log and the right to read it, run hopthu check; old files are read by hopthu activity ingest.',
          }
    case 'late':
      return vi
        ? {
            word: `Chưa nhận được nhật ký từ ${name} từ ${since}`,
            todo: 'Những ngày sau đó được tính là chưa đủ số liệu, không phải là không sử dụng. Kiểm tra máy chủ thư còn ghi vào tệp này không và dịch vụ đọc nhật ký còn chạy không.',
          }
        : {
            word: `No log received from ${name} since ${since}`,
            todo: 'The days since count as not known, not as no use. See whether the mail server still writes this file and whether the service that reads it runs.',
          }
    case 'gaps':
      return vi
        ? {
            word: `Đang nhận nhật ký; thiếu ${gaps} ngày trong 60 ngày qua`,
            todo: `Tìm tệp nhật ký của những ngày đó trên máy chủ thư rồi nạp: hopthu activity ingest TỆP --source ${name}. Dòng đã đọc không bị tính hai lần.`,
          }
        : {
            word: `Receiving; ${gaps} of the last 60 days are missing`,
            todo: `Find the log files of those days on the mail server and read them: hopthu activity ingest FILE --source ${name}. Lines read before count once.`,
          }
    case 'good':
      return { word: vi ? 'Đang nhận nhật ký đầy đủ' : 'Receiving, nothing missing', todo: '' }
  }
}

const rosterStates: Record<ReadState, Words> = {
  never: { vi: 'chưa đọc lần nào', en: 'never read' },
  failed: { vi: 'lần đọc mới nhất thất bại', en: 'the last read failed' },
  refused: { vi: 'lần đọc mới nhất bị từ chối', en: 'the last read was refused' },
  late: { vi: 'đã lâu chưa đọc lại', en: 'not read for long' },
  good: { vi: 'đọc đầy đủ', en: 'read whole' },
}
const rosterTodos: Record<ReadState, Words> = {
  never: { vi: 'Bấm “Đồng bộ ngay” trên trang Lượt chạy.', en: 'Press “Sync now” on the page of runs.' },
  failed: {
    vi: 'Danh sách cũ được giữ nguyên. Xem lượt chạy để biết lỗi, kiểm tra nguồn rồi đồng bộ lại.',
    en: 'The last good roster stands. See the run for the error, look at the source, then sync again.',
  },
  refused: {
    vi: 'Danh sách cũ được giữ nguyên. Xem lượt chạy; nếu biến động là thật thì phê duyệt.',
    en: 'The last good roster stands. See the run; if the movements are real, approve it.',
  },
  late: {
    vi: 'Kiểm tra lượt đêm còn chạy không, hoặc bấm “Đồng bộ ngay” trên trang Lượt chạy.',
    en: 'See whether the nights still run, or press “Sync now” on the page of runs.',
  },
  good: { vi: '', en: '' },
}
const platformTodos: Record<ReadState, Words> = {
  never: { vi: 'Lập đề xuất đầu tiên trên trang Đề xuất.', en: 'Make the first plan on the page of plans.' },
  failed: {
    vi: 'Kiểm tra kết nối và tài khoản của hệ thống thư (hopthu check), rồi lập lại đề xuất.',
    en: 'Look at the connection and the account of the platform (hopthu check), then make a plan again.',
  },
  refused: { vi: 'Xem lượt chạy để biết lý do.', en: 'See the run for the reason.' },
  late: {
    vi: 'Kiểm tra lượt đêm còn chạy không, hoặc lập đề xuất mới.',
    en: 'See whether the nights still run, or make a new plan.',
  },
  good: { vi: '', en: '' },
}
const sweepTodos: Record<ReadState, Words> = {
  never: { vi: 'Chạy thử: hopthu activity sweep.', en: 'Try it: hopthu activity sweep.' },
  failed: {
    vi: 'Kiểm tra tài khoản giám sát và máy chủ IMAP (hopthu check).',
    en: 'Look at the master account and the IMAP server (hopthu check).',
  },
  refused: {
    vi: 'Chưa phân biệt được lượt giám sát với lượt của người dùng nên chưa quét hộp thư nào; xem lượt chạy.',
    en: 'The master’s sign-ins could not be told from the people’s own, so no mailbox was asked; see the run.',
  },
  late: { vi: 'Kiểm tra lượt đêm còn chạy không.', en: 'See whether the nights still run.' },
  good: { vi: '', en: '' },
}

export type ReadKind = 'roster' | 'platform' | 'sweep'
const todos = { roster: rosterTodos, platform: platformTodos, sweep: sweepTodos }

export function readText(locale: Locale, kind: ReadKind, state: ReadState): { word: string; todo: string } {
  return { word: rosterStates[state][locale], todo: todos[kind][state][locale] }
}

export const nightWords: Record<string, Words> = {
  done: { vi: 'hoàn tất', en: 'done' },
  partial: { vi: 'hoàn tất một phần', en: 'done in part' },
  refused: { vi: 'có bước bị từ chối', en: 'a step was refused' },
  failed: { vi: 'có bước thất bại', en: 'a step failed' },
  broken: { vi: 'bị ngắt giữa chừng', en: 'broken off' },
  missed: { vi: 'bị bỏ lỡ', en: 'missed' },
}

/** `3 ngày`, `5 giờ`, `12 phút`: how long ago something was. */
export function agoText(locale: Locale, from: Date, now: Date): string {
  const minutes = Math.max(0, Math.round((now.getTime() - from.getTime()) / 60_000))
  const [d, h, m] = locale === 'vi' ? ['ngày', 'giờ', 'phút'] : ['d', 'h', 'min']
  if (minutes >= 2880) return `${Math.floor(minutes / 1440)} ${d}`
  if (minutes >= 120) return `${Math.floor(minutes / 60)} ${h}`
  return `${minutes} ${m}`
}

export const sourceWords = {
  vi: {
    title: 'Nguồn số liệu',
    allGood: 'Mọi nguồn đều đầy đủ và kịp thời.',
    asking: 'nguồn cần xem lại',
    stamp: 'Ngày không có nhật ký được tính là chưa đủ số liệu, không bao giờ là không sử dụng.',
    logs: 'Nhật ký máy chủ thư',
    noLogs: 'Chưa cấu hình nguồn nhật ký nào',
    noLogsText:
      'Không có nhật ký thì chưa có số liệu sử dụng. Khai báo trong activity.sources của tệp cấu hình.',
    upTo: 'Đã đọc đến',
    lag: 'Độ trễ',
    lines: 'Số dòng trong 60 ngày',
    gaps: 'Ngày thiếu',
    noGaps: 'không thiếu ngày nào',
    file: 'Tệp',
    strip: 'Số dòng nhật ký theo ngày',
    key: 'gạch chéo: ngày không nhận được nhật ký',
    byDay: 'Xem số dòng từng ngày',
    day: 'Ngày',
    count: 'Số dòng',
    missing: 'chưa nhận được nhật ký',
    before: 'chưa bắt đầu',
    partial: 'chưa hết ngày',
    byHand: 'nạp tay, không theo dõi',
    separable: 'Phân biệt lượt giám sát',
    yes: 'có',
    no: 'không',
    untried: 'chưa thử',
    roster: 'Danh sách cán bộ',
    noRoster: 'Chưa cấu hình nguồn danh sách cán bộ',
    noRosterText: 'Khai báo trong roster.sources của tệp cấu hình.',
    lastComplete: 'Lần đọc đầy đủ gần nhất',
    lastSaid: 'Danh sách mới gần nhất',
    people: 'Người đang công tác',
    lastRun: 'Lượt gần nhất',
    nextNight: 'Đêm tới',
    platforms: 'Hệ thống thư',
    noPlatform: 'Chưa cấu hình hệ thống thư',
    noPlatformText: 'Khai báo trong mailbox.platforms của tệp cấu hình.',
    lastListing: 'Lần đối chiếu gần nhất',
    mailboxes: 'Hộp thư trên hệ thống',
    ours: 'trong đó do Hộp Thư quản lý',
    suspended: 'đang tạm khoá',
    aliases: 'Bí danh, chuyển tiếp',
    sweeps: 'Quét hộp thư qua IMAP',
    reached: 'Vào được',
    unreached: 'Không vào được',
    lastSweep: 'Lần quét gần nhất',
    jobs: 'Lượt chạy đêm',
    schedule: 'Lịch',
    daily: (time: string) => `hằng ngày lúc ${time}`,
    lastNight: 'Đêm gần nhất',
    never: 'chưa có',
    missed: 'Đêm bị bỏ lỡ trong 30 ngày',
    seeRun: 'xem lượt',
    todo: 'Cần làm',
    unknown: 'chưa rõ',
  },
  en: {
    title: 'Sources',
    allGood: 'Every source is whole and up to date.',
    asking: 'sources want looking at',
    stamp: 'A day without a log counts as not known, never as no use.',
    logs: 'Mail logs',
    noLogs: 'No log source is configured',
    noLogsText:
      'Without logs there are no figures of use. Name them in activity.sources of the configuration.',
    upTo: 'Read up to',
    lag: 'Lag',
    lines: 'Lines in 60 days',
    gaps: 'Days missing',
    noGaps: 'none is missing',
    file: 'File',
    strip: 'Log lines by day',
    key: 'hatched: no log received that day',
    byDay: 'Lines of each day',
    day: 'Day',
    count: 'Lines',
    missing: 'no log received',
    before: 'not begun',
    partial: 'not over yet',
    byHand: 'read by hand, not followed',
    separable: 'Master’s sign-ins told apart',
    yes: 'yes',
    no: 'no',
    untried: 'not tried',
    roster: 'Roster',
    noRoster: 'No roster source is configured',
    noRosterText: 'Name it in roster.sources of the configuration.',
    lastComplete: 'Last complete read',
    lastSaid: 'Last list that said anything',
    people: 'People in service',
    lastRun: 'Last run',
    nextNight: 'Next night',
    platforms: 'Mail platforms',
    noPlatform: 'No mail platform is configured',
    noPlatformText: 'Name it in mailbox.platforms of the configuration.',
    lastListing: 'Last listing',
    mailboxes: 'Mailboxes there',
    ours: 'of these ours',
    suspended: 'suspended',
    aliases: 'Aliases and forwardings',
    sweeps: 'IMAP rounds',
    reached: 'Reached',
    unreached: 'Not reached',
    lastSweep: 'Last round',
    jobs: 'Nights',
    schedule: 'Schedule',
    daily: (time: string) => `each day at ${time}`,
    lastNight: 'Last night',
    never: 'none yet',
    missed: 'Nights missed in 30 days',
    seeRun: 'see the run',
    todo: 'What to do',
    unknown: 'not known',
  },
} as const
