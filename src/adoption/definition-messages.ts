/** How each figure is counted, in words: the *Figures* of the contract as `adoption.ts`, `store.ts` and `coverage.ts` apply them. */
import type { Locale } from './messages.ts'

/** What an installation decides, in words already. `calendars`: the sectors with days off of their own, or ''. */
export type Decided = {
  classes: string
  rules: readonly string[]
  calendars: string
  needsSend: boolean
  version: string
}

export type Section = { id: string; title: string; text: readonly string[]; list?: readonly string[] }

export type DefinitionWords = {
  title: string
  lead: (version: string) => string
  sections: (decided: Decided) => readonly Section[]
  statuses: string
  statusesText: string
}

const vi: DefinitionWords = {
  title: 'Cách tính các số liệu',
  lead: version =>
    `Mọi trang, tệp xuất và giao diện lập trình dùng cùng một cách tính, bản ${version}. Số liệu lưu theo bản khác không được đem so sánh với số liệu này.`,
  sections: ({ classes, rules, calendars, needsSend }) => [
    {
      id: 'day',
      title: 'Ngày số liệu',
      text: [
        'Số liệu của một ngày là tình hình đến hết ngày đó, theo giờ Việt Nam. Nếu không chọn ngày, trang hiển thị ngày gần nhất đã kết thúc. Ngày hôm nay chỉ hiển thị khi được chọn và luôn ghi là tạm tính.',
        'Những ngày trước lần đọc đủ danh sách cán bộ đầu tiên không có số liệu.',
      ],
    },
    {
      id: 'staff',
      title: 'Đang công tác',
      text: [
        'Người có vị trí công tác còn hiệu lực trong ngày. Mỗi người được tính một lần, tại cơ quan của vị trí chính; nếu không rõ thì tại vị trí bắt đầu sớm nhất. Người kiêm nhiệm hiển thị riêng ở cơ quan còn lại và không cộng vào tổng.',
      ],
    },
    {
      id: 'required',
      title: 'Thuộc diện cấp',
      text: [
        rules.length === 0
          ? `Người đang công tác thuộc nhóm: ${classes}, không trong thời gian vắng mặt dài ngày. Đây là mẫu số của mọi tỷ lệ.`
          : `Người đang công tác, không trong thời gian vắng mặt dài ngày, được xét lần lượt theo các quy định dưới đây: quy định đầu tiên phù hợp quyết định người đó có thuộc diện cấp hay không. Không có quy định nào phù hợp thì thuộc diện cấp nếu thuộc nhóm: ${classes}. Đây là mẫu số của mọi tỷ lệ.`,
      ],
      list: rules,
    },
    {
      id: 'issued',
      title: 'Được cấp hộp thư',
      text: [
        'Người thuộc diện cấp có ít nhất một hộp thư cá nhân đang hoạt động hoặc bị khoá trong ngày. Hộp thư cơ quan, chức danh hoặc dùng chung không tính cho cá nhân.',
      ],
    },
    {
      id: 'activated',
      title: 'Đã kích hoạt',
      text: ['Người được cấp đã từng tự đăng nhập hoặc gửi thư bằng tài khoản của mình.'],
    },
    {
      id: 'used',
      title: 'Có sử dụng',
      text: [
        'Người đã kích hoạt có ít nhất một ngày sử dụng trong 28 ngày tính đến hết ngày số liệu.',
        'Ngày sử dụng là ngày có lần đăng nhập thành công của chính người đó (IMAP, POP3 hoặc webmail) hoặc có thư đã gửi. Không tính: đăng nhập sai, tài khoản quản trị hoặc dịch vụ, máy đã được loại trừ, và việc xác thực SMTP mà không gửi thư. Các hộp thư cá nhân của một người được tính chung.',
      ],
    },
    {
      id: 'sending',
      title: 'Có gửi thư',
      text: ['Người có sử dụng và đã gửi ít nhất một thư trong 28 ngày.'],
    },
    {
      id: 'regular',
      title: 'Sử dụng thường xuyên',
      text: [
        '28 ngày được chia thành 4 tuần đếm ngược từ ngày số liệu. Người sử dụng thường xuyên có ngày sử dụng trong ít nhất 3 trên 4 tuần và vào ít nhất 4 ngày làm việc.',
        'Tuần có dưới 3 ngày làm việc, như tuần Tết, không được tính; hai mức trên giảm theo tỷ lệ.',
        ...(calendars === ''
          ? []
          : [
              `Ngày làm việc theo lịch chung; khối ${calendars} có lịch riêng, áp dụng cho người được tính tại các cơ quan của khối. Không tuần nào có đủ 3 ngày làm việc thì không kết luận là thường xuyên hay chưa.`,
            ]),
        needsSend
          ? 'Tại đây còn yêu cầu có gửi thư trong 28 ngày.'
          : 'Không yêu cầu phải gửi thư, vì văn bản đi bằng hệ thống quản lý văn bản.',
      ],
    },
    {
      id: 'order',
      title: 'Thứ tự bốn mức',
      text: [
        'Mỗi mức nằm trong mức trước: được cấp, đã kích hoạt, có sử dụng, sử dụng thường xuyên. Người có sử dụng nhưng không có hộp thư đang hoạt động được liệt kê riêng để đối chiếu.',
      ],
    },
    {
      id: 'bounds',
      title: 'Nhật ký đầy đủ và khoảng sai lệch',
      text: [
        'Số liệu sử dụng đọc từ nhật ký của máy chủ thư. Mức đầy đủ là trung bình trong 28 ngày của các nguồn nhật ký của cơ quan: ngày đã đọc qua nửa đêm tính 1, ngày đọc một phần tính một nửa, ngày không có dòng nào tính 0.',
        'Số hiển thị là số đã biết, tức mức thấp nhất. Khi thiếu nhật ký, trang ghi thêm khoảng: từ số đã biết đến số đã biết cộng những người mà phần thiếu có thể che khuất. Chưa có số liệu không bao giờ được ghi là không sử dụng.',
      ],
    },
    {
      id: 'tree',
      title: 'Cộng theo cơ quan',
      text: [
        'Cơ quan cấp trên cộng số người của các đơn vị trực thuộc, không cộng hay lấy trung bình tỷ lệ. Cơ quan không có ai thuộc diện cấp thì không có tỷ lệ và tình trạng. Cơ quan dưới 50 người được ghi bằng số người, như 31/46.',
      ],
    },
  ],
  statuses: 'Tình trạng so với mục tiêu',
  statusesText:
    'Cơ quan theo mục tiêu gần nhất được đặt cho mình hoặc cho cấp trên. “Cần thêm” là số người phải có thêm để đạt tỷ lệ, làm tròn lên. So sánh bằng số người, không bằng tỷ lệ đã làm tròn.',
}

const en: DefinitionWords = {
  title: 'How the figures are counted',
  lead: version =>
    `Pages, files and the API count in one way, version ${version}. Figures kept under another version are never compared with these.`,
  sections: ({ classes, rules, calendars, needsSend }) => [
    {
      id: 'day',
      title: 'The day',
      text: [
        'The figures of a day are as of its end, in Vietnamese time. Where no day is chosen it is the last one that has ended. Today shows only when it is asked for, and is marked preliminary.',
        'Days before the first complete roster have no figures.',
      ],
    },
    {
      id: 'staff',
      title: 'Staff',
      text: [
        'People with a post in force that day. Each is counted once, at the agency of the primary post; where none is, at that of the earliest. Those who serve concurrently are shown apart at the other agency and not added.',
      ],
    },
    {
      id: 'required',
      title: 'Required',
      text: [
        rules.length === 0
          ? `Staff of these classes: ${classes}, who are not on a long absence. They are the denominator of every rate.`
          : `Staff who are not on a long absence, by the rules below: the first that fits decides. Where none does, those of these classes: ${classes}. They are the denominator of every rate.`,
      ],
      list: rules,
    },
    {
      id: 'issued',
      title: 'Mailbox issued',
      text: [
        'Required people with a personal mailbox that is active or locked that day. Agency, position and shared mailboxes count for no person.',
      ],
    },
    {
      id: 'activated',
      title: 'Activated',
      text: ['Issued people who ever signed in or sent under their own account.'],
    },
    {
      id: 'used',
      title: 'Used',
      text: [
        'Activated people with a day of use in the 28 days that end with the day.',
        'A day of use has a successful sign-in of the person (IMAP, POP3 or webmail) or a message sent. Failed sign-ins, master and service accounts, excluded machines and SMTP authentication without a message are none. All personal mailboxes of a person count together.',
      ],
    },
    {
      id: 'sending',
      title: 'Sending',
      text: ['Used people with at least one message sent in the 28 days.'],
    },
    {
      id: 'regular',
      title: 'Used regularly',
      text: [
        'The 28 days are four weeks counted back from the day. Regular use is on days in at least 3 of the 4 weeks and on at least 4 working days.',
        'A week with fewer than 3 working days, such as Tết, is left out, and both thresholds shrink with it.',
        ...(calendars === ''
          ? []
          : [
              `Working days are those of the common calendar; these sectors have one of their own, for people counted at agencies of them: ${calendars}. Where no week has 3 working days, nothing is said of regular use.`,
            ]),
        needsSend
          ? 'Here a message sent in the 28 days is asked for too.'
          : 'Sending is not asked for, since documents travel by the document system.',
      ],
    },
    {
      id: 'order',
      title: 'The four stages',
      text: [
        'Each stage lies inside the one before: issued, activated, used, used regularly. Whoever uses a mailbox without having an active one is listed apart.',
      ],
    },
    {
      id: 'bounds',
      title: 'Complete logs, and bounds',
      text: [
        'Use is read from the logs of the mail servers. How complete they are is the mean over the 28 days of the log sources of the agency: a day read past its midnight is 1, a day read in part a half, a day without a line 0.',
        'What is shown is what is known, the lowest it can be. Where logs are missing a range is given: from what is known to that and all whose use the missing part could hide. No data is never shown as no use.',
      ],
    },
    {
      id: 'tree',
      title: 'Adding up agencies',
      text: [
        'An agency adds the people of those below it, never rates. An agency with nobody required has no rate and no status. Under 50 people counts are shown instead of rates, as 31/46.',
      ],
    },
  ],
  statuses: 'Status against the target',
  statusesText:
    'An agency takes the nearest target set for it or above it. “Needed” is how many people are missing to the rate, rounded up. People are compared, never rounded rates.',
}

export const definitionWords: Record<Locale, DefinitionWords> = { vi, en }
