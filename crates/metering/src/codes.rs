//! Enumerations that are stored as small whole numbers, written in files by key and read by people in two languages.

/// Declares an enumeration with its stored code, its key in files and its name in Chinese.
macro_rules! codes {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $code:literal, $key:literal, $zh:literal;)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum $name { $($(#[$doc])* $variant = $code,)+ }

        impl $name {
            /// All of them, in the order of their codes.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];
            /// The whole number it is stored as.
            pub const fn code(self) -> i64 {
                self as i64
            }
            /// Its key in files and price tables.
            pub const fn key(self) -> &'static str {
                match self { $($name::$variant => $key,)+ }
            }
            /// From the stored whole number.
            pub fn from_code(code: i64) -> $crate::Result<$name> {
                match code {
                    $($code => Ok($name::$variant),)+
                    _ => Err($crate::MeteringError::UnknownCode { what: stringify!($name), code }),
                }
            }
            /// From what a person or a file writes: the key or the Chinese name.
            pub fn from_words(words: &str) -> Option<$name> {
                let words = words.trim();
                $name::ALL.iter().copied().find(|one| one.key() == words || one.chinese() == words)
            }
            const fn chinese(self) -> &'static str {
                match self { $($name::$variant => $zh,)+ }
            }
        }

        impl kernel::Bilingual for $name {
            fn text(&self, lang: kernel::Lang) -> String {
                match lang {
                    kernel::Lang::Zh => self.chinese().to_owned(),
                    kernel::Lang::En => self.key().replace('_', " "),
                }
            }
        }

        impl From<$name> for store::Value<'_> {
            fn from(value: $name) -> Self {
                store::Value::Int(value.code())
            }
        }
    };
}
pub(crate) use codes;
