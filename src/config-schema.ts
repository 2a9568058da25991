/**
 * The schema of the configuration, and the types derived from it.
 *
 * `config/reference.md` is generated from the descriptions here: `npm run config-reference`.
 */
import Type, { type Static } from 'typebox'

const closed = { additionalProperties: false }

function text(description: string, more: Record<string, unknown> = {}) {
  return Type.String({ minLength: 1, description, ...more })
}

function oneOf<const T extends readonly string[]>(values: T, description: string, fallback?: T[number]) {
  const more = fallback === undefined ? {} : { default: fallback }
  return Type.Enum([...values] as T[number][], { description, ...more })
}

const Secret = Type.Union(
  [
    Type.Object({ env: text('Name of an environment variable.') }, closed),
    Type.Object({ file: text('Path of a file; one line break at its end is dropped.') }, closed),
  ],
  { description: 'A secret by reference: {"env": NAME} or {"file": PATH}.', secret: true },
)

const Port = (description: string) => Type.Integer({ minimum: 1, maximum: 65535, description })
const Count = (description: string, fallback: number) =>
  Type.Integer({ minimum: 0, description, default: fallback })
const Percent = (description: string, fallback: number) =>
  Type.Number({ minimum: 0, maximum: 100, description, default: fallback })

const levels = ['province', 'department', 'district', 'commune', 'unit', 'publicServiceUnit'] as const
export type AgencyLevel = (typeof levels)[number]
export const agencyLevels: readonly AgencyLevel[] = levels

const Database = Type.Object(
  {
    url: text(
      '`postgres://user@host:port/name`, or `pglite:FOLDER` for the embedded database. No password inside.',
    ),
    password: Type.Optional(Secret),
    backend: oneOf(
      ['postgres', 'citus', 'yugabytedb', 'cockroachdb'] as const,
      'Which server speaks behind a `postgres:` address; the job engine adapts to it.',
      'postgres',
    ),
    maxConnections: Type.Integer({
      minimum: 2,
      maximum: 200,
      default: 10,
      description: 'Size of the connection pool.',
    }),
  },
  { ...closed, description: 'Where Hộp Thư keeps its own data.' },
)

const Http = Type.Object(
  {
    host: text('Address to listen on.', { default: '127.0.0.1' }),
    port: Type.Integer({
      minimum: 0,
      maximum: 65535,
      default: 8080,
      description: 'Port to listen on; 0 takes a free one.',
    }),
    publicUrl: Type.Optional(text('Address people use, for links in mail.', { pattern: '^https?://' })),
    trustedProxies: Type.Array(
      text('Address of a proxy, or a network such as `10.0.0.0/8`.', {
        pattern: '^[0-9A-Fa-f:.]+(/[0-9]{1,3})?$',
      }),
      {
        default: [],
        description:
          'Proxies in front of us, whose word on the address of a client is taken; without them all clients behind a proxy share one limit.',
      },
    ),
  },
  { ...closed, default: {}, description: 'The web server.' },
)

/** How a field is read from an entry. Also the type of mappings entered on a page. */
const Field = (description: string, fallback?: string) =>
  Type.Union(
    [
      Type.String({ minLength: 1 }),
      Type.Object({ constant: text('The same value for every entry.') }, closed),
      Type.Object(
        {
          attribute: text('Attribute, or heading of a column; `dn` is the entry’s own name.'),
          pattern: Type.Optional(
            text(
              'Regular expression; its first group is the value, or all groups put into `template`. No match is no value.',
            ),
          ),
          template: Type.Optional(text('How the groups make the value: `$1.$2`.')),
          values: Type.Optional(
            Type.Record(Type.String(), Type.String(), {
              description: 'Value there → value here, compared without case and marks.',
            }),
          ),
          otherwise: Type.Optional(
            text('For a value that `values` lacks; left out, the value itself is taken.'),
          ),
        },
        closed,
      ),
    ],
    {
      description: `${description} An attribute, \`{"constant": …}\`, or \`{"attribute", "pattern", "template", "values", "otherwise"}\`.`,
      field: true,
      ...(fallback === undefined ? {} : { default: fallback }),
    },
  )

const personFields = {
  staffId: 'Number of the official in the personnel records.',
  personalNumber:
    'Personal number (số định danh cá nhân): only a keyed hash and the last 4 digits are kept. Needs `roster.personalNumberKey`.',
  birthDay: 'Day of birth.',
  address: 'Official address the person already has; by it somebody without a number is recognised.',
  primaryAgency: 'Code of the agency the person is counted at, where there are several.',
  agencyName: 'Name of the agency, where a file has no codes.',
  staffClass: 'Cán bộ, công chức, viên chức, người lao động …',
  title: 'Position.',
  phone: 'Telephone number.',
  email: 'Another address of the person, for the activation link.',
  startDay: 'First day of the employment, `YYYY-MM-DD` or generalized time.',
  endDay: 'Last day of the employment, where it is known: a retirement. May be in the future.',
  absentFrom: 'First day of a long absence.',
  absentUntil: 'Last day of a long absence; open if missing.',
  absenceKind: 'Kind of the absence: study, maternity, secondment …',
  absenceDocument: 'Number of the document behind the absence.',
  disabled:
    'Whether the entry is switched off: an entry where this has a value other than `0`, `false` or `no` is taken as not being there. For Active Directory write `{"attribute": "userAccountControl", "bit": 2}`.',
} as const

const DisabledField = Type.Union(
  [
    Type.String({ minLength: 1 }),
    Type.Object(
      {
        attribute: text('Attribute.'),
        bit: Type.Integer({ minimum: 1, description: 'The bit that says so, of a number.' }),
      },
      closed,
    ),
  ],
  { description: personFields.disabled, field: true },
)

const optionalPersonFields = {
  staffId: Type.Optional(Field(personFields.staffId)),
  personalNumber: Type.Optional(Field(personFields.personalNumber)),
  birthDay: Type.Optional(Field(personFields.birthDay)),
  address: Type.Optional(Field(personFields.address)),
  primaryAgency: Type.Optional(Field(personFields.primaryAgency)),
  agencyName: Type.Optional(Field(personFields.agencyName)),
  staffClass: Type.Optional(Field(personFields.staffClass)),
  title: Type.Optional(Field(personFields.title)),
  phone: Type.Optional(Field(personFields.phone)),
  email: Type.Optional(Field(personFields.email)),
  startDay: Type.Optional(Field(personFields.startDay)),
  endDay: Type.Optional(Field(personFields.endDay)),
  absentFrom: Type.Optional(Field(personFields.absentFrom)),
  absentUntil: Type.Optional(Field(personFields.absentUntil)),
  absenceKind: Type.Optional(Field(personFields.absenceKind)),
  absenceDocument: Type.Optional(Field(personFields.absenceDocument)),
  disabled: Type.Optional(DisabledField),
}

const PersonAttributes = Type.Object(
  {
    fullName: Field('Full name in Vietnamese order.', 'cn'),
    agency: Field('Code of the agency; several values are concurrent posts.', 'departmentNumber'),
    ...optionalPersonFields,
  },
  {
    ...closed,
    default: {},
    description:
      'Directory attribute of each field. Where `staffId` is mapped, an entry without it is rejected.',
  },
)

const People = Type.Object(
  {
    base: text('Search base of the people.'),
    filter: text('Search filter.', { default: '(objectClass=inetOrgPerson)' }),
    key: text('Attribute that never changes for a person.', { default: 'entryUUID' }),
    includeBase: Type.Boolean({ default: false, description: 'Whether the base itself is a person.' }),
    attributes: PersonAttributes,
  },
  { ...closed, description: 'How people are found.' },
)

const Agencies = Type.Object(
  {
    base: text('Search base of the agencies.'),
    filter: text('Search filter.', { default: '(objectClass=organizationalUnit)' }),
    key: text('Attribute that never changes for an agency.', { default: 'entryUUID' }),
    includeBase: Type.Boolean({ default: false, description: 'Whether the base itself is an agency.' }),
    attributes: Type.Object(
      {
        code: Field('Code of the agency.', 'ou'),
        name: Field('Name of the agency; its code where the entry has none.', 'description'),
        level: Type.Optional(Field('Level, one of the fixed names.')),
        sector: Type.Optional(Field('Sector: a code or a name of `roster.sectors`.')),
      },
      { ...closed, default: {}, description: 'Directory attribute of each field.' },
    ),
    parent: text('`dn`: the agency above in the tree; else the attribute that holds the parent’s code.', {
      default: 'dn',
    }),
    levels: Type.Array(oneOf(levels, 'Level.'), {
      minItems: 1,
      default: ['department', 'unit'],
      description: 'Level by depth below the root, where no attribute says it; the last one goes on.',
    }),
  },
  { ...closed, description: 'How agencies are found.' },
)

/** What sources of every kind have. */
const sourceFields = {
  agency: Type.Optional(
    text(
      'Code of the agency the source speaks for, with all below it. Whoever is missing from it leaves that agency and waits `roster.holdingDays` before counting as a leaver.',
    ),
  ),
  rhythmDays: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 1000,
      description:
        'How often the source usually says something new; after twice as long without, it is asked for. 1 for `ldap`, 92 for files if left out.',
    }),
  ),
}

const LdapSource = Type.Object(
  {
    name: text('Name of the source in runs and messages.'),
    kind: Type.Literal('ldap', { description: 'A directory: OpenLDAP, 389-ds, Active Directory.' }),
    url: text('`ldap://host:port` or `ldaps://host:port`.', { pattern: '^ldaps?://' }),
    bindDn: Type.Optional(text('Who we bind as; anonymous if missing.')),
    bindPassword: Type.Optional(Secret),
    startTls: Type.Boolean({
      default: false,
      description: 'Start TLS on an `ldap:` connection before binding.',
    }),
    caFile: Type.Optional(text('PEM file of the authority that signed the directory’s certificate.')),
    pageSize: Type.Integer({ minimum: 1, maximum: 10_000, default: 1000, description: 'Entries per page.' }),
    timeoutSeconds: Type.Integer({
      minimum: 1,
      maximum: 600,
      default: 60,
      description: 'Longest wait for one answer.',
    }),
    complete: Type.Boolean({
      default: true,
      description: 'Whether absence from this source means departure.',
    }),
    incremental: Type.Boolean({
      default: false,
      description:
        'Between full reads ask only for what changed (`modifyTimestamp`, in Active Directory `uSNChanged`). Such a read never decides about leavers.',
    }),
    fullEveryHours: Type.Integer({
      minimum: 1,
      maximum: 720,
      default: 24,
      description: 'With `incremental`: a full read after so many hours at the latest.',
    }),
    ...sourceFields,
    people: People,
    agencies: Agencies,
  },
  { ...closed, description: 'A roster source of kind `ldap`.' },
)

const LdifSource = Type.Object(
  {
    name: text('Name of the source in runs and messages.'),
    kind: Type.Literal('ldif', { description: 'Files in the format of a directory (RFC 2849).' }),
    path: Type.Optional(text('Path of the file. Either this or `folder`.')),
    folder: Type.Optional(
      text('Folder of files named by their day, `2026-11-01.ldif`: the newest one not after today counts.'),
    ),
    complete: Type.Boolean({
      default: false,
      description: 'Whether absence from this source means departure.',
    }),
    ...sourceFields,
    people: People,
    agencies: Agencies,
  },
  { ...closed, description: 'A roster source of kind `ldif`.' },
)

/** Headings of a file; whatever is left out is recognised by its heading. */
const TablePeople = Type.Object(
  {
    key: Type.Optional(
      Field(
        'Column that never changes for a person; left out: staff id, personal number, official address, else name, birth day and agency.',
      ),
    ),
    attributes: Type.Object(
      {
        fullName: Type.Optional(Field('Full name in Vietnamese order.')),
        familyName: Type.Optional(
          Field('Family and middle name, where the given name has a column of its own.'),
        ),
        givenName: Type.Optional(Field('Given name, where it has a column of its own.')),
        agency: Type.Optional(Field('Code of the agency; several, separated by `;`, are concurrent posts.')),
        ...optionalPersonFields,
      },
      {
        ...closed,
        default: {},
        description: 'Column of each field by its heading; one left out is recognised by its heading.',
      },
    ),
  },
  { ...closed, default: {}, description: 'How people stand in the file.' },
)

const TableAgencies = Type.Object(
  {
    key: Type.Optional(Field('Column that never changes for an agency; its code if left out.')),
    attributes: Type.Object(
      {
        code: Field('Code of the agency.'),
        name: Field('Name of the agency.'),
        level: Type.Optional(Field('Level, one of the fixed names.')),
        sector: Type.Optional(Field('Sector: a code or a name of `roster.sectors`.')),
      },
      { ...closed, description: 'Column of each field by its heading.' },
    ),
    parent: Type.Optional(text('Column with the code of the agency above.')),
    levels: Type.Array(oneOf(levels, 'Level.'), {
      minItems: 1,
      default: ['department', 'unit'],
      description: 'Level by depth below the root, where no column says it; the last one goes on.',
    }),
  },
  {
    ...closed,
    description:
      'Agencies from the same file. Left out, the people’s agencies must be known already, unless `createAgencies`.',
  },
)

const TableSource = Type.Object(
  {
    name: text('Name of the source in runs and messages.'),
    kind: oneOf(['csv', 'xlsx'] as const, 'A file of rows; which of the two it is, its content says.'),
    path: Type.Optional(text('Path of the file. Either this or `folder`.')),
    folder: Type.Optional(
      text(
        'Folder that is watched: the newest file named by its day (`2026-11-01.xlsx`), else the one changed last.',
      ),
    ),
    sheet: Type.Optional(text('Sheet of a workbook; the first visible one if left out.')),
    legacy: Type.Optional(
      oneOf(['tcvn3', 'vni'] as const, 'Old Vietnamese fonts the text is written for, to be converted.'),
    ),
    complete: Type.Boolean({
      default: false,
      description: 'Whether absence from this source means departure.',
    }),
    supplement: Type.Boolean({
      default: false,
      description: 'Whether the file names only some people: then nobody is missing from it.',
    }),
    createAgencies: Type.Boolean({
      default: false,
      description: 'Whether an agency that only the people’s rows name is made, below `agency` or the root.',
    }),
    ...sourceFields,
    people: TablePeople,
    agencies: Type.Optional(TableAgencies),
  },
  { ...closed, description: 'A roster source of kind `csv` or `xlsx`.' },
)

/** What may be trusted to one source more than to another. */
export const trustedFields = [
  'fullName',
  'staffId',
  'personalNumber',
  'birthDay',
  'address',
  'phone',
  'email',
  'title',
  'staffClass',
  'agency',
  'absence',
] as const
export type TrustedField = (typeof trustedFields)[number]

const Roster = Type.Object(
  {
    root: Type.Optional(
      Type.Object(
        { code: text('Code.'), name: text('Name.') },
        { ...closed, description: 'The agency above all, where the directory has none.' },
      ),
    ),
    sources: Type.Array(Type.Union([LdapSource, LdifSource, TableSource]), {
      default: [],
      description: 'Where the roster is read from.',
    }),
    trust: Type.Record(Type.String(), Type.Array(Type.String()), {
      default: {},
      description: `Field → sources in order of trust; those not named follow in the order they are configured in, then imports, the newest first. \`agency\` says which source leads: where a person serves, and when they leave. Fields: ${trustedFields.join(', ')}.`,
    }),
    personalNumberKey: Type.Optional(Secret),
    holdingDays: Type.Integer({
      minimum: 0,
      maximum: 366,
      default: 30,
      description:
        'How long somebody missing from the file of their agency waits before counting as a leaver.',
    }),
    sectors: Type.Array(Type.Object({ code: text('Code.'), name: text('Name.') }, closed), {
      default: [
        { code: 'administration', name: 'Hành chính' },
        { code: 'education', name: 'Giáo dục' },
        { code: 'health', name: 'Y tế' },
        { code: 'party', name: 'Đảng, đoàn thể' },
        { code: 'publicService', name: 'Đơn vị sự nghiệp khác' },
      ],
      description: 'Sectors (khối), the second axis of agencies beside the tree.',
    }),
    guard: Type.Object(
      {
        maxLeavers: Count('Most leavers a run may find, in all and per agency; more are refused.', 50),
        maxLeaversPercent: Percent(
          'Most leavers in per cent of the staff, in all and per agency, from 5 leavers up.',
          5,
        ),
        maxMoversPercent: Percent('Most movers between agencies in per cent of the staff, from 5 up.', 20),
        maxRenamedPercent: Percent('Most people of another name in per cent of the staff, from 5 up.', 10),
        maxJoinersPercent: Percent(
          'Most joiners in per cent of the staff, from 50 up: a source that names everybody anew would double them.',
          30,
        ),
        maxAgenciesPercent: Percent('Most agencies closed or made anew in per cent of all, from 5 up.', 20),
      },
      {
        ...closed,
        default: {},
        description: 'What a roster run may do unattended. The first load is exempt.',
      },
    ),
  },
  { ...closed, default: {}, description: 'Who serves, in which agency.' },
)

const PostfixAdminPlatform = Type.Object(
  {
    name: text('Name of the platform.'),
    kind: Type.Literal('postfixadmin', { description: 'PostfixAdmin on PostgreSQL.' }),
    url: text('`postgres://user@host:port/name` of PostfixAdmin’s database. No password inside.', {
      pattern: '^postgres(ql)?://',
    }),
    password: Type.Optional(Secret),
    maildir: text('Path below the mail store; {domain} and {local} are replaced.', {
      default: '{domain}/{local}/',
    }),
    batchSize: Type.Integer({
      minimum: 1,
      maximum: 5000,
      default: 500,
      description: 'Changes per transaction.',
    }),
    passwordScheme: oneOf(
      ['ARGON2ID', 'BLF-CRYPT'] as const,
      'How passwords that people set are hashed. `ARGON2ID` needs a Dovecot built with libsodium, as Debian’s is.',
      'ARGON2ID',
    ),
  },
  { ...closed, description: 'A mail platform of kind `postfixadmin`.' },
)

const PracticePlatform = Type.Object(
  {
    name: text('Name of the platform.'),
    kind: Type.Literal('practice', {
      description: 'A platform for practice: mailboxes in a folder, no mail server behind them.',
    }),
    folder: text('Folder in which it keeps its mailboxes.'),
    domains: Type.Array(text('Mail domain.'), {
      default: [],
      description: 'The domains it has mailboxes in; any domain if empty.',
    }),
  },
  { ...closed, description: 'A mail platform of kind `practice`.' },
)

const ClientServer = (what: string, port: number) =>
  Type.Object(
    {
      host: text(`Name of the ${what} server.`),
      port: Type.Integer({ minimum: 1, maximum: 65535, default: port, description: 'Port.' }),
      security: oneOf(['tls', 'starttls'] as const, 'TLS from the first byte, or after STARTTLS.', 'tls'),
    },
    { ...closed, description: `The ${what} server, as people enter it on a phone.` },
  )

const Client = Type.Object(
  {
    imap: ClientServer('IMAP', 993),
    smtp: ClientServer('SMTP', 465),
    webmail: Type.Optional(text('Address of the webmail.', { pattern: '^https?://' })),
  },
  {
    ...closed,
    description: 'What is shown to whoever adds the mailbox to a phone; nothing is shown if left out.',
  },
)

const PasswordRules = Type.Object(
  {
    minLength: Type.Integer({ minimum: 8, maximum: 72, default: 9, description: 'Fewest characters.' }),
    classes: Type.Integer({
      minimum: 1,
      maximum: 4,
      default: 4,
      description: 'How many of small letters, capitals, digits and signs must occur.',
    }),
  },
  { ...closed, default: {}, description: 'Which passwords people may set.' },
)

const EligibilityRule = Type.Object(
  {
    staffClasses: Type.Optional(Type.Array(text('Staff class.'), { minItems: 1 })),
    titles: Type.Optional(
      Type.Array(text('Title, in any case and without marks; `*` stands for any text: `hiệu trưởng*`.'), {
        minItems: 1,
      }),
    ),
    sectors: Type.Optional(
      Type.Array(
        text(
          'Code of a sector: of the agency the person is counted at, or of the nearest above that has one.',
        ),
        { minItems: 1 },
      ),
    ),
    agencies: Type.Optional(Type.Array(text('Code of an agency, for it and all below.'), { minItems: 1 })),
    required: Type.Boolean({ description: 'Whether whoever fits must have a mailbox.' }),
    document: text('Number, day and subject of the document that says so.'),
  },
  { ...closed, description: 'Every list that is there must fit; one at least is needed.' },
)

const Mailbox = Type.Object(
  {
    platforms: Type.Array(Type.Union([PostfixAdminPlatform, PracticePlatform]), {
      default: [],
      maxItems: 1,
      description: 'Where mailboxes live.',
    }),
    naming: Type.Array(
      Type.Object(
        {
          agency: text('Code of an agency, for it and all below, or `*`. The nearest rule counts.', {
            default: '*',
          }),
          sector: Type.Optional(
            text(
              'Only agencies of this sector, their own or that of the nearest above. Among rules of one agency it goes before the one without.',
            ),
          ),
          domain: text('Mail domain.'),
          pattern: text('How the local part is formed.', { default: '{given}{initials}' }),
          collision: Type.Array(text('Pattern.'), {
            default: ['{given}{initials}{n}'],
            description: 'What to try when it is taken, in order; `{n}` counts from 2.',
          }),
        },
        closed,
      ),
      { default: [], description: 'How addresses are formed.' },
    ),
    quota: Type.Object(
      {
        default: text('Size of a personal mailbox: `2 GB`, `500 MB`, or `0` for no limit.', {
          default: '2 GB',
          pattern: '^(0|[0-9]+(\\.[0-9]+)? ?[KMGT]B)$',
        }),
      },
      { ...closed, default: {}, description: 'Size of mailboxes.' },
    ),
    staffClasses: Type.Array(text('Staff class.'), {
      default: ['cán bộ', 'công chức', 'viên chức'],
      description: 'Who must have a mailbox.',
    }),
    eligibility: Type.Array(EligibilityRule, {
      default: [],
      description:
        'Rules before `staffClasses`: the first that fits decides whether somebody must have a mailbox; where none does, the class decides.',
    }),
    approval: oneOf(
      ['manual', 'automatic'] as const,
      'Whether the nightly run may apply a plan within the guard.',
      'manual',
    ),
    guard: Type.Object(
      {
        maxSuspend: Count('Most suspensions a plan may hold, in all and per agency.', 50),
        maxSuspendPercent: Percent('Most suspensions in per cent of the mailboxes, from 5 up.', 5),
        maxRemove: Count('Most removals a plan may hold.', 20),
      },
      { ...closed, default: {}, description: 'What a plan may do without a person forcing it.' },
    ),
    password: PasswordRules,
    invitationDays: Type.Integer({
      minimum: 1,
      maximum: 90,
      default: 14,
      description: 'How many days an activation link or a slip of a hand-out sheet can be used.',
    }),
    client: Type.Optional(Client),
  },
  { ...closed, default: {}, description: 'Which mailbox each person should have.' },
)

const Covers = Type.Object(
  {
    platforms: Type.Optional(Type.Array(text('Name of a platform.'))),
    domains: Type.Optional(Type.Array(text('Mail domain.'))),
    agencies: Type.Optional(Type.Array(text('Code of an agency, for it and all below.'))),
  },
  { ...closed, description: 'Whose use the source shows; everybody’s if left out.' },
)

const LogSource = Type.Object(
  {
    name: text('Name of the source.'),
    kind: Type.Literal('log', { description: 'A mail log, followed while it grows.' }),
    path: text('Path of the log file.'),
    timeZone: Type.Optional(text('Zone of stamps that name none; the zone of the installation if left out.')),
    covers: Type.Optional(Covers),
  },
  { ...closed, description: 'An activity source of kind `log`.' },
)

const ImapSource = Type.Object(
  {
    name: text('Name of the source.'),
    kind: Type.Literal('imap', { description: 'A round over all mailboxes as master user.' }),
    host: text('IMAP server.'),
    port: Port('Port.'),
    secure: Type.Boolean({ default: true, description: 'TLS from the first byte.' }),
    masterUser: text('Name of the master user.'),
    masterPassword: Secret,
    separator: text('Between the person’s name and the master’s.', { default: '*' }),
    concurrency: Type.Integer({ minimum: 1, maximum: 100, default: 10, description: 'Connections at once.' }),
    submission: Type.Optional(
      Type.Object(
        {
          host: text('Submission server.'),
          port: Port('Port.'),
          secure: Type.Boolean({ default: false, description: 'TLS from the first byte.' }),
        },
        { ...closed, description: 'Where `check` tries whether the master user could send as anyone.' },
      ),
    ),
  },
  { ...closed, description: 'An activity source of kind `imap`.' },
)

const Activity = Type.Object(
  {
    sources: Type.Array(Type.Union([LogSource, ImapSource]), {
      default: [],
      description: 'Where use shows.',
    }),
    exclude: Type.Object(
      {
        addresses: Type.Array(text('Sign-in name.'), {
          default: [],
          description: 'Sign-in names that count for nothing.',
        }),
        clients: Type.Array(text('Client address.'), {
          default: [],
          description: 'Client addresses whose sign-ins are machinery.',
        }),
      },
      { ...closed, default: {}, description: 'What is no use.' },
    ),
    maxLineBytes: Type.Integer({
      minimum: 1024,
      maximum: 1_048_576,
      default: 65_536,
      description: 'Longer lines are ignored.',
    }),
  },
  { ...closed, default: {}, description: 'Proof of use.' },
)

/** Optional throughout: defaults are not filled in below the keys of a record. */
const SectorCalendar = Type.Object(
  {
    holidays: Type.Optional(
      Type.Array(text('Day.', { format: 'date' }), { description: 'Days off of the sector, `YYYY-MM-DD`.' }),
    ),
    ranges: Type.Optional(
      Type.Array(
        Type.Object(
          {
            from: text('First day.', { format: 'date' }),
            to: text('Last day.', { format: 'date' }),
          },
          closed,
        ),
        { description: 'Longer times off, such as the summer of schools.' },
      ),
    ),
    workdays: Type.Optional(
      Type.Array(text('Day.', { format: 'date' }), {
        description: 'Days worked in the sector, though they are off otherwise.',
      }),
    ),
  },
  { ...closed, description: 'Beside `adoption.calendar`, whose days off stay off.' },
)

const indicators = ['issued', 'activated', 'used', 'sending', 'regular'] as const
export type Indicator = (typeof indicators)[number]

const Adoption = Type.Object(
  {
    regularNeedsSend: Type.Boolean({
      default: false,
      description: 'Whether regular use asks for a send in the 28 days too.',
    }),
    calendar: Type.Object(
      {
        holidays: Type.Array(text('Day.', { format: 'date' }), {
          default: [],
          description: 'Further days off, `YYYY-MM-DD`.',
        }),
        workdays: Type.Array(text('Day.', { format: 'date' }), {
          default: [],
          description: 'Days worked though they are weekend or holiday.',
        }),
      },
      { ...closed, default: {}, description: 'Beside the public holidays of Việt Nam.' },
    ),
    sectorCalendars: Type.Record(Type.String(), SectorCalendar, {
      default: {},
      description:
        'Code of a sector → its own days off, for people counted at agencies of it: `{"education": {"ranges": [{"from": "2026-06-01", "to": "2026-07-31"}]}}`.',
    }),
    targets: Type.Array(
      Type.Object(
        {
          name: text('Name of the target, as reports print it.'),
          indicator: oneOf(indicators, 'What is to be reached.'),
          value: Type.Number({
            minimum: 0,
            maximum: 1,
            description: 'Share of those who must have a mailbox, 0–1.',
          }),
          scope: Type.Object(
            {
              level: Type.Optional(oneOf(levels, 'Agencies of this level.')),
              agency: Type.Optional(text('Code of one agency.')),
            },
            {
              ...closed,
              default: {},
              description:
                'Which agencies it stands for; those below inherit the nearest. Everybody if empty.',
            },
          ),
          from: text('First day.', { format: 'date' }),
          due: text('Last day.', { format: 'date' }),
          kind: oneOf(['reach', 'keep'] as const, 'To be reached by the day, or kept all the time.', 'reach'),
        },
        closed,
      ),
      { default: [], description: 'What was ordered, by when.' },
    ),
  },
  { ...closed, default: {}, description: 'How far each agency is.' },
)

const MailOut = Type.Object(
  {
    host: text('Mail server that takes our mail.'),
    port: Type.Integer({ minimum: 1, maximum: 65535, default: 25, description: 'Port.' }),
    secure: Type.Boolean({ default: false, description: 'TLS from the first byte.' }),
    user: Type.Optional(text('Sign-in name.')),
    password: Type.Optional(Secret),
    from: text('Sender.'),
    operators: Type.Array(text('Address.'), {
      default: [],
      description: 'Who is told when a night failed or was missed.',
    }),
  },
  { ...closed, description: 'Mail we send.' },
)

const Jobs = Type.Object(
  {
    nightly: text('When the nightly run starts, as a cron line in the configured zone.', {
      default: '30 1 * * *',
    }),
  },
  { ...closed, default: {}, description: 'What runs by itself.' },
)

export const ConfigSchema = Type.Object(
  {
    database: Database,
    http: Http,
    locale: oneOf(['vi', 'en'] as const, 'Language of the command line and pages.', 'vi'),
    timeZone: text('IANA zone in which a day begins and ends.', { default: 'Asia/Ho_Chi_Minh' }),
    roster: Roster,
    mailbox: Mailbox,
    activity: Activity,
    adoption: Adoption,
    mailOut: Type.Optional(MailOut),
    jobs: Jobs,
    logLevel: oneOf(
      ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const,
      'How much the log says.',
      'info',
    ),
  },
  { ...closed, description: 'The configuration of Hộp Thư.' },
)

export type Config = Static<typeof ConfigSchema>
export type Secret = Static<typeof Secret>
export type LdapSourceConfig = Static<typeof LdapSource>
export type LdifSourceConfig = Static<typeof LdifSource>
export type TableSourceConfig = Static<typeof TableSource>
export type SourceConfig = LdapSourceConfig | LdifSourceConfig | TableSourceConfig
export type FieldMapping =
  | string
  | { constant: string }
  | {
      attribute: string
      pattern?: string
      template?: string
      values?: Record<string, string>
      otherwise?: string
    }
export type DisabledMapping = string | { attribute: string; bit: number }
export type LogSourceConfig = Static<typeof LogSource>
export type ImapSourceConfig = Static<typeof ImapSource>
export type PostfixAdminConfig = Static<typeof PostfixAdminPlatform>
export type PasswordScheme = PostfixAdminConfig['passwordScheme']
export type PracticeConfig = Static<typeof PracticePlatform>
export type PlatformConfig = PostfixAdminConfig | PracticeConfig
export type Target = Config['adoption']['targets'][number]
