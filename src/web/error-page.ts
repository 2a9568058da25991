/** What an error says to a person: what happened, what was kept, what to do. */
import type { ErrorCode } from '../error.ts'
import type { Locale } from './format.ts'
import { html } from './html.ts'

export type ErrorFacts = {
  status: number
  code: ErrorCode
  /** For who can mend it; shown small, and never for what broke inside. */
  message: string
  /** Names the entry of the log; null where there is none. */
  reference: string | null
}

type Words = { title: string; happened: string; kept: string; next: string }

/** Title and body of the page. */
export function errorPage(locale: Locale, facts: ErrorFacts): { title: string; body: string } {
  const { title, happened, kept, next } = wordsOf(locale, facts)
  const { code, message, reference } = facts
  const detail =
    reference === null
      ? shown.has(code)
        ? html`<p class="stamp">${labels[locale].detail}: ${message}</p>`
        : ''
      : html`<p class="stamp">${labels[locale].reference}: <code>${reference}</code></p>`
  const links =
    code === 'not_signed_in'
      ? html`<a class="btn btn-primary" href="/sign-in">${labels[locale].signIn}</a>`
      : html`<a class="btn" href="/">${labels[locale].home}</a>`
  const body = html`<section class="card narrow-page"><div class="card-body"><p class="stamp">${facts.status}</p><h1>${title}</h1><p class="say">${happened}</p><p>${kept} ${next}</p>!${detail}<div class="actions">!${links}</div></div></section>`
  return { title, body }
}

/** Codes whose message tells the one who asked what to change. */
const shown: ReadonlySet<ErrorCode> = new Set([
  'usage',
  'guard_refused',
  'ground_moved',
  'address_taken',
  'cannot_separate',
])

const labels = {
  vi: { detail: 'Chi tiết', reference: 'Mã tra cứu', home: 'Về trang đầu', signIn: 'Đăng nhập' },
  en: { detail: 'Detail', reference: 'Reference', home: 'To the first page', signIn: 'Sign in' },
} as const

function wordsOf(locale: Locale, { status, code }: ErrorFacts): Words {
  const known = byCode[code] ?? byStatus[status] ?? (status >= 500 ? broken : wrong)
  return known[locale]
}

type Both = Record<Locale, Words>

const wrong: Both = {
  vi: {
    title: 'Yêu cầu chưa đúng',
    happened: 'Địa chỉ hoặc nội dung gửi lên chưa đúng cách.',
    kept: 'Chưa có gì thay đổi.',
    next: 'Xin quay lại trang trước, kiểm tra rồi gửi lại.',
  },
  en: {
    title: 'The request is not right',
    happened: 'The address or what was sent is not as it should be.',
    kept: 'Nothing was changed.',
    next: 'Go back, check, and send again.',
  },
}

const broken: Both = {
  vi: {
    title: 'Có lỗi ngoài dự kiến',
    happened: 'Hệ thống không hoàn tất được yêu cầu này.',
    kept: 'Những gì đã ghi trước đó được giữ nguyên; lỗi đã được ghi lại.',
    next: 'Xin thử lại; nếu vẫn lỗi, gửi mã tra cứu dưới đây cho người quản trị.',
  },
  en: {
    title: 'Something went wrong',
    happened: 'This could not be completed.',
    kept: 'What was saved before is kept, and the error was logged.',
    next: 'Try again; if it fails again, give the reference below to the administrator.',
  },
}

const databaseAway: Both = {
  vi: {
    title: 'Hệ thống đang tạm gián đoạn',
    happened: 'Cơ sở dữ liệu chưa trả lời.',
    kept: 'Số liệu đã ghi được giữ nguyên.',
    next: 'Trang này tự tải lại sau 10 giây và trở lại khi cơ sở dữ liệu trả lời.',
  },
  en: {
    title: 'Interrupted for a moment',
    happened: 'The database does not answer.',
    kept: 'What was saved is kept.',
    next: 'This page loads again every 10 seconds and is back when the database is.',
  },
}

const unreachable: Both = {
  vi: {
    title: 'Chưa kết nối được hệ thống liên quan',
    happened: 'Một máy chủ mà yêu cầu này cần đến chưa trả lời hoặc từ chối.',
    kept: 'Phần đã làm được ghi lại, phần còn lại chưa thay đổi.',
    next: 'Xin thử lại sau ít phút; nếu vẫn vậy, báo người quản trị.',
  },
  en: {
    title: 'Another system is not reached',
    happened: 'A server that this needs does not answer, or refuses.',
    kept: 'What was done is recorded, the rest is unchanged.',
    next: 'Try again in a few minutes; if it stays so, tell the administrator.',
  },
}

const byStatus: Record<number, Both> = {
  400: wrong,
  500: broken,
  503: unreachable,
  404: {
    vi: {
      title: 'Không tìm thấy',
      happened: 'Không có nội dung nào ở địa chỉ này, hoặc nội dung nằm ngoài phạm vi được xem.',
      kept: '',
      next: 'Xin kiểm tra lại địa chỉ, hoặc tìm từ trang đầu.',
    },
    en: {
      title: 'Not found',
      happened: 'There is nothing at this address, or it lies outside of what you may see.',
      kept: '',
      next: 'Check the address, or look from the first page.',
    },
  },
  413: {
    vi: {
      title: 'Nội dung gửi lên quá dài',
      happened: 'Nội dung gửi lên vượt giới hạn nên không được nhận.',
      kept: 'Chưa có gì thay đổi.',
      next: 'Xin quay lại trang trước, rút ngắn rồi gửi lại.',
    },
    en: {
      title: 'Too long',
      happened: 'What was sent is over the limit and was not taken.',
      kept: 'Nothing was changed.',
      next: 'Go back, shorten it, and send again.',
    },
  },
}

const byCode: Partial<Record<ErrorCode, Both>> = {
  database_unreachable: databaseAway,
  database_refused: databaseAway,
  database_locked: databaseAway,
  database_outdated: databaseAway,
  not_signed_in: {
    vi: {
      title: 'Cần đăng nhập',
      happened: 'Phiên đăng nhập đã hết hoặc chưa đăng nhập.',
      kept: 'Chưa có gì thay đổi.',
      next: 'Xin đăng nhập rồi làm lại.',
    },
    en: {
      title: 'Sign in first',
      happened: 'The session has ended, or nobody is signed in.',
      kept: 'Nothing was changed.',
      next: 'Sign in and do it again.',
    },
  },
  forbidden: {
    vi: {
      title: 'Không được phép',
      happened: 'Vai trò của tài khoản này không làm được việc này, hoặc biểu mẫu đã hết hạn.',
      kept: 'Chưa có gì thay đổi.',
      next: 'Xin mở lại trang và thử lại; nếu cần thêm quyền, liên hệ người quản trị.',
    },
    en: {
      title: 'Not allowed',
      happened: 'The role of this account does not allow this, or the form is no longer valid.',
      kept: 'Nothing was changed.',
      next: 'Open the page again and try once more; if you need the right, ask the administrator.',
    },
  },
  too_many_requests: {
    vi: {
      title: 'Thử quá nhiều lần',
      happened: 'Có quá nhiều yêu cầu trong thời gian ngắn.',
      kept: 'Yêu cầu vừa rồi chưa được thực hiện.',
      next: 'Xin chờ ít phút rồi thử lại.',
    },
    en: {
      title: 'Too many attempts',
      happened: 'There were too many requests in a short time.',
      kept: 'The last one was not carried out.',
      next: 'Wait a few minutes and try again.',
    },
  },
  busy: {
    vi: {
      title: 'Đang có lượt chạy khác',
      happened: 'Một lượt chạy khác đang tiến hành, mỗi lần chỉ chạy được một lượt.',
      kept: 'Lượt đang chạy không bị ảnh hưởng; yêu cầu này chưa được thực hiện.',
      next: 'Xin chờ lượt đó kết thúc rồi làm lại.',
    },
    en: {
      title: 'Another run goes on',
      happened: 'Another run is under way, and only one can be.',
      kept: 'It goes on undisturbed; this request was not carried out.',
      next: 'Wait until it has ended and do it again.',
    },
  },
  ground_moved: {
    vi: {
      title: 'Dữ liệu đã thay đổi',
      happened: 'Dữ liệu đã thay đổi sau khi lập đề xuất hoặc sau khi mở trang này.',
      kept: 'Chưa có gì thay đổi.',
      next: 'Xin mở lại trang, xem lại rồi quyết định.',
    },
    en: {
      title: 'The data has changed',
      happened: 'The data changed after the plan was made or this page was opened.',
      kept: 'Nothing was changed.',
      next: 'Open the page again, look once more, then decide.',
    },
  },
  address_taken: {
    vi: {
      title: 'Địa chỉ đã có người sử dụng',
      happened: 'Địa chỉ thư này đã được cấp cho người khác.',
      kept: 'Chưa có gì thay đổi.',
      next: 'Xin lập lại đề xuất để có địa chỉ khác.',
    },
    en: {
      title: 'The address is taken',
      happened: 'This address belongs to somebody else.',
      kept: 'Nothing was changed.',
      next: 'Make the plan again to get another address.',
    },
  },
  guard_refused: {
    vi: {
      title: 'Vượt ngưỡng an toàn',
      happened: 'Số thay đổi vượt ngưỡng an toàn đã đặt.',
      kept: 'Chưa có gì thay đổi.',
      next: 'Xin kiểm tra nguồn danh sách cán bộ trước khi làm tiếp.',
    },
    en: {
      title: 'Over a safety limit',
      happened: 'So many changes are over the limit that was set.',
      kept: 'Nothing was changed.',
      next: 'Check the roster before going on.',
    },
  },
  cancelled: {
    vi: {
      title: 'Chưa trả lời kịp',
      happened: 'Yêu cầu mất quá nhiều thời gian nên đã dừng.',
      kept: 'Phần đã làm được ghi lại.',
      next: 'Xin thử lại sau ít phút.',
    },
    en: {
      title: 'It took too long',
      happened: 'The answer took too long and was stopped.',
      kept: 'What was done is recorded.',
      next: 'Try again in a few minutes.',
    },
  },
}
