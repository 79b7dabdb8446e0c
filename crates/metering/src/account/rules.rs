//! What a change to an account may be, as pure functions.

use kernel::{Bilingual, Date, Lang, Text};

use super::model::{
    AccountDetails, AccountStatus, Category, CollectionMethod, Options, TaxStatus, VoltageLevel,
};
use crate::codes::codes;
use crate::error::What;
use crate::{MeteringError, Result};

codes! {
    /// What can be changed on an account, each change with its day and its ticket.
    AccountField {
        /// The customer's name.
        Name = 1, "name", "户名";
        /// The address of supply.
        Address = 2, "address", "用电地址";
        /// Telephone.
        Phone = 3, "phone", "联系电话";
        /// The price class.
        PriceClass = 4, "price_class", "电价代码";
        /// The kind of customer.
        Category = 5, "category", "用电类别";
        /// The voltage of supply.
        Voltage = 6, "voltage", "电压等级";
        /// How the customer pays.
        Collection = 7, "collection", "收费方式";
        /// Value added tax status.
        Tax = 8, "tax", "纳税人类型";
        /// Persons of the household.
        Persons = 9, "persons", "人口数";
        /// The day of the month by which a bill is due.
        DueDay = 10, "due_day", "缴费日";
        /// Time-of-use prices.
        TimeOfUse = 11, "time_of_use", "执行分时";
        /// Its own transformer.
        Dedicated = 12, "dedicated", "专变";
        /// Important customer.
        Important = 13, "important", "重要用户";
        /// Temporary supply.
        Temporary = 14, "temporary", "临时用电";
        /// Entitled to free kWh.
        FreeEnergy = 15, "free_energy", "免费电量";
        /// Left the market.
        MarketLeaver = 16, "market_leaver", "退市用户";
        /// Where the account stands.
        Status = 17, "status", "用户状态";
        /// The reading book.
        Book = 18, "book", "抄本";
        /// A transformer.
        Transformer = 19, "transformer", "变压器";
        /// A meter.
        Meter = 20, "meter", "电能表";
    }
}

fn refuse(value: &str, zh: &str, en: &str) -> MeteringError {
    MeteringError::NotAllowed {
        what: What::Account,
        value: value.chars().take(40).collect(),
        why: Text::new(zh, en),
    }
}

/// Refuses a number that is not 10 to 13 digits.
pub fn check_number(number: &str) -> Result<()> {
    if (10..=13).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(());
    }
    Err(refuse(number, "户号应为 10 至 13 位数字", "an account number has 10 to 13 digits"))
}

fn text(value: &str, chars_max: usize) -> Result<String> {
    let value = value.trim();
    if value.chars().count() > chars_max || value.chars().any(char::is_control) {
        return Err(refuse(value, "文字过长或含控制字符", "the text is too long or has control characters"));
    }
    Ok(value.to_owned())
}

fn coded<T>(value: &str, found: Option<T>) -> Result<T> {
    found.ok_or_else(|| refuse(value, "不是可选的值", "it is not one of the values to choose from"))
}

fn whole(value: &str, least: u8, most: u8) -> Result<u8> {
    let read: Option<u8> = value.trim().parse().ok().filter(|number| (least..=most).contains(number));
    read.ok_or_else(|| refuse(value, "数值超出范围", "the number is out of range"))
}

fn yes(value: &str) -> Result<bool> {
    match value.trim() {
        "1" | "是" | "yes" => Ok(true),
        "0" | "否" | "no" => Ok(false),
        _ => Err(refuse(value, "应为“是”或“否”", "it must be yes or no")),
    }
}

/// Changes one field to `new` from `from` on; answers the old and the new value as they are kept in the history.
/// Book, transformer and meter have commands of their own.
pub fn change(
    details: &mut AccountDetails,
    field: AccountField,
    new: &str,
    from: Date,
) -> Result<(String, String)> {
    let account = &mut details.account;
    let swap = |slot: &mut String, value: String| (std::mem::replace(slot, value.clone()), value);
    let mut flag = |of: Options| -> Result<(String, String)> {
        let wanted = yes(new)?;
        let old = account.options.has(of);
        account.options = account.options.with(of, wanted);
        Ok((i64::from(old).to_string(), i64::from(wanted).to_string()))
    };
    Ok(match field {
        AccountField::TimeOfUse => flag(Options::TIME_OF_USE)?,
        AccountField::Dedicated => flag(Options::DEDICATED_TRANSFORMER)?,
        AccountField::Important => flag(Options::IMPORTANT)?,
        AccountField::Temporary => flag(Options::TEMPORARY)?,
        AccountField::FreeEnergy => flag(Options::FREE_ENERGY)?,
        AccountField::MarketLeaver => flag(Options::MARKET_LEAVER)?,
        AccountField::Name => {
            if new.trim().is_empty() {
                return Err(refuse(new, "户名不能为空", "a name must not be empty"));
            }
            swap(&mut details.name, text(new, 100)?)
        }
        AccountField::Address => swap(&mut details.address, text(new, 200)?),
        AccountField::Phone => swap(&mut details.phone, text(new, 30)?),
        AccountField::PriceClass => swap(&mut account.price_class, text(new, 40)?),
        AccountField::Category => {
            let value = coded(new, Category::from_words(new))?;
            (std::mem::replace(&mut account.category, value).key().into(), value.key().into())
        }
        AccountField::Voltage => {
            let value = coded(new, VoltageLevel::from_words(new))?;
            (std::mem::replace(&mut account.voltage, value).key().into(), value.key().into())
        }
        AccountField::Collection => {
            let value = coded(new, CollectionMethod::from_words(new))?;
            (std::mem::replace(&mut details.collection, value).key().into(), value.key().into())
        }
        AccountField::Tax => {
            let value = coded(new, TaxStatus::from_words(new))?;
            (std::mem::replace(&mut details.tax, value).key().into(), value.key().into())
        }
        AccountField::Persons => {
            let value = whole(new, 1, 200)?;
            (std::mem::replace(&mut account.persons, value).to_string(), value.to_string())
        }
        AccountField::DueDay => {
            let value = whole(new, 0, 31)?;
            (std::mem::replace(&mut account.due_day, value).to_string(), value.to_string())
        }
        AccountField::Status => {
            let value = coded(new, AccountStatus::from_words(new))?;
            account.closed_on = (value == AccountStatus::Closed).then_some(from);
            (std::mem::replace(&mut account.status, value).key().into(), value.key().into())
        }
        AccountField::Book | AccountField::Transformer | AccountField::Meter => {
            let name = field.text(Lang::En);
            return Err(refuse(&name, "该项有专门的操作", "this has a command of its own"));
        }
    })
}
