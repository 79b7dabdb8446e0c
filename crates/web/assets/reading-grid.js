// The reading grid by keyboard: type, Enter, next. What is typed is sent at once to the act and the row shows what came
// of it. No words here: what is said stands in the page, in the language of the page.
(() => {
  "use strict";
  const grid = document.getElementById("reading-grid");
  if (!grid || grid.dataset.open !== "true") return;
  const words = JSON.parse(grid.dataset.words);
  const by = (id) => document.getElementById(id);
  const rows = [...grid.querySelectorAll("tr[data-register]")].filter((row) => row.querySelector("input"));
  const field = (row) => row.querySelector("td.entry input");
  const meterKey = (row) => `${row.dataset.account}\t${row.dataset.meter}`;
  const meters = new Map();
  for (const row of rows) {
    if (!meters.has(meterKey(row))) meters.set(meterKey(row), []);
    meters.get(meterKey(row)).push(row);
  }
  const headOf = (row) => meters.get(meterKey(row))[0];
  const kindOf = (row) => headOf(row).querySelector("td.kind select");

  // ---- figures: whole millionths, never binary fractions

  const MICRO = 1000000n;
  function micro(text) {
    const found = /^(-?)(\d{1,15})(?:\.(\d{0,6}))?$/.exec(text);
    if (!found) return null;
    const value = BigInt(found[2]) * MICRO + BigInt((found[3] ?? "").padEnd(6, "0"));
    return found[1] ? -value : value;
  }
  // As people type and paste figures: grouping commas, full-width digits, blanks around.
  const plain = (text) =>
    text
      .trim()
      .replace(/[，,\s]/g, "")
      .replace(/[０-９]/g, (digit) => String.fromCharCode(digit.charCodeAt(0) - 0xfee0))
      .replace("．", ".");
  function shown(value, places = 2) {
    const unit = 10n ** BigInt(6 - places);
    const sign = value < 0n ? "-" : "";
    const rounded = ((value < 0n ? -value : value) + unit / 2n) / unit;
    const digits = String(rounded).padStart(places + 1, "0");
    const whole = digits.slice(0, -places).replace(/\B(?=(\d{3})+$)/g, ",");
    return `${sign}${whole}.${digits.slice(-places)}`;
  }

  // ---- what a row says

  function say(row, text, mood) {
    const cell = row.querySelector("td.state");
    cell.replaceChildren();
    if (text) {
      const badge = document.createElement("span");
      badge.className = `badge ${mood}`;
      badge.textContent = text;
      cell.append(badge);
    }
    row.classList.toggle("refused", mood === "bad");
    row.classList.toggle("unsaved", mood === "warn");
    const input = field(row);
    if (mood === "bad") input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  }
  const announce = (text) => {
    by("grid-said").textContent = text;
  };
  function alarm(text, link) {
    const place = by("grid-alarm");
    place.hidden = !text;
    place.textContent = text ?? "";
    if (text && link) {
      const to = document.createElement("a");
      to.href = link;
      to.target = "_blank";
      to.rel = "noopener";
      to.textContent = words.retry;
      place.append(" ", to);
    }
  }
  function totals() {
    let used = 0n;
    let suspicious = 0;
    let estimated = 0;
    for (const row of grid.querySelectorAll("tr[data-register]")) {
      if (row.dataset.register === "total" && row.dataset.used) used += micro(row.dataset.used) ?? 0n;
      if (row.querySelector("td.mark .badge.bad:not([hidden])")) suspicious += 1;
      if (row.dataset.first === "true" && row.dataset.kind === "estimated") estimated += 1;
    }
    by("sum-used").textContent = shown(used);
    by("sum-suspicious").textContent = String(suspicious);
    by("sum-estimated").textContent = String(estimated);
  }

  // ---- sending

  // Keys that only now and then come: a request that was not answered is sent again under its own key.
  const newKey = () => crypto.randomUUID?.() ?? [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16)).join("");
  let waiting = Promise.resolve();
  let open = 0;

  function lineOf(group) {
    const head = group[0];
    const line = { account: head.dataset.account, meter: Number(head.dataset.meter), version: Number(head.dataset.version) };
    line.kind = kindOf(head).value;
    line.shown = {};
    line.rolled_over = [];
    if (line.kind === "actual" || line.kind === "estimated") {
      for (const row of group) {
        line.shown[row.dataset.register] = plain(field(row).value);
        if (row.dataset.rolled === "true") line.rolled_over.push(row.dataset.register);
      }
    }
    return line;
  }

  async function post(lines, checkOnly, key) {
    const body = new URLSearchParams({ month: grid.dataset.month, book: grid.dataset.book, lines: JSON.stringify(lines) });
    const reason = by("grid-reason")?.value.trim();
    if (reason) body.set("reason", reason);
    if (checkOnly) body.set("check_only", "true");
    const headers = {
      Accept: "application/json",
      "Content-Type": "application/x-www-form-urlencoded",
      "X-CSRF": grid.dataset.csrf,
      "Idempotency-Key": key,
    };
    const answer = await fetch(grid.dataset.act, { method: "POST", body: body.toString(), headers, credentials: "same-origin" });
    const told = await answer.json().catch(() => ({}));
    return { status: answer.status, told };
  }

  function applyRow(told) {
    const group = meters.get(`${told.account}\t${told.meter}`);
    if (!group) return;
    const head = group[0];
    if (told.version) for (const row of group) row.dataset.version = String(told.version);
    if (!told.saved) {
      const why = told.refused?.[grid.dataset.lang] ?? words.refused;
      say(head, why, "bad");
      return;
    }
    for (const row of group) {
      const register = told.registers?.[row.dataset.register];
      if (!register) continue;
      row.dataset.entered = "true";
      row.dataset.kind = told.kind ?? "";
      row.dataset.used = register.used ?? "";
      row.dataset.rolled = String(register.rolled_over);
      row.querySelector("td.used").textContent = register.used ? shown(micro(register.used) ?? 0n) : "";
      row.querySelector(".rolled").hidden = !register.rolled_over;
      const badge = row.querySelector("td.mark .badge");
      badge.hidden = !register.mark;
      badge.textContent = register.mark ? words[`mark.${register.mark}`] : "";
      badge.classList.toggle("bad", register.mark === "off");
      badge.classList.toggle("warn", Boolean(register.mark) && register.mark !== "off");
      const input = field(row);
      // What is being typed by now stays.
      if (plain(input.value) === (row.dataset.sent ?? plain(input.value))) input.value = register.current;
      input.defaultValue = register.current;
      delete row.dataset.sent;
      say(row, words.saved, "good");
    }
    if (told.kind) {
      const kind = kindOf(head);
      kind.value = told.kind === "zero" && kind.value === "actual" ? "zero" : told.kind;
      for (const option of kind.options) option.defaultSelected = option.value === kind.value;
    }
  }

  function applyProblem(told, status, groups) {
    const detail = told.detail ?? words.not_sent;
    const each = new Map((told.errors ?? []).map((error) => [error.field, error.detail]));
    groups.forEach((group, at) => say(group[0], each.get(`lines.${at}`) ?? detail, "bad"));
    if (status === 401) alarm(words.logged_out, "/login");
    else if (!each.size) alarm(detail);
    announce(detail);
  }

  function send(groups) {
    if (!groups.length) return waiting;
    const lines = groups.map(lineOf);
    const key = newKey();
    for (const group of groups) {
      for (const row of group) row.dataset.sent = plain(field(row).value);
      say(group[0], words.saving, "quiet");
    }
    open += 1;
    const go = async () => {
      for (let tries = 0; ; tries += 1) {
        try {
          // The version that a line before this one in the queue left behind.
          groups.forEach((group, at) => {
            if (tries === 0) lines[at].version = Number(group[0].dataset.version);
          });
          const { status, told } = await post(lines, false, key);
          if (status === 503 && tries < 5) throw new Error("busy");
          if (status === 200) {
            alarm(null);
            for (const row of told.facts?.rows ?? []) applyRow(row);
            if (told.facts?.missing !== undefined) by("sum-missing").textContent = String(told.facts.missing);
            announce(told.said ?? words.saved);
            totals();
          } else {
            applyProblem(told, status, groups);
          }
          return;
        } catch {
          if (tries >= 5) {
            for (const group of groups) say(group[0], words.not_sent, "bad");
            alarm(words.offline);
            return;
          }
          for (const group of groups) say(group[0], words.waiting, "warn");
          await new Promise((done) => setTimeout(done, 400 * 2 ** tries));
        }
      }
    };
    waiting = waiting.then(go).finally(() => {
      open -= 1;
    });
    return waiting;
  }

  // ---- typing

  const touched = (row) =>
    meters.get(meterKey(row)).some((one) => plain(field(one).value) !== field(one).defaultValue) ||
    [...kindOf(row).options].some((option) => option.selected !== option.defaultSelected) ||
    row.dataset.again === "true";

  // Sends the meter of a row when all its registers are there; tells what is missing otherwise.
  function commit(row, always) {
    const group = meters.get(meterKey(row));
    if (!always && !touched(row)) return true;
    if (by("grid-reason") && !by("grid-reason").value.trim()) {
      by("grid-reason").focus();
      alarm(words.changed);
      return false;
    }
    const kind = kindOf(row).value;
    if (kind === "actual" || kind === "estimated") {
      const empty = group.filter((one) => plain(field(one).value) === "");
      if (empty.length === group.length) {
        // Emptied again: nothing is sent, what was saved stays.
        for (const one of group) field(one).value = field(one).defaultValue;
        say(row, row.dataset.entered === "true" ? words.saved : "", "good");
        return true;
      }
      if (empty.length) {
        say(row, words.unsaved, "warn");
        return true;
      }
      const wrong = group.find((one) => micro(plain(field(one).value)) === null);
      if (wrong) {
        say(wrong, words.no_such, "bad");
        if (wrong === row) return false;
        return true;
      }
    }
    for (const one of group) delete one.dataset.again;
    send([group]);
    return true;
  }

  function focus(row) {
    const input = row && field(row);
    if (!input) return;
    input.focus();
    input.select();
    row.scrollIntoView({ block: "nearest" });
  }
  const beside = (row, step) => rows[rows.indexOf(row) + step];
  function nextEmpty(row) {
    const at = rows.indexOf(row);
    const order = [...rows.slice(at + 1), ...rows.slice(0, at + 1)];
    return order.find((one) => one.dataset.entered !== "true" && plain(field(one).value) === "");
  }
  function setKind(row, kind) {
    kindOf(row).value = kind;
    if (kind === "zero" || kind === "unread") {
      for (const one of meters.get(meterKey(row))) {
        field(one).value = field(one).value === field(one).defaultValue ? field(one).value : field(one).defaultValue;
      }
      commit(row, true);
      const group = meters.get(meterKey(row));
      focus(beside(group[group.length - 1], 1) ?? row);
    } else if (plain(field(row).value) !== "") {
      say(row, words.unsaved, "warn");
    }
  }
  const KINDS = { a: "actual", e: "estimated", z: "zero", u: "unread" };

  grid.addEventListener("keydown", (event) => {
    const row = event.target.closest("tr[data-register]");
    if (!row || event.target !== field(row) || event.isComposing) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const key = event.key;
    if (key === "Enter") {
      event.preventDefault();
      if (commit(row)) focus(beside(row, event.shiftKey ? -1 : 1) ?? row);
    } else if (key === "ArrowDown" || key === "ArrowUp") {
      event.preventDefault();
      if (commit(row)) focus(beside(row, key === "ArrowDown" ? 1 : -1) ?? row);
    } else if (key === "Escape") {
      event.preventDefault();
      const head = headOf(row);
      field(row).value = field(row).defaultValue;
      for (const option of kindOf(row).options) option.selected = option.defaultSelected;
      delete head.dataset.again;
      say(row, row.dataset.entered === "true" ? words.saved : "", "good");
      field(row).select();
    } else if (key === "F2") {
      event.preventDefault();
      if (!commit(row)) return;
      const next = nextEmpty(row);
      if (next) focus(next);
      else announce(words.none_missing);
    } else if (/^[aezur]$/i.test(key)) {
      event.preventDefault();
      if (key.toLowerCase() === "r") {
        const rolled = row.dataset.rolled !== "true";
        row.dataset.rolled = String(rolled);
        row.dataset.again = "true";
        row.querySelector(".rolled").hidden = !rolled;
      } else {
        setKind(row, KINDS[key.toLowerCase()]);
      }
    }
  });

  // A figure typed into a line that was zero or unread makes it a reading again.
  grid.addEventListener("input", (event) => {
    const row = event.target.closest("tr[data-register]");
    if (!row || event.target !== field(row)) return;
    const kind = kindOf(row);
    if (["zero", "unread"].includes(kind.value) && plain(event.target.value) !== event.target.defaultValue) {
      kind.value = "actual";
    }
    if (row.classList.contains("refused")) say(row, words.unsaved, "warn");
  });

  grid.addEventListener("change", (event) => {
    const row = event.target.closest("tr[data-register]");
    if (!row) return;
    if (event.target === field(row)) commit(row);
    else if (event.target.matches("td.kind select")) {
      if (["zero", "unread"].includes(event.target.value)) commit(row, true);
      else if (plain(field(row).value) !== "") commit(row, true);
    }
  });
  grid.addEventListener("focusin", (event) => {
    const row = event.target.closest("tr[data-register]");
    for (const other of grid.querySelectorAll("tr.here")) other.classList.remove("here");
    row?.classList.add("here");
  });

  // ---- pasting a column

  function columnOf(text) {
    const lines = text.replace(/\r/g, "").replace(/\n+$/, "").split("\n").map((line) => line.split("\t"));
    const known = new Set(rows.map((row) => row.dataset.account));
    // Two columns that begin with account numbers say themselves where they belong.
    const named = lines.filter((cells) => cells.length > 1 && known.has(cells[0].trim()));
    if (named.length && named.length >= lines.length - 1) {
      return named.map((cells) => ({ account: cells[0].trim(), value: cells[cells.length - 1] }));
    }
    return lines.map((cells) => ({ value: cells.find((cell) => cell.trim() !== "") ?? "" }));
  }

  function placed(cells, from) {
    if (cells.some((cell) => cell.account)) {
      const left = new Map();
      for (const row of rows) {
        if (!left.has(row.dataset.account)) left.set(row.dataset.account, []);
        left.get(row.dataset.account).push(row);
      }
      return cells.map((cell) => ({ row: left.get(cell.account)?.shift(), value: plain(cell.value) }));
    }
    const at = rows.indexOf(from);
    return cells.map((cell, step) => ({ row: rows[at + step], value: plain(cell.value) }));
  }

  let pasted = [];
  grid.addEventListener("paste", async (event) => {
    const row = event.target.closest("tr[data-register]");
    const text = event.clipboardData?.getData("text/plain") ?? "";
    if (!row || !/[\n\t]/.test(text.trim())) return;
    event.preventDefault();
    const places = placed(columnOf(text), row);
    const beyond = places.filter((place) => !place.row).length;
    const filled = places.filter((place) => place.row && place.value !== "");
    if (!filled.length) {
      alarm(words.paste_none);
      return;
    }
    const values = new Map(filled.map((place) => [place.row, place.value]));
    const groups = [...new Set(filled.map((place) => meterKey(place.row)))].map((key) => meters.get(key));
    const lines = groups.map((group) => {
      const line = lineOf(group);
      line.kind = kindOf(group[0]).value === "estimated" ? "estimated" : "actual";
      line.shown = {};
      for (const one of group) {
        const value = values.get(one) ?? plain(field(one).value);
        if (value !== "") line.shown[one.dataset.register] = value;
      }
      return line;
    });
    let verdicts = [];
    try {
      const { status, told } = await post(lines, true, newKey());
      if (status === 200) verdicts = told.facts.rows;
      else if (told.errors?.some((error) => /^lines\.\d+$/.test(error.field))) {
        verdicts = lines.map((line, at) => {
          const why = told.errors.find((error) => error.field === `lines.${at}`)?.detail ?? told.detail;
          return { account: line.account, meter: line.meter, saved: false, refused: { zh: why, en: why } };
        });
      } else {
        alarm(told.detail ?? words.not_sent);
        return;
      }
    } catch {
      alarm(words.offline);
      return;
    }
    preview(groups, values, verdicts, beyond);
  });

  function preview(groups, values, verdicts, beyond) {
    const body = by("paste-rows");
    body.replaceChildren();
    pasted = [];
    let good = 0;
    let bad = 0;
    groups.forEach((group) => {
      const verdict = verdicts.find((one) => one.account === group[0].dataset.account && String(one.meter) === group[0].dataset.meter);
      const ok = Boolean(verdict?.saved);
      good += ok ? 1 : 0;
      bad += ok ? 0 : 1;
      if (ok) pasted.push({ group, values: new Map(group.filter((row) => values.has(row)).map((row) => [row, values.get(row)])) });
      for (const row of group) {
        const line = document.createElement("tr");
        const register = verdict?.registers?.[row.dataset.register];
        const cells = [
          `${row.dataset.account} ${headOf(row).querySelector(".name")?.textContent ?? ""}`,
          row.querySelector("td.register").textContent,
          row.querySelector("td.previous").textContent,
          values.get(row) ?? "",
          ok && register?.used ? shown(micro(register.used) ?? 0n) : "",
        ];
        cells.forEach((text, at) => {
          const cell = document.createElement("td");
          if (at >= 2) cell.className = "figure";
          cell.textContent = text;
          line.append(cell);
        });
        const state = document.createElement("td");
        const badge = document.createElement("span");
        badge.className = ok ? (register?.mark === "off" ? "badge warn" : "badge good") : "badge bad";
        badge.textContent = ok
          ? register?.mark ? words[`mark.${register.mark}`] : words.paste_good
          : verdict?.refused?.[grid.dataset.lang] ?? words.refused;
        state.append(badge);
        line.append(state);
        body.append(line);
      }
    });
    const told = [`${words.paste_good} ${good}`, `${words.paste_bad} ${bad}`];
    if (beyond) told.push(`${words.paste_beyond} ${beyond}`);
    by("paste-said").textContent = told.join(" · ");
    by("paste-save").disabled = good === 0;
    by("paste-preview").showModal();
    (good ? by("paste-save") : by("paste-cancel")).focus();
  }
  by("paste-cancel").addEventListener("click", () => by("paste-preview").close());
  by("paste-save").addEventListener("click", () => {
    by("paste-preview").close();
    if (by("grid-reason") && !by("grid-reason").value.trim()) {
      by("grid-reason").focus();
      alarm(words.changed);
      return;
    }
    for (const { group, values } of pasted) {
      if (kindOf(group[0]).value !== "estimated") kindOf(group[0]).value = "actual";
      for (const [row, value] of values) field(row).value = value;
    }
    const groups = pasted.map((one) => one.group);
    pasted = [];
    const last = groups[groups.length - 1];
    send(groups).then(() => focus(nextEmpty(last[last.length - 1]) ?? last[last.length - 1]));
  });

  addEventListener("beforeunload", (event) => {
    if (open || grid.querySelector("tr.unsaved, tr.refused")) event.preventDefault();
  });
  totals();
  focus(rows.find((row) => row.dataset.entered !== "true") ?? rows[0]);
})();
