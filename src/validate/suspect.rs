//! What the lints look for in one row. Each criterion is meant to strike what nobody typed on purpose, and to spare random passwords.
//!
//! This runs for every row: one look at each byte says whether any of the longer looks can find something.

use unicode_general_category::{GeneralCategory, get_general_category};
use unicode_normalization::{IsNormalized, is_nfc, is_nfc_quick};

use super::lint::Lint;
use crate::input::Field;

/// Calls `found` for every lint that a password gives cause for, beside its username.
pub(super) fn look(username: &str, password: &str, mut found: impl FnMut(Lint)) {
    let seen = password.bytes().fold(0, |seen, byte| seen | HINTS[byte as usize]);
    if seen & UNUSUAL != 0 {
        unusual_characters(password, &mut found);
    }
    let mut find = |lint, is_there: bool| {
        if is_there {
            found(lint);
        }
    };
    find(Lint::Escape, seen & BACKSLASH != 0 && has_escape(password));
    find(Lint::Template, seen & TEMPLATE != 0 && is_template(password));
    find(Lint::Placeholder, is_placeholder(password));
    find(Lint::Hash, seen & TEMPLATE != 0 && is_hash(password));
    find(Lint::Spreadsheet, is_of_a_spreadsheet(password));
    find(Lint::IsUsername, password.eq_ignore_ascii_case(username));
    find(Lint::UsernameSpreadsheet, is_of_a_spreadsheet(username));
    find(Lint::Header, is_header(username, password));
}

const UNUSUAL: u8 = 1;
const BACKSLASH: u8 = 2;
const TEMPLATE: u8 = 4;

/// What each byte may be a part of; 0 for most.
const HINTS: [u8; 256] = {
    let mut hints = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        hints[byte] = match byte as u8 {
            b'\\' => BACKSLASH,
            b'$' | b'{' | b'%' => TEMPLATE,
            0..0x20 | 0x7f.. => UNUSUAL,
            _ => 0,
        };
        byte += 1;
    }
    hints
};

/// Everything that only a character beyond the visible ones of ASCII can be.
fn unusual_characters(password: &str, found: &mut impl FnMut(Lint)) {
    let (mut smart, mut invisible, mut space, mut garbled) = (false, false, false, false);
    let mut before = None;
    let mut characters = password.chars().peekable();
    while let Some(character) = characters.next() {
        let after = characters.peek().copied();
        smart |= matches!(character, '\u{2018}'..='\u{201f}' | '\u{2013}' | '\u{2014}' | '\u{2026}');
        // Line breaks are an error of their own.
        space |= character.is_whitespace() && !matches!(character, ' ' | '\n' | '\r');
        invisible |= is_invisible(before, character, after);
        garbled |= is_garbled(character, after);
        before = Some(character);
    }
    let is_odd = |lint, is_there: bool| is_there.then_some(lint);
    [
        is_odd(Lint::SmartPunctuation, smart && !garbled),
        is_odd(Lint::InvisibleCharacter, invisible && !garbled),
        is_odd(Lint::OddSpace, space && !garbled),
        is_odd(Lint::Garbled, garbled),
        is_odd(Lint::NotNfc, is_nfc_quick(password.chars()) != IsNormalized::Yes && !is_nfc(password)),
    ]
    .into_iter()
    .flatten()
    .for_each(found);
}

/// A control or format character. The joiners are typed where emoji and the letters of several scripts meet, and spared there.
fn is_invisible(before: Option<char>, character: char, after: Option<char>) -> bool {
    let is_joined = |neighbour: Option<char>| neighbour.is_some_and(|neighbour| !neighbour.is_ascii());
    match character {
        '\u{200c}' | '\u{200d}' => !(is_joined(before) && is_joined(after)),
        _ if character.is_whitespace() => false,
        _ => matches!(get_general_category(character), GeneralCategory::Control | GeneralCategory::Format),
    }
}

/// The mark of a lost character, or the first two of what UTF-8 looks like when it is read as Latin-1 or Windows-1252: its first byte is
/// `Ã` or `Â` for the letters and signs of Latin-1, `â€` begins quotes and dashes, and `ï»¿` is a byte order mark.
fn is_garbled(character: char, after: Option<char>) -> bool {
    match (character, after) {
        ('\u{fffd}', _) | ('â', Some('€' | '\u{80}')) | ('ï', Some('»')) => true,
        // Bytes 0x80 to 0xBF, in either encoding.
        ('Ã' | 'Â', Some(after)) => matches!(
            after,
            '\u{80}'
                ..='\u{bf}'
                    | '€'
                    | '‚'
                    | 'ƒ'
                    | '„'
                    | '…'
                    | '†'
                    | '‡'
                    | 'ˆ'
                    | '‰'
                    | 'Š'
                    | '‹'
                    | 'Œ'
                    | 'Ž'
                    | '‘'
                    | '’'
                    | '“'
                    | '”'
                    | '•'
                    | '–'
                    | '—'
                    | '˜'
                    | '™'
                    | 'š'
                    | '›'
                    | 'œ'
                    | 'ž'
                    | 'Ÿ'
        ),
        _ => false,
    }
}

/// `\n`, `\r` or `\t` at an end, where line breaks and tabs come from, `\r\n` anywhere, or `\u` with four hexadecimal digits. Elsewhere
/// one in two hundred random passwords would be struck.
fn has_escape(password: &str) -> bool {
    let is_unicode = |at: usize| password.as_bytes().get(at + 2..at + 6).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit));
    ["\\n", "\\r", "\\t"].iter().any(|escape| password.ends_with(escape) || password.starts_with(escape))
        || password.contains("\\r\\n")
        || password.match_indices("\\u").any(|(at, _)| is_unicode(at))
}

/// `${NAME}`, `{{…}}` or `<%…%>` anywhere; or all of it is `$NAME`, `%NAME%`, `$(…)` or `$env:NAME`.
fn is_template(password: &str) -> bool {
    let encloses = |begin: &str, end: &str| password.split_once(begin).is_some_and(|(_, rest)| rest.contains(end));
    let is_braced =
        |(_, rest): (_, &str)| rest.split_once('}').is_some_and(|(name, _)| is_name(name.split(':').next().unwrap_or_default()));
    let is_upper = |name: &str| name.len() >= 3 && is_name(name) && !name.bytes().any(|byte| byte.is_ascii_lowercase());
    password.split_once("${").is_some_and(is_braced)
        || encloses("{{", "}}")
        || encloses("<%", "%>")
        || password.strip_prefix('$').is_some_and(|rest| is_upper(rest) || (rest.starts_with('(') && rest.ends_with(')')))
        || password.strip_prefix("$env:").is_some_and(is_name)
        || password.strip_prefix('%').and_then(|rest| rest.strip_suffix('%')).is_some_and(is_name)
}

/// A letter or an underscore, and then digits as well.
fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// All of it is what a program writes for nothing, `<like this>`, or a mask of three stars or dots at least.
fn is_placeholder(password: &str) -> bool {
    const NOTHING: [&str; 10] = ["null", "\\n", "none", "nil", "undefined", "nan", "n/a", "(null)", "[null]", "[redacted]"];
    const LONGEST: usize = "[redacted]".len();
    let is_nothing = || password.len() <= LONGEST && NOTHING.iter().any(|word| password.eq_ignore_ascii_case(word) && password != "\\n");
    let is_masked = |first: char| matches!(first, '*' | '•' | '●') && password.chars().all(|c| c == first) && password.chars().count() >= 3;
    let is_blank = |inner: &str| {
        inner.starts_with(|first: char| first.is_ascii_alphabetic())
            && inner.bytes().all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b' ' | b'-' | b'_'))
    };
    is_nothing()
        || password.chars().next().is_some_and(is_masked)
        || password.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')).is_some_and(is_blank)
}

/// The formats of `crypt` and its successors, of LDAP and of Django. A row of hexadecimal digits may as well be a password.
fn is_hash(password: &str) -> bool {
    const BEGINNINGS: [&str; 18] = [
        "$1$",
        "$2$",
        "$2a$",
        "$2b$",
        "$2x$",
        "$2y$",
        "$5$",
        "$6$",
        "$7$",
        "$y$",
        "$argon2",
        "$pbkdf2",
        "$scrypt$",
        "{SSHA",
        "{SHA",
        "{CRYPT}",
        "pbkdf2_sha",
        "bcrypt_sha256$",
    ];
    password.len() >= 20 && BEGINNINGS.iter().any(|beginning| password.starts_with(beginning))
}

/// All of it is an error value, a number in scientific notation (with a sign in its exponent), a day and a month, the apostrophe that
/// guards a formula, or `="…"`.
fn is_of_a_spreadsheet(text: &str) -> bool {
    const ERRORS: [&str; 10] = ["#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "#N/A", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "#FIELD!"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_decimal = |text: &str| text.split_once(['.', ',']).map_or(is_number(text), |(whole, part)| is_number(whole) && is_number(part));
    let is_power = |text: &str| text.strip_prefix(['+', '-']).is_some_and(is_number);
    // Few texts begin with what all of these begin with.
    if !text.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '#' | '\'' | '=' | '-' | 'E')) {
        return false;
    }
    let text_unsigned = text.strip_prefix('-').unwrap_or(text);
    ERRORS.contains(&text)
        || (text.len() >= 3 && text.bytes().all(|byte| byte == b'#'))
        || text.strip_prefix("Err:").is_some_and(is_number)
        || text_unsigned.split_once(['E', 'e']).is_some_and(|(number, power)| is_decimal(number) && is_power(power))
        || text.split_once('-').is_some_and(|(day, month)| is_number(day) && day.len() <= 2 && MONTHS.contains(&month))
        || text.strip_prefix('\'').is_some_and(|rest| rest.starts_with(['=', '+', '-', '@']))
        || (text.starts_with("=\"") && text.ends_with('"'))
}

/// Both are names of their own columns.
fn is_header(username: &str, password: &str) -> bool {
    const LONGEST: usize = 32;
    let names = |field: Field, text: &str| {
        let text = text.trim();
        Field::NAMES[field as usize].iter().any(|name| name.eq_ignore_ascii_case(text))
    };
    password.len() <= LONGEST && names(Field::Password, password) && names(Field::Username, username)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lints(username: &str, password: &str) -> Vec<Lint> {
        let mut found = Vec::new();
        look(username, password, |lint| found.push(lint));
        found
    }

    #[test]
    fn what_nobody_types_is_found() {
        for (password, lint) in [
            ("It\u{2019}s-Me-77", Lint::SmartPunctuation),
            ("\u{201c}Quoted-77\u{201d}", Lint::SmartPunctuation),
            ("Dash\u{2014}ing-77", Lint::SmartPunctuation),
            ("Zero\u{200b}Width-7", Lint::InvisibleCharacter),
            ("\u{feff}Marked-77", Lint::InvisibleCharacter),
            ("Soft\u{ad}hyphen-7", Lint::InvisibleCharacter),
            ("Nul\0inside-7", Lint::InvisibleCharacter),
            ("join\u{200d}ed-ASCII", Lint::InvisibleCharacter),
            ("Non\u{a0}breaking-7", Lint::OddSpace),
            ("Edge-space-7\u{a0}", Lint::OddSpace),
            ("Wide\u{3000}space-7", Lint::OddSpace),
            ("Tab\tinside-7", Lint::OddSpace),
            ("Secret-77\\n", Lint::Escape),
            ("\\tSecret-77", Lint::Escape),
            ("Secret\\r\\n-77", Lint::Escape),
            ("Caf\\u00e9-Noir-7", Lint::Escape),
            ("${DB_PASSWORD}", Lint::Template),
            ("pre-${NAME:-x}-7", Lint::Template),
            ("{{ user.password }}", Lint::Template),
            ("<%= secret %>", Lint::Template),
            ("$DB_PASSWORD", Lint::Template),
            ("$(openssl rand)", Lint::Template),
            ("%PASSWORD%", Lint::Template),
            ("$env:Secret", Lint::Template),
            ("NULL", Lint::Placeholder),
            ("\\N", Lint::Placeholder),
            ("undefined", Lint::Placeholder),
            ("********", Lint::Placeholder),
            ("••••••", Lint::Placeholder),
            ("<your password>", Lint::Placeholder),
            ("$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy", Lint::Hash),
            ("$argon2id$v=19$m=65536,t=2,p=1$gZiV/M1gPc22ElAH/Jh1Hw", Lint::Hash),
            ("{SSHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=", Lint::Hash),
            ("1.23E+10", Lint::Spreadsheet),
            ("1,5e-07", Lint::Spreadsheet),
            ("#REF!", Lint::Spreadsheet),
            ("#NAME?", Lint::Spreadsheet),
            ("########", Lint::Spreadsheet),
            ("Err:508", Lint::Spreadsheet),
            ("1-Mar", Lint::Spreadsheet),
            ("'=Secret-77", Lint::Spreadsheet),
            ("=\"0123456\"", Lint::Spreadsheet),
            ("Caf\u{c3}\u{a9}-Noir-7", Lint::Garbled),
            ("It\u{e2}\u{20ac}\u{2122}s-Me-7", Lint::Garbled),
            ("Lost\u{fffd}-77", Lint::Garbled),
            ("Cafe\u{301}-Noir-7", Lint::NotNfc),
            ("ANN@example.com", Lint::IsUsername),
        ] {
            assert_eq!(lints("ann@example.com", password), [lint], "{password:?}");
        }
        for username in ["1.23E+10", "#N/A", "'+15551230001", "2-Jan"] {
            assert_eq!(lints(username, "Correct-Horse-7"), [Lint::UsernameSpreadsheet], "{username}");
        }
        assert_eq!(lints("Username", "password"), [Lint::Header]);
    }

    #[test]
    fn what_people_and_generators_make_is_spared() {
        for password in [
            "Correct-Horse-7",
            "Café-Noir-7",
            "пароль-Пароль",
            "密码密码密码",
            "👨‍👩‍👧-Family",
            "نمی‌دانم",
            "C:\\new\\table",
            "pa$$word",
            "$ecret-7",
            "50%-off-100%",
            "{brace}",
            "a space",
            "1E10",
            "12-34",
            "0x1F-Mar",
            "#hash-tag!",
            "+15551230001",
            "nullable",
            "***",
            "<3-you<3",
            "Â-Ã-â-Horse",
            "-1-",
            "'quoted'",
        ] {
            let expected: &[Lint] = if password == "***" { &[Lint::Placeholder] } else { &[] };
            assert_eq!(lints("ann", password), expected, "{password:?}");
        }
        for username in ["ann", "+15551230001", "12345", "1e5", "o'brien@example.com", "Jan-1"] {
            assert_eq!(lints(username, "Correct-Horse-7"), [], "{username}");
        }
    }

    proptest! {
        #[test]
        fn any_texts_can_be_looked_at(username in any::<String>(), password in any::<String>()) {
            lints(&username, &password);
        }

        #[test]
        fn letters_and_digits_are_never_suspect(password in "[A-Za-z0-9]{12,40}") {
            prop_assert_eq!(lints("ann", &password), []);
        }
    }
}
