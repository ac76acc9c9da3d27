// Carries out the commands of a test in Chromium: node driver.mjs PACKAGES CHROMIUM CAMERA PATIENCE_MS
//
// A command is one line of JSON on stdin, {"do": "click", "on": {"text": "Save"}}. Its answer is one line on stdout: {"value": …},
// or {"error": …, "page": what is shown}. Both have "complaints": what went wrong in pages since the last answer.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';

const [packages, executablePath, camera, patience] = process.argv.slice(2);
const { chromium } = createRequire(import.meta.url)(`${packages}/playwright-core`);
const axe = readFileSync(`${packages}/axe-core/axe.min.js`, 'utf8');

const context = await chromium.launchPersistentContext('', {
  executablePath,
  headless: true,
  locale: 'en-GB',
  reducedMotion: 'reduce',
  args: [
    '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update',
    '--disable-sync', '--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream',
    `--use-file-for-fake-video-capture=${camera}`,
  ],
});
context.setDefaultTimeout(Number(patience));
const page = context.pages()[0];

let complaints = [];
context.on('console', message => {
  if (message.type() === 'error') complaints.push(`console: ${message.text()} (${message.location().url})`);
});
context.on('weberror', error => complaints.push(`script: ${error.error().stack}`));
context.on('request', request => {
  const url = new URL(request.url());
  if (url.protocol.startsWith('http') && url.hostname !== '127.0.0.1') complaints.push(`asked another computer: ${url}`);
});
context.on('requestfailed', request => {
  const reason = request.failure().errorText;
  // The browser gives up what a page still waits for when it leaves the page.
  if (reason !== 'net::ERR_ABORTED') complaints.push(`request: ${reason} (${request.url()})`);
});
// A person reads the question and says yes.
page.on('dialog', dialog => dialog.accept());
page.on('crash', () => complaints.push('the page crashed'));

const commands = {
  open: ({ link }) => page.goto(link),
  reload: () => page.reload(),
  click: ({ on }) => find(on).click(),
  fill: ({ on, text }) => find(on).fill(text),
  select: ({ on, text }) => find(on).selectOption({ label: text }),
  press: ({ key }) => page.keyboard.press(key),
  choose_files: ({ on, files }) => find(on).setInputFiles(files),
  drop_files: ({ on, files }) => find(on).drop({ files }),
  wait: ({ on, state }) => find(on).filter({ visible: true }).first().waitFor({ state }),
  wait_until: ({ script }) => waitUntil(script),
  text: ({ on }) => find(on).innerText(),
  evaluate: ({ script }) => page.evaluate(script),
  screenshot: ({ file }) => page.screenshot({ path: file, fullPage: true }),
  picture: ({ file }) => page.screenshot({ path: file, quality: 82 }),
  resize: ({ width, height }) => page.setViewportSize({ width, height }),
  colour_scheme: ({ name }) => page.emulateMedia({ colorScheme: name }),
  violations: async () => {
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => globalThis.axe.run({ resultTypes: ['violations'] }));
    return violations.flatMap(({ id, nodes }) => nodes.map(node => `${id}: ${node.html}: ${node.failureSummary}`));
  },
  quit: () => context.close(),
};
const withAnswer = ['text', 'evaluate', 'violations'];

function find({ role, name, label, text, css }) {
  if (role) return page.getByRole(role, { name, exact: true });
  if (label) return page.getByLabel(label, { exact: true });
  return text ? page.getByText(text) : page.locator(css);
}

// Not `waitForFunction`: a page that forbids `eval` stops it.
async function waitUntil(script) {
  const until = Date.now() + Number(patience);
  const leaving = error => {
    if (!error.message.includes('context was destroyed')) throw error;
  };
  while (!await page.evaluate(script).catch(leaving)) {
    if (Date.now() > until) throw new Error('it does not become true');
    await setTimeout(50);
  }
}

async function carryOut(command) {
  const tooLate = setTimeout(Number(patience) + 1000, null, { ref: false }).then(() => {
    throw new Error('it takes too long');
  });
  try {
    const value = await Promise.race([commands[command.do](command), tooLate]);
    return withAnswer.includes(command.do) ? { value } : {};
  } catch (error) {
    const shown = await page.locator('body').innerText({ timeout: 1000 }).catch(() => '');
    // Without the colours of a terminal.
    return { error: error.message.replace(/\x1b\[\d+m/g, ''), page: `${page.url()}\n${shown}` };
  }
}

function answer(content) {
  console.log(JSON.stringify({ ...content, complaints }));
  complaints = [];
}

answer({});
for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  answer(await carryOut(command));
  if (command.do === 'quit') break;
}
await context.close();
process.exit();
