/**
 * `node build/makeIcons.js`: every icon file from build/resources/icon.svg, drawn by Chromium. Run after the drawing
 * changes and check the results in; a test compares the drawing with the one the icons were made from.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { findChromium } from './chromium.js';

const resources = join(import.meta.dirname, 'resources');
const drawing = readFileSync(join(resources, 'icon.svg'), 'utf8');
const sizes = [16, 24, 32, 48, 64, 128, 256, 512, 1024];

const executablePath = findChromium();
const browser = await chromium.launch({
  ...(executablePath && { executablePath }),
  args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
});
/** @param {string} svg @param {number} size */
async function draw(svg, size) {
  const page = await browser.newPage({ viewport: { width: size, height: size } });
  await page.setContent(
    `<style>*{margin:0}svg{display:block;width:${size}px;height:${size}px}</style>${svg.replace('<svg ', '<svg preserveAspectRatio="none" ')}`,
  );
  const png = await page.screenshot({ omitBackground: true });
  await page.close();
  return png;
}
/** @type {Map<number, Buffer>} */
const pictures = new Map();
for (const size of sizes) pictures.set(size, await draw(drawing, size));
// macOS colours the picture in its menu bar itself: black, with the alpha channel as the shape.
const mark = readFileSync(join(import.meta.dirname, '..', 'renderer', 'mark.svg'), 'utf8').replace(
  /stroke="#[0-9a-f]+"/,
  'stroke="#000000"',
);
const tray = join(import.meta.dirname, '..', 'electron', 'hosts', 'desktop', 'tray');
mkdirSync(tray, { recursive: true });
writeFileSync(join(tray, 'template.png'), await draw(mark, 18));
writeFileSync(join(tray, 'template@2x.png'), await draw(mark, 36));
await browser.close();
/** @param {number} size */
const picture = (size) => pictures.get(size) ?? Buffer.alloc(0);

/** Windows: a directory of pictures. A width of 256 is written as 0. @param {readonly number[]} of */
function ico(of) {
  const head = Buffer.alloc(6 + 16 * of.length);
  head.writeUInt16LE(1, 2);
  head.writeUInt16LE(of.length, 4);
  let offset = head.length;
  of.forEach((size, at) => {
    const entry = 6 + 16 * at;
    head.writeUInt8(size % 256, entry);
    head.writeUInt8(size % 256, entry + 1);
    head.writeUInt16LE(1, entry + 4);
    head.writeUInt16LE(32, entry + 6);
    head.writeUInt32LE(picture(size).length, entry + 8);
    head.writeUInt32LE(offset, entry + 12);
    offset += picture(size).length;
  });
  return Buffer.concat([head, ...of.map(picture)]);
}

/** macOS: named pictures, each with its length. @param {Readonly<Record<string, number>>} of */
function icns(of) {
  const parts = Object.entries(of).map(([name, size]) => {
    const head = Buffer.alloc(8);
    head.write(name, 'latin1');
    head.writeUInt32BE(8 + picture(size).length, 4);
    return Buffer.concat([head, picture(size)]);
  });
  const head = Buffer.alloc(8);
  head.write('icns', 'latin1');
  head.writeUInt32BE(8 + parts.reduce((sum, part) => sum + part.length, 0), 4);
  return Buffer.concat([head, ...parts]);
}

mkdirSync(join(resources, 'icons'), { recursive: true });
for (const size of sizes.filter((each) => each <= 512))
  writeFileSync(join(resources, 'icons', `${size}x${size}.png`), picture(size));
writeFileSync(join(tray, 'colour.png'), picture(32));
writeFileSync(join(resources, 'icon.png'), picture(1024));
writeFileSync(join(resources, 'icon.ico'), ico([16, 24, 32, 48, 64, 128, 256]));
writeFileSync(
  join(resources, 'icon.icns'),
  icns({ icp4: 16, icp5: 32, ic07: 128, ic08: 256, ic09: 512, ic10: 1024, ic11: 32, ic12: 64, ic13: 256, ic14: 512 }),
);
writeFileSync(join(resources, 'icon.sha256'), `${createHash('sha256').update(drawing).digest('hex')}\n`);
