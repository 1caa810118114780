// The choice of one source of documents, as the index has them now.

import { get } from "./api.js";
import { h, replace } from "./dom.js";

/** Fills a select with the sources; what was chosen stays chosen while it is there. */
export async function fillSources(select) {
  try {
    const { sources } = await get("/v1/index");
    const chosen = select.value;
    replace(select, h("option", { value: "" }, "All documents"), sources.map((one) => h("option", { value: one.name }, one.name)));
    select.value = sources.some((one) => one.name === chosen) ? chosen : "";
  } catch { /* then there is only the choice of all */ }
}
