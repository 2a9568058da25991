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

const PersonAttributes = Type.Object(
  {
    staffId: Type.Optional(
      text('Number of the official in the personnel records. An entry without it is rejected.'),
    ),
    fullName: text('Full name in Vietnamese order.', { default: 'cn' }),
    agency: text('Code of the agency; several values are concurrent posts.', { default: 'departmentNumber' }),
    primaryAgency: Type.Optional(
      text('Code of the agency the person is counted at, where there are several.'),
    ),
    staffClass: Type.Optional(text('Cán bộ, công chức, viên chức, người lao động …')),
    title: Type.Optional(text('Position.')),
    phone: Type.Optional(text('Telephone number.')),
    email: Type.Optional(text('Another address of the person, for the activation link.')),
    startDay: Type.Optional(text('First day of the employment, `YYYY-MM-DD` or generalized time.')),
    absentFrom: Type.Optional(text('First day of a long absence.')),
    absentUntil: Type.Optional(text('Last day of a long absence; open if missing.')),
  },
  { ...closed, default: {}, description: 'Directory attribute of each field.' },
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
        code: text('Code of the agency.', { default: 'ou' }),
        name: text('Name of the agency; its code where the entry has none.', { default: 'description' }),
        level: Type.Optional(text('Level, one of the fixed names.')),
        sector: Type.Optional(text('Sector, free text.')),
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
    people: People,
    agencies: Agencies,
  },
  { ...closed, description: 'A roster source of kind `ldif`.' },
)

const Roster = Type.Object(
  {
    root: Type.Optional(
      Type.Object(
        { code: text('Code.'), name: text('Name.') },
        { ...closed, description: 'The agency above all, where the directory has none.' },
      ),
    ),
    sources: Type.Array(Type.Union([LdapSource, LdifSource]), {
      default: [],
      description: 'Where the roster is read from.',
    }),
    guard: Type.Object(
      {
        maxLeavers: Count('Most leavers a run may find, in all and per agency; more are refused.', 50),
        maxLeaversPercent: Percent(
          'Most leavers in per cent of the staff, in all and per agency, from 5 leavers up.',
          5,
        ),
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
export type SourceConfig = LdapSourceConfig | LdifSourceConfig
export type LogSourceConfig = Static<typeof LogSource>
export type ImapSourceConfig = Static<typeof ImapSource>
export type PostfixAdminConfig = Static<typeof PostfixAdminPlatform>
export type PasswordScheme = PostfixAdminConfig['passwordScheme']
export type PracticeConfig = Static<typeof PracticePlatform>
export type PlatformConfig = PostfixAdminConfig | PracticeConfig
export type Target = Config['adoption']['targets'][number]
