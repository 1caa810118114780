// Takes an event stream apart. Bytes may come cut anywhere: inside a line,
// inside a line ending, inside a character.

/** Returns a function: bytes in, the events completed by them out. */
export function eventParser() {
  const decoder = new TextDecoder("utf-8");
  let pieces = [];      // the line that is not complete yet
  let afterCr = false;  // the last character was CR: a following LF belongs to it
  let name = "";
  let data = [];

  function line(text, out) {
    if (text === "") {
      if (data.length) out.push({ event: name || "message", data: data.join("\n") });
      name = "";
      data = [];
      return;
    }
    const colon = text.indexOf(":");
    if (colon === 0) return; // a comment keeps the connection awake
    const field = colon < 0 ? text : text.slice(0, colon);
    let value = colon < 0 ? "" : text.slice(colon + 1);
    if (value.startsWith(" ")) value = value.slice(1);
    if (field === "event") name = value;
    else if (field === "data") data.push(value);
  }

  return function feed(chunk) {
    const out = [];
    let text = decoder.decode(chunk, { stream: true });
    if (text === "") return out;
    if (afterCr && text[0] === "\n") text = text.slice(1);
    afterCr = text === "" ? false : text.endsWith("\r");
    const lines = text.split(/\r\n|\n|\r/);
    for (let i = 0; i < lines.length - 1; i += 1) {
      pieces.push(lines[i]);
      line(pieces.join(""), out);
      pieces = [];
    }
    if (lines.at(-1)) pieces.push(lines.at(-1));
    return out;
  };
}
