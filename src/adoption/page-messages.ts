/** The words of the pages about figures, in Vietnamese and English. */
import { type Locale, words } from './messages.ts'
import type { FilterName, PlaceName, Stage } from './stage.ts'
import type { Indicator, TargetStatus } from './target.ts'

type Count = (count: string) => string

export type PageWords = {
  overview: string
  agencies: string
  people: string
  targets: string
  stage: Record<Stage, string>
  /** What is in the way, as a sentence after a number. */
  inTheWay: Record<PlaceName, string>
  filter: Record<FilterName, string>
  all: string
  indicator: Record<Indicator, string>
  statusIn: Record<TargetStatus, string>
  stamp: {
    logs: Count
    roster: Count
    noRoster: string
    confirmed: Count
    confirmedBelow: Count
    notConfirmed: string
    method: string
    earlier: string
    today: string
  }
  hero: {
    /** After the big number; `classes` such as "cán bộ, công chức". */
    who: (classes: string) => string
    /** Where rules say who, and not classes alone. */
    ruled: string
    does: string
    outOf: (count: string, of: string) => string
    fewWho: string
    unknown: string
    target: (value: string, indicator: string, due: string) => [string, string]
    more: Count
    noTarget: string
    bounds: (low: string, high: string) => string
    button: string
    names: (count: string, place: string) => string
    stages: string
  }
  change: {
    same: string
    more: Count
    fewer: Count
    began: Count
    ceased: Count
    came: Count
    left: Count
    because: (parts: string) => string
    requiredMore: Count
    requiredFewer: Count
    unknown: string
    logs: string
  }
  chart: {
    title: string
    required: string
    regular: string
    none: string
  }
  waiting: Count
  table: {
    caption: string
    required: string
    issued: string
    regular: string
    bar: string
    change: string
    logsMissing: string
    people: (signed: string) => string
    status: string
    level: string
    sector: string
    hold: string
    all: Count
    more: Count
    /** A file of comma-separated values, which Excel opens; named as what it is. */
    export: string
    filterStatus: string
    filterLevel: string
    filterSector: string
    any: string
    search: string
    find: string
    sort: string
    sorts: Record<'tree' | 'name' | 'required' | 'regular' | 'gap', string>
    nothing: string
    nothingText: string
    clear: string
    next: string
    first: string
    range: (range: string, total: string) => string
  }
  agency: {
    below: string
    missing: string
    names: string
    recorded: string
    sheet: string
    sheetHint: string
    noNames: string
    due: string
    now: string
    facts: string
    code: string
    staff: string
    own: string
    ownText: (staff: string, required: string) => string
    concurrent: string
    completeness: string
    list: string
    seeList: string
    reviews: Count
  }
  sectors: {
    views: string
    byAgency: string
    bySector: string
    tree: string
    title: string
    agencies: string
    text: string
    inherited: string
    time: string
    history: string
  }
  target: {
    none: { title: string; text: string }
    asked: string
    reach: string
    keep: string
    scope: string
    everybody: string
    from: string
    agencies: string
    nobody: string
  }
  todo: {
    title: string
    nothing: string
    plan: string
    planRefused: string
    planOf: Count
    slow: string
    slowText: string
    /** For who may not give out activation links. */
    slowAsk: string
    logs: Count
    logsSince: Count
    logsNever: string
    /** Of a day long past, while the log has gone on since. */
    logsGap: (name: string, day: string) => string
    logsGapText: string
    run: Count
    runText: string
    reviews: string
    reviewsText: string
    silent: Count
    silentText: (days: string, rhythm: string) => string
    anomalies: string
    anomaliesText: string
  }
  empty: Record<'roster' | 'day' | 'logs' | 'nobody' | 'scope', { title: string; text: string }>
  emptyAction: { sources: string; today: string }
}

const vi: PageWords = {
  overview: 'Tổng quan',
  agencies: 'Cơ quan',
  people: 'Cán bộ',
  targets: 'Mục tiêu',
  stage: {
    issued: 'Được cấp hộp thư',
    activated: 'Đã kích hoạt',
    used: 'Có sử dụng trong 28 ngày',
    regular: 'Sử dụng thường xuyên',
  },
  inTheWay: {
    'chua-cap': 'chưa được cấp',
    'chua-kich-hoat': 'đã cấp, chưa kích hoạt',
    'khong-su-dung': 'không phát sinh sử dụng',
    'chua-thuong-xuyen': 'chưa đạt mức thường xuyên',
    'thuong-xuyen': 'sử dụng thường xuyên',
    'khong-thuoc-dien': 'không thuộc diện cấp',
  },
  filter: {
    'chua-cap': 'Chưa được cấp',
    'chua-kich-hoat': 'Đã cấp, chưa kích hoạt',
    'khong-su-dung': 'Không phát sinh sử dụng',
    'chua-thuong-xuyen': 'Chưa đạt mức thường xuyên',
    'thuong-xuyen': 'Sử dụng thường xuyên',
    'khong-thuoc-dien': 'Không thuộc diện cấp',
    'kich-hoat-cham': 'Đã cấp quá 14 ngày, chưa kích hoạt',
    'khong-khop': 'Có sử dụng, không có hộp thư đang hoạt động',
  },
  all: 'Tất cả',
  indicator: {
    issued: 'được cấp hộp thư',
    activated: 'kích hoạt hộp thư',
    used: 'có sử dụng trong 28 ngày',
    sending: 'có gửi thư trong 28 ngày',
    regular: 'sử dụng thường xuyên',
  },
  statusIn: {
    met: 'đã đạt',
    onPace: 'đúng tiến độ',
    atRisk: 'có nguy cơ chậm',
    behind: 'chậm tiến độ',
    unknown: 'chưa đủ số liệu',
    overdue: 'đã quá hạn',
    kept: 'duy trì được',
    broken: 'chưa duy trì được',
  },
  stamp: {
    logs: percent => `nhật ký đầy đủ ${percent}`,
    roster: day => `danh sách cán bộ cập nhật ${day}`,
    noRoster: 'chưa có danh sách cán bộ',
    confirmed: day => `danh sách xác nhận ngày ${day}`,
    confirmedBelow: part => `${part} cơ quan đã xác nhận danh sách`,
    notConfirmed: 'danh sách chưa được xác nhận',
    method: 'cách tính',
    earlier: 'Xem ngày khác',
    today: 'hôm nay (tạm tính)',
  },
  hero: {
    who: classes => classes,
    ruled: 'người thuộc diện cấp theo quy định',
    does: 'sử dụng thường xuyên hộp thư công vụ',
    outOf: (count, of) => `${count}/${of} người thuộc diện cấp.`,
    fewWho: 'người thuộc diện cấp',
    unknown: 'Chưa biết bao nhiêu người sử dụng thường xuyên hộp thư công vụ: chưa đủ số liệu.',
    target: (value, indicator, due) => [`Mục tiêu ${value}`, ` ${indicator} đến ${due}: `],
    more: people => `cần thêm ${people} người`,
    noTarget: 'Chưa có mục tiêu nào được đặt cho cơ quan này.',
    bounds: (low, high) =>
      `Nhật ký chưa đầy đủ: tỷ lệ thực tế nằm trong khoảng ${low} đến ${high}. Số ở đây là mức thấp nhất.`,
    button: 'Xem theo cơ quan và nguyên nhân',
    names: (count, place) => `Xem ${count} người ${place}`,
    stages: 'Bốn mức, từ được cấp đến sử dụng thường xuyên',
  },
  change: {
    same: 'So với 7 ngày trước: số người sử dụng thường xuyên không thay đổi',
    more: people => `So với 7 ngày trước: thêm ${people} người sử dụng thường xuyên`,
    fewer: people => `So với 7 ngày trước: giảm ${people} người sử dụng thường xuyên`,
    began: people => `${people} người bắt đầu`,
    ceased: people => `${people} người không còn duy trì`,
    came: people => `${people} người đến`,
    left: people => `${people} người đi`,
    because: parts => `biến động nhân sự: ${parts}`,
    requiredMore: people => `Số người thuộc diện cấp tăng ${people}.`,
    requiredFewer: people => `Số người thuộc diện cấp giảm ${people}.`,
    unknown: 'Chưa đủ số liệu để so sánh với 7 ngày trước.',
    logs: 'Nhật ký tuần này chưa đầy đủ nên mức giảm có thể chưa đúng.',
  },
  chart: {
    title: 'Số người sử dụng thường xuyên và số người thuộc diện cấp, theo tuần',
    required: 'Thuộc diện cấp',
    regular: 'Sử dụng thường xuyên',
    none: 'Chưa có số liệu các tuần trước. Số liệu được lưu mỗi đêm; biểu đồ hiện sau hai tuần.',
  },
  waiting: people => `${people} chờ phê duyệt`,
  table: {
    caption: 'Số liệu của từng cơ quan',
    required: 'Thuộc diện',
    issued: 'Được cấp',
    regular: 'Thường xuyên',
    bar: 'Mức',
    change: '4 tuần qua',
    logsMissing: 'nhật ký chưa đủ',
    people: signed => `${signed} người`,
    status: 'Tình trạng',
    level: 'Cấp',
    sector: 'Khối',
    hold: 'Nguyên nhân chính',
    all: count => `Tất cả ${count}`,
    more: count => `Xem tất cả ${count} cơ quan`,
    export: 'Xuất Excel (CSV)',
    filterStatus: 'Lọc theo tình trạng',
    filterLevel: 'Cấp',
    filterSector: 'Khối',
    any: 'Tất cả',
    search: 'Tên hoặc mã cơ quan',
    find: 'Tìm',
    sort: 'Sắp xếp',
    sorts: {
      tree: 'Theo cây tổ chức',
      name: 'Theo tên',
      required: 'Nhiều người thuộc diện nhất',
      regular: 'Tỷ lệ thường xuyên thấp nhất',
      gap: 'Cần thêm nhiều người nhất',
    },
    nothing: 'Không có cơ quan nào khớp',
    nothingText: 'Hãy bỏ bớt điều kiện lọc hoặc kiểm tra lại từ tìm kiếm.',
    clear: 'Bỏ lọc',
    next: 'Trang tiếp',
    first: 'Về trang đầu',
    range: (range, total) => `${range} trong ${total} cơ quan`,
  },
  agency: {
    below: 'Đơn vị trực thuộc',
    missing: 'Những người cần hỗ trợ',
    names: 'Xem danh sách cán bộ',
    recorded: 'Mỗi lần xem danh sách tên đều được ghi lại.',
    sheet: 'In phiếu kích hoạt',
    sheetHint:
      'Tệp PDF, mỗi người chưa kích hoạt một phiếu. Liên kết đã gửi trước đó cho những người này hết hiệu lực.',
    noNames: 'Vai trò của bạn chỉ xem số lượng, không xem tên.',
    due: 'hạn',
    now: 'hiện nay',
    facts: 'Thông tin cơ quan',
    code: 'Mã cơ quan',
    staff: 'Đang công tác',
    own: 'Riêng cơ quan, không kể đơn vị trực thuộc',
    ownText: (staff, required) => `${staff} người đang công tác, ${required} người thuộc diện cấp`,
    concurrent: 'Kiêm nhiệm, được tính ở cơ quan khác',
    completeness: 'Nhật ký đầy đủ trong 28 ngày',
    list: 'Danh sách cán bộ',
    seeList: 'Xem và xác nhận danh sách',
    reviews: count => `${count} trường hợp cần xác minh`,
  },
  sectors: {
    views: 'Cách xem cơ quan',
    byAgency: 'Theo cơ quan',
    bySector: 'Theo khối',
    tree: 'Cây tổ chức',
    title: 'Số liệu theo khối',
    agencies: 'Số cơ quan',
    text: 'Mỗi người được tính một lần, ở cơ quan của mình. Cơ quan chưa ghi khối được tính theo cơ quan cấp trên gần nhất có ghi.',
    inherited: 'theo cơ quan cấp trên',
    time: 'Theo thời gian',
    history: 'Lịch sử tên, mã, cấp trên',
  },
  target: {
    none: {
      title: 'Chưa có mục tiêu nào',
      text: 'Mục tiêu được đặt trong tệp cấu hình, mục adoption.targets: tên, chỉ tiêu, tỷ lệ, phạm vi, ngày bắt đầu và ngày đến hạn.',
    },
    asked: 'Yêu cầu',
    reach: 'Đạt',
    keep: 'Duy trì',
    scope: 'Phạm vi',
    everybody: 'Toàn bộ cơ quan',
    from: 'Thời gian',
    agencies: 'Số cơ quan theo tình trạng',
    nobody: 'Không có cơ quan nào trong phạm vi của bạn theo mục tiêu này trong ngày.',
  },
  todo: {
    title: 'Việc cần làm tuần này',
    nothing: 'Không có việc nào đang chờ.',
    plan: 'Phê duyệt đề xuất thay đổi hộp thư',
    planRefused: 'Đề xuất vượt ngưỡng an toàn, chờ xem xét',
    planOf: day => `lập ngày ${day}`,
    slow: 'Đã cấp quá 14 ngày, chưa kích hoạt',
    slowText: 'gửi lại liên kết hoặc in phiếu kích hoạt',
    slowAsk: 'đề nghị quản trị cơ quan gửi lại liên kết hoặc in phiếu kích hoạt',
    logs: name => `Chưa nhận được nhật ký từ ${name}`,
    logsSince: day => `đã nhận đến ${day}`,
    logsNever: 'chưa nhận lần nào',
    logsGap: (name, day) => `Thiếu nhật ký ngày ${day} từ ${name}`,
    logsGapText: 'nạp bù nếu còn tệp nhật ký của ngày đó',
    run: name => `Danh sách cán bộ từ ${name} chờ xác nhận`,
    runText: 'lần đọc gần nhất vượt ngưỡng an toàn, danh sách cũ được giữ nguyên',
    reviews: 'Trả lời các trường hợp cần xác minh trong danh sách',
    reviewsText: 'chưa rõ là ai, hoặc không còn tên trong danh sách',
    silent: name => `Nhắc gửi danh sách mới: nguồn ${name}`,
    silentText: (days, rhythm) => `${days} ngày chưa có danh sách mới, thường lệ ${rhythm} ngày một lần`,
    anomalies: 'Có sử dụng nhưng không có hộp thư đang hoạt động',
    anomaliesText: 'cần đối chiếu hộp thư với danh sách cán bộ',
  },
  empty: {
    roster: {
      title: 'Chưa có danh sách cán bộ',
      text: 'Số liệu tính trên danh sách cán bộ. Hãy đọc danh sách từ nguồn đã cấu hình hoặc nhập tệp; lần đọc đầu tiên chưa thay đổi hộp thư nào.',
    },
    day: {
      title: 'Ngày này chưa có danh sách cán bộ',
      text: 'Số liệu chỉ tính được từ ngày đọc đủ danh sách lần đầu. Hãy xem hôm nay (tạm tính) hoặc một ngày sau đó.',
    },
    logs: {
      title: 'Chưa nhận được nhật ký',
      text: 'Chưa có nhật ký thư nào trong 28 ngày, nên chưa biết ai đã sử dụng. Số người thuộc diện và được cấp vẫn đúng.',
    },
    nobody: {
      title: 'Không có người thuộc diện cấp',
      text: 'Trong ngày này cơ quan không có ai thuộc diện cấp hộp thư, nên không có tỷ lệ và tình trạng.',
    },
    scope: {
      title: 'Cơ quan chưa có trong danh sách ngày này',
      text: 'Cơ quan của bạn chưa hoặc không còn trong danh sách vào ngày đang xem. Hãy chọn ngày khác.',
    },
  },
  emptyAction: { sources: 'Xem nguồn số liệu', today: 'Xem hôm nay (tạm tính)' },
}

const en: PageWords = {
  overview: 'Overview',
  agencies: 'Agencies',
  people: 'People',
  targets: 'Targets',
  stage: {
    issued: 'Mailbox issued',
    activated: 'Activated',
    used: 'Used within 28 days',
    regular: 'Used regularly',
  },
  inTheWay: {
    'chua-cap': 'not issued yet',
    'chua-kich-hoat': 'issued, not activated',
    'khong-su-dung': 'without use',
    'chua-thuong-xuyen': 'not regular yet',
    'thuong-xuyen': 'using regularly',
    'khong-thuoc-dien': 'not required to have one',
  },
  filter: {
    'chua-cap': 'Not issued yet',
    'chua-kich-hoat': 'Issued, not activated',
    'khong-su-dung': 'Without use',
    'chua-thuong-xuyen': 'Not regular yet',
    'thuong-xuyen': 'Used regularly',
    'khong-thuoc-dien': 'Not required',
    'kich-hoat-cham': 'Issued over 14 days ago, not activated',
    'khong-khop': 'Use without an active mailbox',
  },
  all: 'All',
  indicator: {
    issued: 'issued a mailbox',
    activated: 'activated',
    used: 'used within 28 days',
    sending: 'sending within 28 days',
    regular: 'regular use',
  },
  statusIn: {
    met: 'met',
    onPace: 'on pace',
    atRisk: 'at risk',
    behind: 'behind',
    unknown: 'not enough data',
    overdue: 'overdue',
    kept: 'kept',
    broken: 'not kept',
  },
  stamp: {
    logs: percent => `logs ${percent} complete`,
    roster: day => `roster updated ${day}`,
    noRoster: 'no roster yet',
    confirmed: day => `list confirmed on ${day}`,
    confirmedBelow: part => `list confirmed by ${part} agencies`,
    notConfirmed: 'list not confirmed yet',
    method: 'how it is counted',
    earlier: 'Another day',
    today: 'today (preliminary)',
  },
  hero: {
    who: classes => classes,
    ruled: 'those who must have one by the rules',
    does: 'use their official mailbox regularly',
    outOf: (count, of) => `${count} of ${of} people who must have one.`,
    fewWho: 'people who must have one',
    unknown: 'How many use their official mailbox regularly is not known: there is not enough data.',
    target: (value, indicator, due) => [`Target ${value}`, ` ${indicator} by ${due}: `],
    more: people => `${people} more people needed`,
    noTarget: 'No target is set for this agency.',
    bounds: (low, high) =>
      `The logs are not complete: the true rate lies between ${low} and ${high}. What is shown is the lowest.`,
    button: 'By agency and cause',
    names: (count, place) => `See ${count} people: ${place}`,
    stages: 'Four stages, from issued to regular use',
  },
  change: {
    same: 'Against 7 days ago: as many people use it regularly',
    more: people => `Against 7 days ago: ${people} more people use it regularly`,
    fewer: people => `Against 7 days ago: ${people} fewer people use it regularly`,
    began: people => `${people} began`,
    ceased: people => `${people} did not keep it up`,
    came: people => `${people} came`,
    left: people => `${people} left`,
    because: parts => `staff movements: ${parts}`,
    requiredMore: people => `${people} more people must have one.`,
    requiredFewer: people => `${people} fewer people must have one.`,
    unknown: 'Not enough data to compare with 7 days ago.',
    logs: 'The logs of this week are not complete, so the decrease may not be true.',
  },
  chart: {
    title: 'People who use it regularly and people who must have one, by week',
    required: 'Required',
    regular: 'Used regularly',
    none: 'No figures of earlier weeks yet. They are kept each night; the chart shows after two weeks.',
  },
  waiting: people => `${people} waiting for approval`,
  table: {
    caption: 'Figures of each agency',
    required: 'Required',
    issued: 'Issued',
    regular: 'Regular',
    bar: 'Share',
    change: '4 weeks',
    logsMissing: 'logs incomplete',
    people: signed => `${signed} people`,
    status: 'Status',
    level: 'Level',
    sector: 'Sector',
    hold: 'Main cause',
    all: count => `All ${count}`,
    more: count => `All ${count} agencies`,
    export: 'Export (CSV)',
    filterStatus: 'Filter by status',
    filterLevel: 'Level',
    filterSector: 'Sector',
    any: 'All',
    search: 'Name or code of an agency',
    find: 'Find',
    sort: 'Sort',
    sorts: {
      tree: 'As organised',
      name: 'By name',
      required: 'Most people first',
      regular: 'Lowest regular use first',
      gap: 'Most people needed first',
    },
    nothing: 'No agency matches',
    nothingText: 'Take a condition away, or check the words searched for.',
    clear: 'Clear the filters',
    next: 'Next page',
    first: 'Back to the first page',
    range: (range, total) => `${range} of ${total} agencies`,
  },
  agency: {
    below: 'Agencies below',
    missing: 'Who needs help',
    names: 'See the people',
    recorded: 'Each look at a list of names is recorded.',
    sheet: 'Print activation slips',
    sheetHint: 'A PDF with a slip for each person who has not activated. Links sent to them before end.',
    noNames: 'Your role shows counts, not names.',
    due: 'due',
    now: 'now',
    facts: 'About the agency',
    code: 'Code',
    staff: 'Staff',
    own: 'The agency alone, without those below',
    ownText: (staff, required) => `${staff} staff, ${required} who must have a mailbox`,
    concurrent: 'Concurrent, counted elsewhere',
    completeness: 'Logs of the 28 days complete',
    list: 'Roster',
    seeList: 'See and confirm the list',
    reviews: count => `${count} to be settled`,
  },
  sectors: {
    views: 'Ways to see the agencies',
    byAgency: 'By agency',
    bySector: 'By sector',
    tree: 'Organisation',
    title: 'Figures by sector',
    agencies: 'Agencies',
    text: 'Everybody is counted once, at their own agency. An agency without a sector counts in that of the nearest above that has one.',
    inherited: 'as the agency above',
    time: 'Over time',
    history: 'History of name, code and place',
  },
  target: {
    none: {
      title: 'No target yet',
      text: 'Targets are set in the configuration, at adoption.targets: a name, what is counted, the rate, the scope, the first and the last day.',
    },
    asked: 'Asked for',
    reach: 'Reach',
    keep: 'Keep',
    scope: 'Scope',
    everybody: 'All agencies',
    from: 'Time',
    agencies: 'Agencies by status',
    nobody: 'No agency in your scope has this target on the day.',
  },
  todo: {
    title: 'To do this week',
    nothing: 'Nothing is waiting.',
    plan: 'Approve the proposed mailbox changes',
    planRefused: 'A proposal over the safety limit waits for review',
    planOf: day => `made on ${day}`,
    slow: 'Issued over 14 days ago, not activated',
    slowText: 'send the links again or print activation slips',
    slowAsk: 'ask your agency’s administrator to send the links again or print activation slips',
    logs: name => `No recent log received from ${name}`,
    logsSince: day => `received up to ${day}`,
    logsNever: 'never received',
    logsGap: (name, day) => `No log of ${day} from ${name}`,
    logsGapText: 'read it in if its file is still kept',
    run: name => `The roster read from ${name} waits for confirmation`,
    runText: 'the last read was over the safety limit; the earlier roster stays',
    reviews: 'Answer what is to be settled of the roster',
    reviewsText: 'who may be two, or is missing from a list',
    silent: name => `Ask for a new list: source ${name}`,
    silentText: (days, rhythm) => `no new list for ${days} days, usually every ${rhythm}`,
    anomalies: 'Use without an active mailbox',
    anomaliesText: 'compare the mailboxes with the roster',
  },
  empty: {
    roster: {
      title: 'No roster yet',
      text: 'Figures are counted on the roster. Read it from the configured source, or import a file; a first read changes no mailbox.',
    },
    day: {
      title: 'No roster is known of this day',
      text: 'Figures begin on the day of the first complete roster. Look at today (preliminary) or a later day.',
    },
    logs: {
      title: 'No log received yet',
      text: 'No mail log of these 28 days was received, so it is not known who used a mailbox. Required and issued are right all the same.',
    },
    nobody: {
      title: 'Nobody here must have a mailbox',
      text: 'On this day nobody of the agency must have a mailbox, so there is no rate and no status.',
    },
    scope: {
      title: 'The agency is not in the roster of this day',
      text: 'Your agency is not, or no longer, in the roster on the day you look at. Choose another day.',
    },
  },
  emptyAction: { sources: 'See the sources', today: 'See today (preliminary)' },
}

export const pageWords: Record<Locale, PageWords> = { vi, en }

/** A level of agency in words. */
export function levelWord(level: string, locale: Locale): string {
  return words[locale].levels[level] ?? level
}
