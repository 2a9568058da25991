/** What somebody who may do a little tries, to do more than that: with files, with answers, with what a row holds. */
import t from 'tap'
import { openWizard } from '../support/import-form.ts'
import { officials } from '../support/province.ts'

const OWN = 'H99.05'
const OTHER = 'H99.11'

t.setTimeout(120_000)

t.test(
  'a directory in a file is taken from administrators of the whole only, whatever the form says',
  async t => {
    const wizard = await openWizard(t)
    await wizard.sync([...officials(3, OWN), ...officials(3, OTHER, 100)])
    const who = await wizard.web.signIn('agency-admin', await wizard.agencyId(OWN))
    const content = `version: 1\n\ndn: ou=agencies,dc=phuocan,dc=test\nobjectClass: organizationalUnit\nou: agencies\n\ndn: uid=990001,ou=people,dc=phuocan,dc=test\nobjectClass: inetOrgPerson\nuid: 990001\nentryUUID: x\nemployeeNumber: 990001\ncn: Lạ Mặt\nsn: Lạ\ndepartmentNumber: ${OTHER}\nemployeeType: công chức\n`
    const url = await wizard.brought(who, { name: 'toan-tinh.ldif', content })
    await wizard.press(who, url, { step: 'preview' })
    const { state, preview } = await wizard.upload(url)
    t.same([state, preview], ['columns', null], 'not even tried')
    await wizard.press(who, url, { step: 'run' })
    const runs = await wizard.one<{ n: number }>(`select count(*)::int as n from run where kind = 'roster'`)
    t.equal(runs.n, 1, 'no run but the first')
  },
)
