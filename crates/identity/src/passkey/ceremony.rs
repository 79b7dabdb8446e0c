//! The ceremonies of the library, without the database: begun, written down, read again, verified.

use kernel::Text;
use webauthn_rp::AuthenticatedCredential;
use webauthn_rp::bin::{Decode, Encode};
use webauthn_rp::request::auth::{
    AllowedCredentials, AuthenticationVerificationOptions, NonDiscoverableAuthenticationServerState,
    NonDiscoverableCredentialRequestOptions,
};
use webauthn_rp::request::register::{
    Nickname, PublicKeyCredentialCreationOptions, PublicKeyCredentialUserEntity, RegistrationServerState,
    RegistrationVerificationOptions, UserHandle16, Username,
};
use webauthn_rp::request::{
    AsciiDomain, Credentials, PublicKeyCredentialDescriptor, RpId, UserVerificationRequirement,
};
use webauthn_rp::response::auth::NonDiscoverableAuthentication16;
use webauthn_rp::response::register::{DynamicState, Registration, StaticState};
use webauthn_rp::response::{AuthTransports, CredentialId};

use super::model::{Passkey, Site};
use crate::IdentityError;
use crate::secret::sha256;

/// Longest answer of a browser, in bytes.
const ANSWER_BYTES_MAX: usize = 32_768;

/// A ceremony that was begun.
pub(crate) struct Begun {
    /// What the server keeps.
    pub state: Vec<u8>,
    pub challenge: [u8; 16],
    /// What the browser is given, as JSON.
    pub options: String,
}

/// A refusal in the library's own words, which are English and for whoever looks into it.
fn fault(why: impl ToString) -> IdentityError {
    let why = why.to_string();
    IdentityError::Passkey { why: Text::new(format!("验证不符：{why}"), why) }
}

/// A refusal of our own.
pub(crate) fn refused(zh: &str, en: &str) -> IdentityError {
    IdentityError::Passkey { why: Text::new(zh, en) }
}

fn place(site: &Site) -> Result<RpId, IdentityError> {
    Ok(RpId::Domain(AsciiDomain::try_from(site.domain.clone()).map_err(fault)?))
}

/// The person as authenticators know them: a number without a name.
pub(crate) fn handle(org_id: i64, person_id: i64) -> UserHandle16 {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&org_id.to_be_bytes());
    bytes[8..].copy_from_slice(&person_id.to_be_bytes());
    UserHandle16::from(bytes)
}

fn descriptor(passkey: &Passkey) -> Result<PublicKeyCredentialDescriptor<Vec<u8>>, IdentityError> {
    Ok(PublicKeyCredentialDescriptor {
        id: CredentialId::try_from(passkey.credential_id.clone()).map_err(fault)?,
        transports: AuthTransports::decode(passkey.transports).map_err(fault)?,
    })
}

/// The challenge of a signature: the first half of the SHA-256 of the act, which is as much as the library's challenges
/// hold. The request key within is random and used once.
pub fn act_challenge(org_id: i64, person_id: i64, verb: &str, request_key: &str, body: &[u8]) -> [u8; 16] {
    let length = |part: &[u8]| (part.len() as u64).to_be_bytes();
    let (verb, key) = (verb.as_bytes(), request_key.as_bytes());
    let whole = sha256(&[
        b"zhangfang act 1\n",
        &org_id.to_be_bytes(),
        &person_id.to_be_bytes(),
        &length(verb),
        verb,
        &length(key),
        key,
        &length(body),
        body,
    ]);
    let mut half = [0; 16];
    half.copy_from_slice(&whole[..16]);
    half
}

/// Begins to add a passkey for a person who has `known` ones.
pub(crate) fn begin_registration(
    site: &Site,
    user: &UserHandle16,
    (login, name): (&str, &str),
    known: &[Passkey],
) -> Result<Begun, IdentityError> {
    let place = place(site)?;
    let known = known.iter().map(descriptor).collect::<Result<Vec<_>, _>>()?;
    let user = PublicKeyCredentialUserEntity {
        name: Username::try_from(login).map_err(fault)?,
        id: user,
        // A name that the library does not take is left out; it is for the eye only.
        display_name: Nickname::try_from(name).ok(),
    };
    let mut options = PublicKeyCredentialCreationOptions::second_factor(&place, user, known);
    options.authenticator_selection.user_verification = UserVerificationRequirement::Preferred;
    let challenge = options.challenge.as_data().to_le_bytes();
    let (server, client) = options.start_ceremony().map_err(fault)?;
    Ok(Begun {
        state: server.encode().map_err(fault)?,
        challenge,
        options: serde_json::to_string(&client).map_err(fault)?,
    })
}

/// The challenge that an answer names, so that its ceremony can be found.
pub(crate) fn registration_answer(answer: &str) -> Result<(Registration, [u8; 16]), IdentityError> {
    if answer.len() > ANSWER_BYTES_MAX {
        return Err(refused("应答过长", "the answer is too long"));
    }
    let registration = Registration::from_json_relaxed(answer.as_bytes()).map_err(fault)?;
    let challenge = registration.challenge_relaxed().map_err(fault)?;
    Ok((registration, challenge.0.to_le_bytes()))
}

/// A passkey as an answer gave it: credential id, public key, state, transports.
pub(crate) type Added = (Vec<u8>, Vec<u8>, Vec<u8>, u8);

/// Verifies the answer of a new passkey.
pub(crate) fn finish_registration(
    site: &Site,
    state: &[u8],
    answer: &Registration,
) -> Result<Added, IdentityError> {
    let place = place(site)?;
    let server = RegistrationServerState::<16>::decode(state).map_err(fault)?;
    let origins = [site.origin.as_str()];
    let options = RegistrationVerificationOptions::<&str, &str> {
        allowed_origins: &origins,
        error_on_unsolicited_extensions: false,
        ..RegistrationVerificationOptions::default()
    };
    let added = server.verify(&place, answer, &options).map_err(fault)?;
    let transports = added.transports().encode().map_err(fault)?;
    let public_key = added.static_state().encode().map_err(fault)?;
    let state = added.dynamic_state().encode().map_err(fault)?;
    Ok((added.id().as_ref().to_vec(), public_key, state.to_vec(), transports))
}

/// Begins to ask one of `known` passkeys, with a challenge of its own or the one given.
pub(crate) fn begin_assertion(
    site: &Site,
    known: &[Passkey],
    challenge: Option<[u8; 16]>,
) -> Result<Begun, IdentityError> {
    let place = place(site)?;
    let mut allowed = AllowedCredentials::with_capacity(known.len());
    for passkey in known {
        allowed.push(descriptor(passkey)?.into());
    }
    let mut options =
        NonDiscoverableCredentialRequestOptions::second_factor(&place, allowed).map_err(fault)?;
    options.options().user_verification = UserVerificationRequirement::Preferred;
    let drawn = options.options().challenge.as_data().to_le_bytes();
    let (server, client) = options.start_ceremony().map_err(fault)?;
    let mut state = server.encode().map_err(fault)?;
    let mut shown = serde_json::to_value(&client).map_err(fault)?;
    let challenge = challenge.unwrap_or(drawn);
    // The library draws challenges by itself; in what is kept of a ceremony the challenge stands first.
    match state.get_mut(..16) {
        Some(first) if *first == drawn => first.copy_from_slice(&challenge),
        _ => return Err(refused("程序库的保存格式已变", "the library keeps its ceremonies in another form")),
    }
    shown["challenge"] = data_encoding::BASE64URL_NOPAD.encode(&challenge).into();
    Ok(Begun { state, challenge, options: shown.to_string() })
}

/// The challenge that an answer names, so that its ceremony can be found.
pub(crate) fn assertion_answer(
    answer: &str,
) -> Result<(NonDiscoverableAuthentication16, [u8; 16]), IdentityError> {
    if answer.len() > ANSWER_BYTES_MAX {
        return Err(refused("应答过长", "the answer is too long"));
    }
    let asserted = NonDiscoverableAuthentication16::from_json_relaxed(answer.as_bytes()).map_err(fault)?;
    let challenge = asserted.challenge_relaxed().map_err(fault)?;
    Ok((asserted, challenge.0.to_le_bytes()))
}

/// Verifies the answer of a passkey; answers the passkey and its new state.
pub(crate) fn finish_assertion<'p>(
    site: &Site,
    state: &[u8],
    user: &UserHandle16,
    known: &'p [Passkey],
    answer: &NonDiscoverableAuthentication16,
) -> Result<(&'p Passkey, Vec<u8>), IdentityError> {
    let place = place(site)?;
    let server = NonDiscoverableAuthenticationServerState::decode(state).map_err(fault)?;
    let id = answer.raw_id();
    let id: &[u8] = id.as_ref();
    let passkey = known.iter().find(|passkey| passkey.credential_id == id);
    let passkey =
        passkey.ok_or_else(|| refused("不是本人登记的通行密钥", "it is none of this person's passkeys"))?;
    let fixed = StaticState::decode(passkey.public_key.as_slice()).map_err(fault)?;
    let state: [u8; 7] = passkey.state.as_slice().try_into().map_err(fault)?;
    let moving = DynamicState::decode(state).map_err(fault)?;
    let id = CredentialId::try_from(passkey.credential_id.as_slice()).map_err(fault)?;
    let mut credential = AuthenticatedCredential::new(id, user, fixed, moving).map_err(fault)?;
    let origins = [site.origin.as_str()];
    let options = AuthenticationVerificationOptions::<&str, &str> {
        allowed_origins: &origins,
        error_on_unsolicited_extensions: false,
        update_uv: true,
        ..AuthenticationVerificationOptions::default()
    };
    server.verify(&place, answer, &mut credential, &options).map_err(fault)?;
    let state = credential.dynamic_state().encode().map_err(fault)?;
    Ok((passkey, state.to_vec()))
}
