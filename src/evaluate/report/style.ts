/** The report's style sheet: two colour schemes over one set of names. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #f4f5f7; --card: #ffffff; --ink: #16191f; --muted: #6b7280; --edge: #e3e6ea; --grid: #eceef1; --zero: #c9ced6;
  --cross: #9aa1ac; --select: rgba(59, 108, 246, .14); --price: #4b5563;
  --good: #0f8a5f; --bad: #d03b46; --warn: #b7791f; --calm: #52606d;
  --buy: #12a150; --sell: #e04352; --hold: #d5d9df;
  --curve-0: #3b62f6; --curve-1: #e08a00; --curve-2: #7c8694; --curve-3: #a855c7;
  --curve-4: #0d9aa5; --curve-5: #c2417c; --curve-6: #6d8b1c; --curve-7: #8b6b4e;
  --shadow: 0 1px 2px rgba(20, 25, 35, .05), 0 6px 24px rgba(20, 25, 35, .05);
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0e1116; --card: #161a21; --ink: #e7eaef; --muted: #8f98a6; --edge: #262c36; --grid: #212731; --zero: #3a4452;
    --cross: #5c6675; --select: rgba(122, 154, 255, .16); --price: #b6bfcc;
    --good: #3ecf8e; --bad: #f2616b; --warn: #f0b429; --calm: #9aa7b5;
    --buy: #2fbf71; --sell: #ef5b67; --hold: #333b47;
    --curve-0: #7a9aff; --curve-1: #f5ae3d; --curve-2: #8d97a5; --curve-3: #c98ae0;
    --curve-4: #3cc4cf; --curve-5: #ef7fb0; --curve-6: #a9c95a; --curve-7: #c7a17d;
    --shadow: none;
  }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  font-variant-numeric: tabular-nums;
}
main { max-width: 1120px; margin: 0 auto; padding: 28px 20px 56px; display: grid; gap: 18px; }
main > * { min-width: 0; }
header { display: flex; flex-wrap: wrap; gap: 4px 16px; align-items: baseline; }
header h1 { font-size: 17px; font-weight: 650; margin: 0; letter-spacing: -.01em; }
header p { margin: 0; color: var(--muted); font-size: 13.5px; }
h2 { font-size: 14px; font-weight: 650; margin: 0 0 12px; letter-spacing: -.005em; }
section { background: var(--card); border: 1px solid var(--edge); border-radius: 14px; padding: 20px; box-shadow: var(--shadow); }
.verdict { border-left: 5px solid var(--tone); }
.verdict .word { font-size: clamp(25px, 4.6vw, 38px); line-height: 1.15; font-weight: 720; letter-spacing: -.025em; color: var(--tone); margin: 0; }
.verdict .word::first-letter { text-transform: uppercase; }
.verdict .why { margin: 8px 0 0; max-width: 76ch; }
.edge { --tone: var(--good); } .none { --tone: var(--calm); } .worse { --tone: var(--bad); } .little { --tone: var(--warn); }
.evidence { display: grid; grid-template-columns: repeat(auto-fit, minmax(230px, 1fr)); gap: 14px 28px; margin-top: 20px; padding-top: 18px; border-top: 1px solid var(--edge); }
.evidence h3 { margin: 0; font-size: 12.5px; font-weight: 500; color: var(--muted); }
.evidence p { margin: 0; font-size: 13px; color: var(--muted); }
.evidence strong { color: var(--ink); font-weight: 620; font-size: 15px; }
.evidence svg { display: block; width: 100%; height: 26px; margin: 2px 0; overflow: visible; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(118px, 1fr)); gap: 10px; padding: 0; border: 0; background: none; box-shadow: none; }
.tile { background: var(--card); border: 1px solid var(--edge); border-radius: 12px; padding: 11px 13px; box-shadow: var(--shadow); }
.tile span { display: block; font-size: 12.5px; color: var(--muted); }
.tile b { display: block; font-size: clamp(13px, 1.5vw, 19px); font-weight: 640; letter-spacing: -.02em; overflow-wrap: anywhere; }
.tile small { color: var(--muted); font-size: 11.5px; white-space: nowrap; }
.up { color: var(--good); } .down { color: var(--bad); }
.legend { display: flex; flex-wrap: wrap; gap: 6px; margin: 0 0 14px; }
button { font: inherit; font-size: 12.5px; color: var(--ink); background: none; border: 1px solid var(--edge); border-radius: 99px; padding: 3px 11px 3px 9px; cursor: pointer; display: inline-flex; align-items: center; gap: 7px; }
button:hover { border-color: var(--cross); }
button:focus-visible, #charts:focus-visible { outline: 2px solid var(--curve-0); outline-offset: 2px; }
button i { width: 10px; height: 10px; border-radius: 3px; background: var(--swatch); }
button[aria-pressed="false"] { color: var(--muted); }
button[aria-pressed="false"] i { background: none; box-shadow: inset 0 0 0 1.5px var(--swatch); opacity: .6; }
.tools { margin-left: auto; display: flex; gap: 6px; }
#charts { position: relative; cursor: crosshair; touch-action: pan-y; user-select: none; -webkit-user-select: none; border-radius: 6px; }
#charts h3 { margin: 16px 0 5px; font-size: 12.5px; font-weight: 500; color: var(--muted); }
#charts h3:first-child { margin-top: 0; }
canvas { display: block; width: 100%; }
#equity { height: 290px; } #drawdown { height: 110px; } #price { height: 250px; } #exposure { height: 74px; } #actions { height: 74px; } #axis { height: 20px; }
#tip { position: absolute; top: 26px; z-index: 2; pointer-events: none; background: var(--card); border: 1px solid var(--edge); border-radius: 10px; padding: 9px 12px; box-shadow: 0 8px 30px rgba(0, 0, 0, .18); font-size: 12.5px; min-width: 196px; }
#tip time { display: block; color: var(--muted); margin-bottom: 4px; }
#tip div { display: flex; align-items: center; gap: 8px; line-height: 1.55; }
#tip i { width: 9px; height: 9px; border-radius: 3px; flex: none; }
#tip b { margin-left: auto; padding-left: 14px; font-weight: 600; white-space: nowrap; }
.key { color: var(--muted); font-size: 12.5px; margin: 12px 0 0; }
.scroll { overflow-x: auto; margin: 0 -20px; padding: 0 20px; }
table { border-collapse: collapse; width: 100%; font-size: 12.5px; }
th, td { padding: 6px 9px; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--edge); font-weight: 400; }
tr:last-child > * { border-bottom: 0; }
thead th { color: var(--muted); font-size: 12.5px; vertical-align: bottom; white-space: normal; min-width: 80px; font-weight: 500; line-height: 1.3; }
th:first-child, td:first-child { text-align: left; position: sticky; left: 0; background: var(--card); padding-left: 0; min-width: 128px; }
.own { font-weight: 650; color: var(--ink); }
td.own, td.own:first-child { background: color-mix(in srgb, var(--curve-0) 9%, var(--card)); }
abbr { text-decoration: none; cursor: help; }
.ran td { text-align: left; white-space: normal; overflow-wrap: anywhere; }
.ran td:first-child { color: var(--muted); white-space: nowrap; vertical-align: top; padding-right: 22px; width: 1%; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); gap: 18px; }
footer { color: var(--muted); font-size: 12.5px; max-width: 84ch; }
@media (max-width: 600px) {
  main { padding: 16px 10px 40px; gap: 12px; }
  section { padding: 15px 14px; border-radius: 12px; }
  .scroll { margin: 0 -14px; padding: 0 14px; }
  .tiles { grid-template-columns: repeat(2, 1fr); gap: 8px; }
  #equity { height: 220px; } #price { height: 200px; } #drawdown { height: 84px; }
  #tip { font-size: 11px; min-width: 0; padding: 6px 9px; opacity: .93; }
  #tip div { line-height: 1.4; gap: 6px; }
  .evidence { grid-template-columns: 1fr; }
}
@media print { section, .tile { box-shadow: none; break-inside: avoid; } #tip, .tools { display: none; } }
`;
