/** The page's style; light and dark by the reader's preference. Every meaning of a colour is also told by a word, a sign or a pattern. */
export const style = `
:root { color-scheme: light dark; --ground: #fff; --panel: #f6f8fa; --line: #d0d7de; --ink: #1f2328; --dim: #59636e;
  --hold: #0969da; --hold-ink: #fff; --bad: #cf222e; --bad-ground: #ffebe9; --fault: #9a6700; --fault-ground: #fff3d6; --good: #1a7f37; }
@media (prefers-color-scheme: dark) { :root { --ground: #0d1117; --panel: #161b22; --line: #30363d; --ink: #e6edf3; --dim: #9198a1;
  --hold: #58a6ff; --hold-ink: #06131f; --bad: #ff7b72; --bad-ground: #341414; --fault: #d29922; --fault-ground: #2b2410; --good: #3fb950; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 28px 24px 64px; max-width: 1148px; background: var(--ground); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', 'Noto Sans', sans-serif; overflow-wrap: anywhere; }
header { border-left: 6px solid var(--dim); padding: 2px 0 2px 18px; }
header.valid { border-color: var(--good); } header.invalid { border-color: var(--bad); } header.unknown { border-color: var(--fault); }
h1 { margin: 0; font-size: 26px; line-height: 1.25; }
.valid .mark { color: var(--good); } .invalid .mark { color: var(--bad); } .unknown .mark { color: var(--fault); }
header p { margin: 4px 0 0; color: var(--dim); }
header ul { margin: 10px 0 0; padding-left: 20px; } header li { margin: 3px 0; }
h2 { margin: 36px 0 10px; font-size: 18px; }
a { color: var(--hold); } .dim { color: var(--dim); }
code, pre, .mono { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace; font-size: 13px; }
pre { margin: 8px 0; padding: 12px 14px; overflow: auto; background: var(--panel); border: 1px solid var(--line); border-radius: 6px; white-space: pre-wrap; }
.scroll { overflow-x: auto; background: linear-gradient(to right, var(--ground) 40%, transparent) left / 40px 100%, linear-gradient(to left, var(--ground) 40%, transparent) right / 40px 100%, linear-gradient(to right, var(--line), transparent) left / 12px 100%, linear-gradient(to left, var(--line), transparent) right / 12px 100%;
  background-repeat: no-repeat; background-attachment: local, local, scroll, scroll; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: 5px 14px 5px 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
th { color: var(--dim); font-weight: 600; font-size: 13px; white-space: nowrap; }
td.number, th.number { text-align: right; white-space: nowrap; }
td.nowrap { white-space: nowrap; } td.long { min-width: 18em; }
tr.involved td { background: var(--bad-ground); } tr.involved td:first-child { box-shadow: inset 3px 0 var(--bad); } td:first-child, th:first-child { padding-left: 10px; }
h2 code { font-size: inherit; }
.columns > * { max-width: 100%; overflow-x: auto; } .columns td { white-space: nowrap; } .columns p { max-width: 300px; }
.columns { display: flex; flex-wrap: wrap; gap: 0 56px; }
details { margin-top: 12px; } summary { cursor: pointer; color: var(--dim); }
figure { margin: 0; } figcaption { margin-bottom: 8px; color: var(--dim); }
svg { display: block; width: 100%; min-width: 720px; height: auto; background: var(--panel); border: 1px solid var(--line); border-radius: 6px; }
svg text { font: 12px system-ui, -apple-system, 'Segoe UI', 'Noto Sans', sans-serif; fill: var(--ink); }
svg .tick, svg .node { fill: var(--dim); } svg .lane { font-weight: 600; } svg .lane.node { font-weight: 400; }
svg .grid, svg .floor { stroke: var(--line); stroke-width: 1; } svg .floor { stroke-dasharray: 2 4; }
svg .hold { fill: var(--hold); } svg .hold.bad { stroke: var(--bad); stroke-width: 1.2; }
svg .wait { stroke: var(--dim); stroke-width: 1; opacity: .55; }
svg .hatch-ground { fill: var(--bad-ground); } svg .hatch-line { fill: var(--bad); }
svg .fault-ground { fill: var(--fault-ground); } svg .fault-line { fill: var(--fault); opacity: .45; } svg .band { opacity: .75; }
svg .overlap { fill: var(--bad); fill-opacity: .12; stroke: var(--bad); stroke-dasharray: 4 3; stroke-width: 1.2; }
svg line.note { stroke-width: 1; stroke: var(--dim); stroke-dasharray: 3 3; } svg line.note.fault { stroke: var(--fault); stroke-dasharray: none; } svg line.note.clash { stroke: var(--bad); stroke-dasharray: none; }
svg text.note.fault { fill: var(--fault); font-weight: 600; } svg text.note.clash { fill: var(--bad); font-weight: 700; }
svg .key { fill: var(--dim); stroke: var(--dim); stroke-width: .5; } svg path.key { stroke-width: 1.6; fill: none; } svg .key.gone { fill: none; stroke-width: 1.6; }
h3 { margin: 14px 0 6px; font-size: 15px; } dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 18px; margin: 8px 0; } dt { color: var(--dim); } dd { margin: 0; }
.bar { display: flex; flex-wrap: wrap; gap: 6px; align-items: center; margin: 10px 0 4px; }
button, select { font: inherit; font-size: 14px; padding: 3px 10px; color: var(--ink); background: var(--panel); border: 1px solid var(--line); border-radius: 6px; max-width: 100%; }
button { cursor: pointer; } button:hover { border-color: var(--hold); } button:focus-visible, select:focus-visible, .chart:focus-visible, .scroll:focus-visible, summary:focus-visible { outline: 3px solid var(--hold); outline-offset: 2px; }
figure p { margin: 4px 0; } .chart { background: var(--panel); border: 1px solid var(--line); border-radius: 6px; overflow: hidden; min-height: 60px; }
.tip { min-height: 4.6em; margin: 6px 0; font-size: 14px; color: var(--ink); }
.sign { display: inline-block; margin-right: 6px; } .key { display: inline-block; width: 26px; height: 12px; vertical-align: -1px; } .key.belief { background: var(--hold); } .key.lease { border: 2px solid var(--hold); }
.key.clash { border: 1px solid var(--bad); background: repeating-linear-gradient(45deg, var(--bad) 0 2px, transparent 2px 5px); } .key.clash.allowed { border-color: var(--dim); background: repeating-linear-gradient(45deg, var(--dim) 0 2px, transparent 2px 5px); } .key.fault { border: 1px solid var(--fault); background: repeating-linear-gradient(-45deg, var(--fault) 0 1px, transparent 1px 7px); } .key.away { border: 1px solid var(--dim); background: repeating-linear-gradient(45deg, var(--dim) 0 1px, transparent 1px 6px), repeating-linear-gradient(-45deg, var(--dim) 0 1px, transparent 1px 6px); }
.columns.wide { gap: 0 24px; } .half { flex: 1 1 440px; min-width: 0; } .third { flex: 1 1 300px; min-width: 0; } .columns.wide p { max-width: none; }
.uplot, .u-legend { font-size: 13px; } .u-legend { color: var(--ink); } .u-inline.u-live th::after { content: ''; } .u-select { background: var(--hold); opacity: .2; }
svg.graph { max-width: 780px; min-width: 640px; } svg .link { stroke: var(--dim); stroke-width: 1.2; } svg .link.hit { stroke: var(--fault); stroke-width: 2.6; stroke-dasharray: 7 4; } svg text.hit { fill: var(--fault); font-weight: 600; }
svg .box { fill: var(--ground); stroke: var(--dim); } svg .box.hit { stroke: var(--fault); stroke-width: 2.6; stroke-dasharray: 7 4; } svg text.small { fill: var(--dim); font-size: 11px; }
.scroll:has(.matrix) { max-height: 88vh; overflow: auto; } .matrix th { vertical-align: bottom; color: var(--ink); } .matrix th:nth-child(n + 3) { white-space: normal; min-width: 12em; } .matrix tbody th { vertical-align: top; font-weight: 400; font-size: inherit; }
.matrix thead th { position: sticky; top: 0; z-index: 2; background: var(--ground); } .matrix tr > :first-child { position: sticky; left: 0; z-index: 1; background: var(--ground); } .matrix thead tr > :first-child { z-index: 3; }
.tally { font-weight: 400; color: var(--dim); } .cell { min-width: 11em; max-width: 20em; } .cell p { margin: 0 0 4px; }
ol.dim { margin: 6px 0; padding-left: 24px; }
@media print { body { max-width: none; } }
`
