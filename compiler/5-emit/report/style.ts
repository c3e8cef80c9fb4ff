/** The page's only style: colours by scheme, everything else in percent of what room there is. */
export const style = `
:root{color-scheme:light dark;--back:#fff;--fore:#1c1c1e;--soft:#5d5d66;--edge:#d7d7de;--grid:#e6e6eb;--line:#2f5fd0;--mark:#b3261e;
--weights:#bcd3fb;--wasm:#c6e8c3;--shaders:#fbdcae;--script:#e9c9f0;--other:#dcdce2}
@media(prefers-color-scheme:dark){:root{--back:#151518;--fore:#ececf1;--soft:#a6a6b2;--edge:#3a3a43;--grid:#2a2a31;--line:#8fb4ff;--mark:#ff8a80;
--weights:#24447f;--wasm:#235a2d;--shaders:#6b4a12;--script:#5b2d69;--other:#3c3c46}}
*{box-sizing:border-box}
body{margin:0 auto;padding:16px;max-width:1200px;background:var(--back);color:var(--fore);font:15px/1.45 system-ui,sans-serif;overflow-wrap:anywhere}
h1{font-size:1.5rem;margin:0}h2{font-size:1.2rem;margin:0 0 8px}
section{border-top:1px solid var(--edge);margin-top:24px;padding-top:16px}
p{margin:8px 0;max-width:75ch}.told{white-space:pre-line}.note,figcaption,caption,summary{color:var(--soft)}.note,figcaption{font-size:.87rem}
code{font-size:.92em}
nav{margin:12px 0;display:flex;flex-wrap:wrap;gap:4px 16px}a{color:var(--line)}
dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px;margin:16px 0 0}
dt{color:var(--soft);font-size:.87rem}dd{margin:0;font-size:1.15rem}dd small{display:block;font-size:.8rem;color:var(--soft)}
figure{margin:12px 0;min-width:0}
.many,.some{display:grid;gap:8px 20px;align-items:end;grid-template-columns:repeat(auto-fill,minmax(min(100%,165px),1fr))}
.some{grid-template-columns:repeat(auto-fill,minmax(min(100%,420px),1fr))}
details{margin:8px 0}summary{cursor:pointer;padding:6px 0}
.table{overflow-x:auto;max-height:480px;overflow-y:auto;margin:8px 0}
table{border-collapse:collapse;font-size:.87rem;font-variant-numeric:tabular-nums;overflow-wrap:normal}
caption{text-align:left;padding:4px 0}
th,td{padding:3px 12px 3px 0;text-align:right;white-space:nowrap;border-bottom:1px solid var(--grid)}
th{font-weight:600;position:sticky;top:0;background:var(--back)}.text{text-align:left}
.treemap{position:relative;width:100%;height:min(62vw,440px);min-height:300px;margin-top:8px}
.treemap div{position:absolute;overflow:hidden;outline:1px solid var(--back);outline-offset:-1px}
.treemap span{display:block;padding:3px 5px;font-size:.8rem;line-height:1.25}.treemap i{font-style:normal}.treemap span *{display:block;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.weights{background:var(--weights)}.wasm{background:var(--wasm)}.shaders{background:var(--shaders)}.JavaScript{background:var(--script)}
.key{display:inline-block;width:12px;height:12px;margin:0 6px 0 0;vertical-align:-1px;border-radius:2px}
.legend{font-size:.87rem}.legend .key:not(:first-child){margin-left:14px}
.key.chosen,.key.original{border-radius:50%}.key.chosen{background:var(--mark)}.key.original{background:var(--fore)}
.bars{list-style:none;margin:8px 0;padding:0;font-size:.87rem}
.bars li{display:grid;grid-template-columns:1fr auto;gap:0 12px;padding:3px 0}
.bars i{grid-column:1/3;height:8px;min-width:1px;background:var(--line);border-radius:2px}.bars b{font-weight:600}
.plot{display:block;margin:12px 12px 44px 62px;width:calc(100% - 74px);overflow:visible;font-size:12px;fill:var(--soft)}
.many .plot{margin-left:44px;margin-right:6px;width:calc(100% - 50px)}.many figcaption{font-size:.8rem}
.grid{stroke:var(--grid)}.plot .axis{fill:var(--soft)}
.line{fill:none;stroke:var(--line);stroke-width:2;vector-effect:non-scaling-stroke}
.rank{stroke:var(--mark);stroke-width:2;stroke-dasharray:4 3}
.point{fill:var(--line)}.chosen{fill:var(--mark)}.original{fill:var(--fore)}
.buffer{stroke:var(--back);stroke-width:.5}.plot svg text{fill:var(--fore);font-size:11px}
.hue0{fill:var(--weights)}.hue1{fill:var(--wasm)}.hue2{fill:var(--shaders)}.hue3{fill:var(--script)}.hue4{fill:var(--other)}
`;
