/** What the pages of figures tell of roster sources that have fallen silent. */
export { type Silence, silences, silenceText } from '../roster/rhythm.ts'
