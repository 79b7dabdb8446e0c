// Passkeys: adding one, giving the second factor, signing an act. The ceremonies are the server's; here the browser is
// asked and its answer sent back.
(() => {
  if (!window.PublicKeyCredential) return;

  const bytes = (text) =>
    Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

  const send = async (path, fields) => {
    const answer = await fetch(path, {
      method: "POST",
      headers: { accept: "application/json", "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams(fields),
      credentials: "same-origin",
    });
    const said = await answer.json();
    if (!answer.ok) throw new Error(said.detail || said.title || answer.status);
    return said;
  };

  const known = (options) => options.map((one) => ({ ...one, id: bytes(one.id) }));

  const create = async (options) => {
    const made = await navigator.credentials.create({
      publicKey: {
        ...options,
        challenge: bytes(options.challenge),
        user: { ...options.user, id: bytes(options.user.id) },
        excludeCredentials: known(options.excludeCredentials || []),
      },
    });
    const { response } = made;
    return JSON.stringify({
      id: made.id,
      rawId: made.id,
      type: made.type,
      authenticatorAttachment: made.authenticatorAttachment || undefined,
      clientExtensionResults: made.getClientExtensionResults(),
      response: {
        clientDataJSON: text(response.clientDataJSON),
        attestationObject: text(response.attestationObject),
        transports: response.getTransports ? response.getTransports() : [],
      },
    });
  };

  const ask = async (options) => {
    const given = await navigator.credentials.get({
      publicKey: {
        ...options,
        challenge: bytes(options.challenge),
        allowCredentials: known(options.allowCredentials || []),
      },
    });
    const { response } = given;
    return JSON.stringify({
      id: given.id,
      rawId: given.id,
      type: given.type,
      authenticatorAttachment: given.authenticatorAttachment || undefined,
      clientExtensionResults: given.getClientExtensionResults(),
      response: {
        clientDataJSON: text(response.clientDataJSON),
        authenticatorData: text(response.authenticatorData),
        signature: text(response.signature),
        userHandle: response.userHandle ? text(response.userHandle) : undefined,
      },
    });
  };

  const tell = (form, error) => {
    const place = form.querySelector("[role=alert]");
    if (!place) return;
    place.textContent = error.message;
    place.hidden = false;
  };

  const ceremony = (id, answer) => {
    const form = document.getElementById(id);
    if (!form) return;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const fields = Object.fromEntries(new FormData(form));
      if (form.dataset.to) fields.to = form.dataset.to;
      try {
        fields.answer = await answer(await send(form.dataset.begin, fields));
        location.assign((await send(form.action, fields)).see);
      } catch (error) {
        tell(form, error);
      }
    });
  };
  ceremony("passkey-add", create);
  ceremony("passkey-use", ask);

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-passkey-sign]");
    if (!button) return;
    const form = button.closest("form");
    if (!form.reportValidity()) return;
    const fields = Object.fromEntries([...new FormData(form)].filter(([, value]) => typeof value === "string"));
    fields.act = new URL(form.action, location.href).pathname.split("/").pop();
    delete fields.sign_password;
    try {
      form.elements.sign_passkey.value = await ask(await send("/sign/begin", fields));
      form.requestSubmit();
    } catch (error) {
      button.setCustomValidity(error.message);
      button.reportValidity();
      button.setCustomValidity("");
    }
  });
  for (const place of document.querySelectorAll("[data-passkey]")) place.hidden = false;
})();
