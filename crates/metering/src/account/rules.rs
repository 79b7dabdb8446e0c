//! What a change to an account may be, as pure functions.

use kernel::Text;

use super::model::{AccountDetails, CollectionMethod, Options, TaxStatus};
use crate::codes::codes;
use crate::error::What;
use crate::{MeteringError, Result};

codes! {
    /// What can be changed on an account beside what has a kind of change of its own, each by a ticket with its day.
    AccountField {
        /// The customer's name, of the same customer (更名).
        Name = 1, "name", "户名";
        /// The address of supply.
        Address = 2, "address", "用电地址";
        /// Telephone.
        Phone = 3, "phone", "联系电话";
        /// How the customer pays.
        Collection = 7, "collection", "收费方式";
        /// Value added tax status.
        Tax = 8, "tax", "纳税人类型";
        /// The day of the month by which a bill is due.
        DueDay = 10, "due_day", "缴费日";
        /// Its own transformer.
        Dedicated = 12, "dedicated", "专变";
        /// Important customer.
        Important = 13, "important", "重要用户";
        /// Temporary supply.
        Temporary = 14, "temporary", "临时用电";
        /// Left the market.
        MarketLeaver = 16, "market_leaver", "退市用户";
    }
}

/// Refuses a number that is not 10 to 13 digits.
pub fn check_number(number: &str) -> Result<()> {
    if (10..=13).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(());
    }
    Err(MeteringError::NotAllowed {
        what: What::Account,
        value: number.chars().take(40).collect(),
        why: Text::new("户号应为 10 至 13 位数字", "an account number has 10 to 13 digits"),
    })
}

/// Why a value cannot be.
type Refused<T> = std::result::Result<T, Text>;

fn text(value: &str, chars_max: usize, needed: bool) -> Refused<String> {
    let value = value.trim();
    if value.chars().count() > chars_max || value.chars().any(char::is_control) {
        return Err(Text::new("文字过长或含控制字符", "the text is too long or has control characters"));
    }
    if needed && value.is_empty() {
        return Err(Text::new("不能为空", "it must not be empty"));
    }
    Ok(value.to_owned())
}

fn coded<T>(found: Option<T>) -> Refused<T> {
    found.ok_or_else(|| Text::new("不是可选的值", "it is not one of the values to choose from"))
}

/// Changes one field to `new`; answers the old and the new value as they are kept in the history.
pub(crate) fn change(
    details: &mut AccountDetails,
    field: AccountField,
    new: &str,
) -> Refused<(String, String)> {
    let account = &mut details.account;
    let swap = |slot: &mut String, value: String| (std::mem::replace(slot, value.clone()), value);
    let mut flag = |of: Options| -> Refused<(String, String)> {
        let wanted = match new.trim() {
            "1" | "是" | "yes" => true,
            "0" | "否" | "no" => false,
            _ => return Err(Text::new("应为“是”或“否”", "it must be yes or no")),
        };
        let word = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
        let old = account.options.has(of);
        account.options = account.options.with(of, wanted);
        Ok((word(old), word(wanted)))
    };
    Ok(match field {
        AccountField::Dedicated => flag(Options::DEDICATED_TRANSFORMER)?,
        AccountField::Important => flag(Options::IMPORTANT)?,
        AccountField::Temporary => flag(Options::TEMPORARY)?,
        AccountField::MarketLeaver => flag(Options::MARKET_LEAVER)?,
        AccountField::Name => swap(&mut details.name, text(new, 100, true)?),
        AccountField::Address => swap(&mut details.address, text(new, 200, true)?),
        AccountField::Phone => swap(&mut details.phone, text(new, 30, false)?),
        AccountField::Collection => {
            let value = coded(CollectionMethod::from_words(new))?;
            (std::mem::replace(&mut details.collection, value).key().into(), value.key().into())
        }
        AccountField::Tax => {
            let value = coded(TaxStatus::from_words(new))?;
            (std::mem::replace(&mut details.tax, value).key().into(), value.key().into())
        }
        AccountField::DueDay => {
            let day: Option<u8> = new.trim().parse().ok().filter(|day| *day <= 31);
            let day = day.ok_or_else(|| Text::new("应为 0 至 31", "a day of 0 to 31"))?;
            (std::mem::replace(&mut account.due_day, day).to_string(), day.to_string())
        }
    })
}
