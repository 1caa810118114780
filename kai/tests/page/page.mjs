// The web page in a real browser, against the real service on a simulated host:
//   KAI_SIM=STATE node page.mjs BASE_URL CHROMIUM TOKEN [FOLDER_FOR_SCREENSHOTS]
// Needs the package playwright-core, and the file of the simulated host's state. Ends with 1 if anything is not as it should be.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { replicate } from "./replicas.mjs";

const [base, executablePath, token, shots] = process.argv.slice(2);
if (!base || !executablePath || !token) {
  console.error("usage: node page.mjs BASE_URL CHROMIUM TOKEN [FOLDER_FOR_SCREENSHOTS]");
  process.exit(2);
}
if (shots) mkdirSync(shots, { recursive: true });

const profile = mkdtempSync(join(tmpdir(), "kai-page-"));
const context = await chromium.launchPersistentContext(profile, {
  executablePath,
  headless: true,
  viewport: { width: 1400, height: 900 },
  reducedMotion: "reduce",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"],
});
const page = context.pages()[0] ?? await context.newPage();
page.setDefaultTimeout(20000);

// What the page must never do: break, break its own policy, or go elsewhere.
const complaints = [];
page.on("pageerror", (error) => complaints.push(`page error: ${error.message}`));
page.on("console", (message) => {
  // A refused request is a line of the browser's own; some tests ask for one.
  const own = message.text().startsWith("Failed to load resource");
  if (["error", "warning"].includes(message.type()) && !own) complaints.push(message.text());
});
page.on("request", (request) => {
  if (!request.url().startsWith(base) && !request.url().startsWith("about:")) complaints.push(`asked ${request.url()}`);
});
await page.addInitScript(() => {
  document.addEventListener("securitypolicyviolation", (event) => console.error(`policy: ${event.violatedDirective}`));
});

let failures = 0;
const check = (right, what) => {
  if (!right) {
    failures += 1;
    console.log(`  not so: ${what}`);
  }
};
async function test(name, work) {
  const before = failures;
  try {
    await work();
  } catch (error) {
    failures += 1;
    console.log(`  ${error.message.split("\n").slice(0, 3).join("\n  ")}`);
    if (shots) await page.screenshot({ path: join(shots, `failed-${failures}.png`) });
  }
  check(complaints.length === 0, complaints.splice(0).join("; "));
  console.log(`${failures === before ? "ok  " : "FAIL"} ${name}`);
}

const shot = async (name) => shots && page.screenshot({ path: join(shots, `${name}.png`), fullPage: true });
const open = async (view, withToken) => {
  await page.goto(base);
  await page.evaluate((value) => {
    sessionStorage.clear();
    if (value) sessionStorage.setItem("kai-token", value);
  }, withToken ? token : "");
  await page.goto("about:blank");
  await page.goto(`${base}/page/#/${view}`);
  await page.waitForFunction(() => document.querySelector(".engine")?.textContent);
};
const ask = async (text) => {
  await page.fill("#question", text);
  await page.press("#question", "Enter");
  await page.waitForFunction(() => document.querySelector(".turn") && !document.querySelector(".turn[aria-busy]"));
};
const turn = () => page.locator(".turn").last();
const fits = async (what) => {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  check(over <= 0, `${what}: ${over} px too wide`);
};
// What somebody else does: not the page, though its connection is used.
const api = (method, path, body) => page.evaluate(async ([value, how, where, what]) => {
  const headers = { Authorization: `Bearer ${value}`, "Content-Type": "application/json" };
  const answer = await fetch(where, { method: how, headers, body: what && JSON.stringify(what) });
  const text = await answer.text();
  return text ? JSON.parse(text) : null;
}, [token, method, path, body]);
const vms = async () => (await api("GET", "/v1/host")).guests.map((guest) => guest.name);
const snapshot = async (name) => {
  const made = await api("POST", "/v1/plans", { request: { tool: "kvm_snap", args: { vm: "web1", name } } });
  const { operation } = await api("POST", `/v1/plans/${made.id}/approve`, { digest: made.digest });
  for (let ended = false; !ended;) ended = !(await api("GET", `/v1/operations/${operation}`)).running;
  return operation;
};
const soon = { timeout: 8000 };
const says = (selector, text) => page.waitForFunction(([where, what]) => document.querySelector(where)?.textContent.includes(what), [selector, text], soon);
/** Does what approves a plan while the news of it is faster than its answer. */
const slowly = async (approve) => {
  await page.route("**/approve", async (route) => {
    const response = await route.fetch();
    await new Promise((resolve) => { setTimeout(resolve, 1500); });
    await route.fulfill({ response });
  });
  await Promise.all([page.waitForResponse("**/approve"), approve()]);
  await page.unroute("**/approve");
};
/** Waits until what fits the selector has the focus. */
const focused = async (selector, what) => {
  const got = await page.waitForFunction((where) => document.activeElement?.matches(where), selector, soon).catch(() => null);
  check(got, `${what}: the focus is at ${await page.evaluate(() => document.activeElement?.outerHTML.slice(0, 80))}`);
};

await test("a host that replicates nothing says so", async () => {
  await open("host", true);
  await page.waitForFunction(() => document.querySelector("#view-host")?.textContent.includes("No replication is seen"));
  check(await page.locator("#view-host .lag").count() === 0, "nothing is drawn");
});
replicate(process.env.KAI_SIM);

for (const [width, height] of [[1400, 900], [360, 740]]) {
  await page.setViewportSize({ width, height });

  await test(`${width}: a question is answered, and its source opens`, async () => {
    await open("ask", false);
    await ask("how do I hold a snapshot so that it cannot be destroyed?");
    check((await turn().locator(".answer").innerText()).includes("zfs hold"), "the answer");
    await turn().locator(".answer .cite").first().click();
    await page.waitForSelector("#panel .passage-text");
    check((await page.innerText("#panel")).includes("EBUSY"), "the passage");
    await shot(`answer-${width}`);
    await fits("answer");
    await page.keyboard.press("Escape");
    check(await page.isHidden("#panel"), "Esc closes the passage");
  });

  await test(`${width}: without a token nothing of the host is shown or planned`, async () => {
    await ask("delete the vm db1");
    check(await turn().locator(".plan").count() === 0, "no plan");
    await page.goto(`${base}/page/#/host`);
    check((await page.innerText("#view-host")).includes("scope"), "what is missing is said");
  });

  await test(`${width}: an order becomes a plan, which is approved in place`, async () => {
    await open("ask", true);
    await ask(`snapshot web1 as seen-at-${width}`);
    const card = turn().locator(".plan");
    check((await card.innerText()).includes(`@seen-at-${width}`), "the command is shown");
    await shot(`plan-${width}`);
    await card.getByRole("button", { name: "Approve" }).click();
    await page.waitForFunction(() => document.querySelector(".turn:last-child .plan")?.textContent.includes("Done."));
    await fits("plan");
    await page.goto(`${base}/page/#/operations`);
    await page.waitForFunction((name) => document.querySelector("#view-operations")?.textContent.includes(name), "web1");
    await shot(`operations-${width}`);
    await fits("operations");
  });

  await test(`${width}: what destroys needs its name, and stays where that is wrong`, async () => {
    await open("ask", true);
    await ask("delete the vm db1");
    const card = turn().locator(".plan.destroys");
    const approve = card.getByRole("button", { name: "Approve and destroy" });
    check(await approve.isDisabled(), "closed without a name");
    await card.locator("input").fill("web1");
    check(await approve.isDisabled(), "closed with another name");
    await card.locator("input").press("Enter");
    check((await card.innerText()).includes("not the name"), "the wrong name is refused");
    check((await vms()).includes("db1"), "db1 is there");
    await focused(".plan input", "after a wrong name");
    await card.locator("input").fill("db1");
    check(await approve.isEnabled(), "open with its name");
    check(!(await card.innerText()).includes("not the name"), "the complaint goes with the right name");
    await shot(`destroy-${width}`);
    await fits("destroy");
    await card.getByRole("button", { name: "Decline" }).click();
    await page.waitForFunction(() => document.querySelector(".turn:last-child .plan")?.textContent.includes("Declined"));
    check((await vms()).includes("db1"), "db1 is there after declining");
  });

  await test(`${width}: a conversation is there again after a reload`, async () => {
    await open("ask", true);
    await ask("how do I hold a snapshot so that it cannot be destroyed?");
    await ask(`snapshot web1 as reloaded-${width}`);
    const session = () => page.evaluate(() => sessionStorage.getItem("kai-session"));
    const kept = await session();
    await page.reload();
    await says("#view-ask .turns", "zfs hold");
    const text = await page.innerText("#view-ask .turns");
    check(text.includes("how do I hold") && text.includes("A plan was made then"), "what was asked and done");
    check(await page.locator("#view-ask .turns .cite").count() === 0 && text.includes("sources"), "no source is offered");
    check(await page.isHidden(".welcome"), "it is gone on with");
    await shot(`reload-${width}`);
    await fits("reload");
    await ask("and how do I scrub a pool?");
    check(await session() === kept && await page.locator("#view-ask .question").count() === 3, "the same conversation");
    await page.evaluate(() => sessionStorage.setItem("kai-session", `s-${"0".repeat(32)}`));
    await page.reload();
    await page.waitForSelector(".welcome:visible", soon);
    check(await session() === null, "one that is gone is forgotten");
  });

  await test(`${width}: a card notices that its plan was decided elsewhere, and not here`, async () => {
    await open("ask", true);
    await ask(`snapshot web1 as elsewhere-${width}`);
    const [plan] = (await api("GET", "/v1/plans")).plans;
    await api("DELETE", `/v1/plans/${plan.id}`);
    await says(".turn:last-child .plan", "elsewhere.");
    check(await turn().locator(".plan button:text-is('Approve')").count() === 0, "nothing to approve");
    check(await turn().locator(".plan a[href='#/operations']").count() === 1, "the way to Operations");
    await shot(`elsewhere-${width}`);
    await ask(`snapshot web1 as here-${width}`);
    await slowly(() => turn().getByRole("button", { name: "Approve" }).click());
    await says(".turn:last-child .plan", "Done.");
    check(!(await turn().locator(".actions").innerText()).includes("elsewhere"), "approved here");
  });

  await test(`${width}: the focus stays where a button was`, async () => {
    await open("ask", true);
    const press = (name) => turn().getByRole("button", { name }).last().press("Enter");
    await ask(`snapshot web1 as declined-${width}`);
    await press("Decline");
    await says(".turn:last-child .plan", "Declined");
    await focused(".turn:last-child .plan > h3", "after Decline");

    await ask(`snapshot web1 as again-${width}`);
    await page.route("**/approve", (route) => route.fulfill({ status: 410, contentType: "application/problem+json", body: '{"title":"Gone","detail":"it has gone"}' }));
    await press("Approve");
    await says(".turn:last-child .plan", "Nothing was started");
    await focused(".turn:last-child .plan > h3", "after Approve, refused");
    await page.unroute("**/approve");
    await press("Make the plan again");
    await turn().getByRole("button", { name: "Approve" }).waitFor();
    await focused(".turn:last-child .plan > h3", "after Make the plan again");

    const stays = (route) => route.fulfill({ contentType: "text/event-stream", body: 'event: step\ndata: {"number":1,"state":"begun"}\n\n' });
    await page.route("**/v1/operations/*/events", stays);
    await press("Approve");
    await focused(".turn:last-child .plan > h3", "after Approve");
    const { operations: [{ id }] } = await api("GET", "/v1/operations?limit=1");
    while ((await api("GET", `/v1/operations/${id}`)).running);
    await press("Stop");
    await says(".turn:last-child .plan", "Not stopped");
    await focused(".turn:last-child .progress .buttons button", "after Stop, refused");
    await page.unroute("**/v1/operations/*/events");
    await says(".turn:last-child .plan", "Done.");
    await focused(".turn:last-child .progress .box", "after the end");
    await press("Undo…");
    await focused(".turn:last-child .plan .plan > h3", "after Undo");
    await press("Decline");
    await focused(".turn:last-child .plan .plan > h3", "after Decline of the undoing");
  });

  await test(`${width}: what takes an operation back waits once, and stays when it is done`, async () => {
    await open("operations", true);
    const operation = await snapshot(`undone-${width}`);
    const row = page.locator("#view-operations .operation", { hasText: `undone-${width}` }).last();
    await row.getByText("Done", { exact: true }).waitFor(soon);
    await row.evaluate((node) => { node.open = true; }); // it is if it was seen running
    const { plans: before } = await api("GET", "/v1/plans");
    await row.getByRole("button", { name: "Undo…" }).press("Enter");
    const card = page.locator("#view-operations .plan", { hasText: `undo operation ${operation}` });
    await card.first().waitFor();
    await says("#waiting-count", String(before.length + 1));
    check(await card.count() === 1 && await row.locator(".plan").count() === 0, `${await card.count()} cards`);
    await focused("#view-operations .stack > .plan > h3", "after Undo");
    await row.getByRole("button", { name: "Undo…" }).press("Enter");
    await focused("#view-operations .stack > .plan > h3", "after Undo, again");
    check((await api("GET", "/v1/plans")).plans.length === before.length + 1, "no second plan");
    await shot(`undo-${width}`);
    await fits("undo");
    await slowly(() => card.last().getByRole("button", { name: "Approve" }).press("Enter"));
    await row.getByText("Undone", { exact: true }).waitFor(soon);
    await page.waitForTimeout(500);
    check(await card.first().getByText("Done.", { exact: true }).count() === 1 && await card.locator(".step.done").count() > 0, "the card has its steps and its end");
    await focused("#view-operations .stack > .plan > h3", "after Approve");
  });

  await test(`${width}: the number of waiting plans goes with the token`, async () => {
    await open("ask", true);
    await ask(`snapshot web1 as counted-${width}`);
    await page.waitForSelector("#waiting-count:visible", soon);
    await page.click("#token-button");
    await page.getByRole("button", { name: "Forget the token" }).click();
    await page.waitForFunction(() => document.getElementById("token-button").textContent === "No token");
    check(await page.isHidden("#waiting-count"), "hidden");
    await says(".turn:last-child .plan", "cannot approve or decline");
    for (const { id } of (await api("GET", "/v1/plans")).plans) await api("DELETE", `/v1/plans/${id}`);
  });

  await test(`${width}: the host is drawn`, async () => {
    await open("host", true);
    await page.waitForFunction(() => document.querySelector("#view-host")?.textContent.includes("tank"));
    const text = await page.innerText("#view-host");
    for (const name of ["rpool", "tank", "web1", "running", "golden"]) check(text.includes(name), name);
    check(await page.locator("#view-host svg").count() > 2, "bars and snapshots");
    await shot(`host-${width}`);
    await fits("host");
    await page.goto(`${base}/page/#/search?q=checksums`);
    await page.waitForFunction(() => document.querySelector("#view-search")?.textContent.includes("scrub"));
    await fits("search");
    await page.goto(`${base}/page/#/index`);
    await page.waitForFunction(() => document.querySelector("#view-index")?.textContent.includes("pages"));
    await shot(`index-${width}`);
    await fits("index");
  });

  await test(`${width}: what is open in the host's drawing stays open when the host changes`, async () => {
    await open("host", true);
    const list = page.locator("#view-host details", { hasText: "snapshot" }).first();
    await list.locator("summary").press("Enter");
    await snapshot(`watched-${width}`);
    await says("#view-host details", `watched-${width}`);
    check(await list.evaluate((node) => node.open), "open");
    await focused("#view-host .card details > summary", "after the change");
    await page.route("**/v1/host", (route) => route.abort());
    await page.getByRole("button", { name: "Read again" }).click();
    await says("#view-host", "Not read again");
    check((await page.innerText("#view-host")).includes("tank"), "what was read before is there");
    await page.unroute("**/v1/host");
  });

  await test(`${width}: how far copies are behind is drawn, and written beside it`, async () => {
    for (const scheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme: scheme });
      await open("host", true);
      await page.waitForSelector("#view-host .lag");
      await shot(`replication-${width}-${scheme}`);
      await fits(`replication, ${scheme}`);
    }
    await page.emulateMedia({ colorScheme: null });
    const rows = await page.locator("#view-host .lag").evaluateAll((all) => all.map((row) => ({
      said: row.innerText.replaceAll(/\s+/g, " "),
      label: row.querySelector("svg.bar").getAttribute("aria-label"),
      wide: row.querySelector(".fill").getBoundingClientRect().width / row.querySelector(".track").getBoundingClientRect().width,
      tone: row.querySelector(".fill").getAttribute("class"),
    })));
    const seen = (dataset) => rows.find((row) => row.said.startsWith(dataset)) ?? { said: "", label: "", tone: "" };
    check(rows.length === 5, `${rows.length} rows`);
    check(rows[0].said.startsWith("tank/db to rpool/db unfinished, 9 d"), "the worst is the first");
    check(seen("tank/photos").said.includes("up to date") && seen("tank/photos").wide < 0.05, "up to date");
    check(seen("tank/mail").said.includes("2 d 2 h behind") && seen("tank/mail").said.includes("5 MiB written since"), "behind");
    check(seen("tank/wiki").said.includes("zrepl, job offsite"), "its tool and job");
    check(seen("rpool/hq").said.includes("at most 5 h") && seen("rpool/hq").tone.includes("bound"), "what can only be bounded");
    check(seen("rpool/hq").said.includes("from hq1.example.net:fast/vms/accounting"), "where it is from");
    check(seen("tank/mail").label === "tank/mail to rpool/mail: 2 d 2 h behind", `the drawing's name: ${seen("tank/mail").label}`);
    check(seen("tank/wiki").wide < seen("rpool/hq").wide && seen("rpool/hq").wide < seen("tank/mail").wide, "longer is wider");
    check(new Set(["tank/photos", "tank/mail", "tank/wiki", "tank/db"].map((name) => seen(name).tone)).size === 4, "coloured by state");
  });

  await test(`${width}: the interface can be tried`, async () => {
    await page.goto(`${base}/page/#/interface`);
    const search = page.locator("#view-interface details", { hasText: "GET /v1/search" });
    await search.locator("summary").click();
    await search.getByLabel("q", { exact: true }).fill("checksums");
    await search.getByRole("button", { name: "Send" }).click();
    await page.waitForFunction(() => document.querySelector("#view-interface pre:not([hidden])")?.textContent.includes("scrub.md"));
    check((await search.innerText()).includes("200 OK"), "the status");
    await shot(`interface-${width}`);
    await fits("interface");
  });
}

await test("what destroys is done when its name was typed", async () => {
  await open("ask", true);
  await ask("delete the vm db1");
  const card = turn().locator(".plan.destroys");
  await card.locator("input").fill("db1");
  await card.getByRole("button", { name: "Approve and destroy" }).click();
  await page.waitForFunction(() => document.querySelector(".turn:last-child .plan")?.textContent.includes("Done."));
  check(!(await vms()).includes("db1"), "db1 is gone");
});

await test("a token that is none asks for another", async () => {
  await page.evaluate(() => sessionStorage.setItem("kai-token", `kai_${"0".repeat(64)}`));
  await page.goto("about:blank");
  await page.goto(`${base}/page/`);
  await page.waitForSelector("dialog[open]");
  await page.fill("#token-field", token);
  await page.press("#token-field", "Enter");
  await page.waitForFunction(() => !document.querySelector("dialog[open]"));
  check((await page.innerText("#token-button")).includes("browser"), "the token's name");
});

await context.close();
rmSync(profile, { recursive: true, force: true });
console.log(failures === 0 ? "all as it should be" : `${failures} not as it should be`);
process.exit(failures === 0 ? 0 : 1);
