import { Markup, markup } from '../markup.ts'
import { style } from '../style.ts'
import type { PageData } from './page-data.ts'
import { chartStyle, inlineJson, script } from './script.ts'
import { shell } from './shell.ts'

/** A page with charts: its data and the one script that draws them. */
export const document = ({ title, body, data }: { title: string; body: Markup; data: PageData }): Markup =>
  shell({
    title,
    style: `${chartStyle}\n${style}`,
    script,
    body: markup`${body}
<script type="application/json" id="data">${new Markup(inlineJson(data))}</script>
<script>${new Markup(script)}</script>`,
  })
