import { Markup, markup } from '../markup.ts'
import { hashOf } from './script.ts'

interface Page {
  lang?: string | undefined
  title: string | undefined
  /** All of it: nothing is loaded. */
  style: string
  /** The one script that may run, if any. */
  script?: string
  body: Markup
}

/** One file that opens offline: it loads nothing, and the policy in its head allows its own style, its own script, and nothing else. */
export function shell({ lang = 'en', title, style, script, body }: Page): Markup {
  const scripts = script === undefined ? '' : `script-src ${hashOf(script)}; `
  const policy = `default-src 'none'; ${scripts}style-src ${hashOf(style)}; base-uri 'none'; form-action 'none'`
  return markup`<!doctype html>
<html lang="${lang}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${new Markup(style)}</style>
</head>
<body>
${body}
</body>
</html>
`
}
