//! Tokens of machines (接口令牌): another program acts as a person, within scopes and until a day.
//!
//! The secret is shown once, when the token is made; the database keeps its digest. A token may do what its person may
//! do and its scopes name, never more. A person makes tokens for themselves; an administrator makes them for accounts
//! that have no password, which are those of machines: nobody holds a secret that acts as another person.

mod model;
mod service;
pub(crate) mod sql;

pub use model::{MadeToken, NewToken, Token, scope_allows};
pub(crate) use service::words;
pub use service::{
    create_token, find_token, is_touch_due, pass_token, revoke_token, token_actor, tokens, touch_token,
};
