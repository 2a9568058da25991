/**
 * HTML as tagged templates that escape what is put in: `html\`<p>${text}</p>\``. A piece that is HTML already goes in
 * with an exclamation mark, `!${piece}`; a list of pieces is joined. Nothing else ever goes in unescaped.
 */
export { html } from 'ghtml'
