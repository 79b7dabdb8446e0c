// Passkeys: adding one, giving the second factor, signing an act. The ceremonies are the server's; here the browser is
// asked and its answer sent back. No words here: what is said stands in the page, or comes from the server.
(() => {
  "use strict";
  const able = Boolean(window.PublicKeyCredential && navigator.credentials);

  const bytes = (text) =>
    Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

  // ---- what is shown: a browser lends its passkeys to pages of one address only

  function show() {
    for (const place of document.querySelectorAll("[data-passkey], [data-passkey-elsewhere], [data-passkey-unable]")) {
      const here = place.dataset.origin === location.origin;
      if ("passkeyElsewhere" in place.dataset) place.hidden = here;
      else if ("passkeyUnable" in place.dataset) place.hidden = !here || able;
      else place.hidden = !here || !able;
    }
  }

  // ---- the server

  const refusal = (name, message = "") => Object.assign(new Error(message), { name });

  async function send(path, fields) {
    let answer;
    let said;
    try {
      answer = await fetch(path, {
        method: "POST",
        headers: { accept: "application/json" },
        // What is signed may hold a file; all else goes as a plain form.
        body: fields instanceof FormData ? fields : new URLSearchParams(fields),
        credentials: "same-origin",
      });
      said = await answer.json();
    } catch {
      throw refusal("lost");
    }
    if (answer.ok) return said;
    const fields_wrong = (said.errors ?? []).map((one) => one.detail).filter(Boolean);
    throw refusal("server", [said.detail || said.title || String(answer.status), ...fields_wrong].join(" "));
  }

  // ---- the browser

  const known = (options) => options.map((one) => ({ ...one, id: bytes(one.id) }));

  const answered = (credential, response) =>
    JSON.stringify({
      id: credential.id,
      rawId: credential.id,
      type: credential.type,
      authenticatorAttachment: credential.authenticatorAttachment || undefined,
      clientExtensionResults: credential.getClientExtensionResults(),
      response,
    });

  async function create(options) {
    const made = await navigator.credentials.create({
      publicKey: {
        ...options,
        challenge: bytes(options.challenge),
        user: { ...options.user, id: bytes(options.user.id) },
        excludeCredentials: known(options.excludeCredentials ?? []),
      },
    });
    return answered(made, {
      clientDataJSON: text(made.response.clientDataJSON),
      attestationObject: text(made.response.attestationObject),
      transports: made.response.getTransports?.() ?? [],
    });
  }

  async function ask(options) {
    const given = await navigator.credentials.get({
      publicKey: {
        ...options,
        challenge: bytes(options.challenge),
        allowCredentials: known(options.allowCredentials ?? []),
      },
    });
    return answered(given, {
      clientDataJSON: text(given.response.clientDataJSON),
      authenticatorData: text(given.response.authenticatorData),
      signature: text(given.response.signature),
      userHandle: given.response.userHandle ? text(given.response.userHandle) : undefined,
    });
  }

  // ---- why it did not succeed

  function hush(within) {
    const place = within.querySelector("[data-passkey-said]");
    if (place) place.hidden = true;
  }

  function tell(within, error) {
    const place = within.querySelector("[data-passkey-said]");
    if (!place) return;
    const { refused, known: already, failed, lost } = place.dataset;
    place.textContent = {
      server: error.message,
      lost,
      NotAllowedError: refused,
      AbortError: refused,
      InvalidStateError: already,
    }[error.name] ?? `${failed} ${error.message}`;
    place.hidden = false;
  }

  // ---- adding one, and the second factor

  const ceremonies = { "passkey-add": create, "passkey-use": ask };

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    const ceremony = ceremonies[form.id];
    if (!ceremony) return;
    event.preventDefault();
    hush(form);
    const fields = Object.fromEntries(new FormData(form));
    if (form.dataset.to) fields.to = form.dataset.to;
    try {
      fields.answer = await ceremony(await send(form.dataset.begin, fields));
      location.assign((await send(form.action, fields)).see);
    } catch (error) {
      tell(form, error);
      // Sending the form had put its buttons to rest.
      for (const button of form.querySelectorAll("button")) {
        button.disabled = false;
        button.classList.remove("busy");
      }
    }
  });

  // ---- signing an act, and lending authority for one

  const questions = {
    sign: { begin: "/sign/begin", answer: "sign_passkey", late: ["sign_password", "authority_password"] },
    lend: { begin: "/authority/begin", answer: "authority_passkey", late: ["sign_password"] },
  };

  document.addEventListener("click", async (event) => {
    const button = event.target.closest?.("[data-passkey-sign], [data-passkey-lend]");
    if (!button) return;
    const question = questions["passkeyLend" in button.dataset ? "lend" : "sign"];
    const form = button.closest("form");
    const place = button.closest("[data-passkey]");
    if (!form.reportValidity()) return;
    hush(place);
    // What proves who one is belongs to no signature.
    const fields = new FormData(form);
    for (const name of [...question.late, "sign_passkey", "authority_passkey"]) fields.delete(name);
    fields.set("act", new URL(form.action, location.href).pathname.split("/").pop());
    button.disabled = true;
    try {
      form.elements[question.answer].value = await ask(await send(question.begin, fields));
      form.requestSubmit();
    } catch (error) {
      tell(place, error);
    } finally {
      button.disabled = false;
    }
  });

  document.addEventListener("page-changed", show);
  show();
})();
