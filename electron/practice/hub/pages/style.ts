/** The one stylesheet of the practice pages: light and dark from the system, nothing loaded, nothing that moves. */
export const style = `
:root{color-scheme:light dark;--page:#fbfaf8;--card:#fff;--text:#1d1b17;--quiet:#5d574c;--line:#d9d4c9;--accent:#7a5200;--on-accent:#fff;--note:#fdf3dc;--good:#1b6a34;--wait:#7a5200;--bad:#a32020}
@media (prefers-color-scheme:dark){:root{--page:#191815;--card:#22211d;--text:#f1eee7;--quiet:#b3ac9e;--line:#3d3a33;--accent:#e3b458;--on-accent:#1d1b17;--note:#332b17;--good:#7fd498;--wait:#e3b458;--bad:#ff9c94}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--text);font:15px/1.5 system-ui,sans-serif}
a{color:var(--accent)}input{accent-color:var(--accent)}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
.skip{position:absolute;left:-99rem}.skip:focus{left:1rem;top:1rem}
header,main,footer{max-width:46rem;margin:0 auto;padding:0 16px}
header{display:flex;flex-wrap:wrap;gap:4px 16px;align-items:baseline;padding-top:16px}
header strong{margin-right:auto}
.banner{background:var(--note);border-bottom:1px solid var(--line);padding:8px 16px;text-align:center}
h1{font-size:24px;line-height:1.25;margin:24px 0 8px;overflow-wrap:anywhere}
h2{font-size:18px;margin:24px 0 8px}
section,fieldset{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:16px;margin:16px 0}
section>h2:first-child{margin-top:0}
legend{padding:0 8px;font-weight:600}
label{display:block;margin:12px 0 4px;font-weight:600}
label.box{display:flex;gap:8px;font-weight:400;align-items:baseline}
input:not([type=checkbox]):not([type=radio]),select{width:100%;max-width:28rem;padding:8px;font:inherit;color:inherit;background:var(--page);border:1px solid var(--quiet);border-radius:6px}
button{font:inherit;padding:8px 16px;border-radius:6px;border:1px solid var(--accent);background:var(--accent);color:var(--on-accent);cursor:pointer}
button.quiet{background:transparent;color:var(--accent)}
form.row{display:inline-block;margin:4px 8px 4px 0}
pre,code,.token{font-family:ui-monospace,monospace;font-size:13px}
pre{white-space:pre-wrap;overflow-wrap:anywhere;background:var(--page);border:1px solid var(--line);border-radius:6px;padding:12px}
.token{display:block;user-select:all;overflow-wrap:anywhere;padding:12px;border:1px solid var(--accent);border-radius:6px;background:var(--page)}
section{overflow-x:auto}
table{width:100%;border-collapse:collapse}th,td{text-align:left;padding:8px 12px 8px 0;border-bottom:1px solid var(--line);vertical-align:top}
th,td.number,button{white-space:nowrap}th.number,td.number{text-align:right;padding-right:0;font-variant-numeric:tabular-nums}
.quiet-text{color:var(--quiet)}.good{color:var(--good)}.wait{color:var(--wait)}.bad{color:var(--bad)}
.controls{border-style:dashed}
footer{color:var(--quiet);padding-top:16px;padding-bottom:32px}
`;
