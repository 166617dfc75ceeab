//! What is wrong with an expression of JMESPath, in the words of the library that the AWS CLI uses.

use jmespath::JmespathError;

/// The message for an expression that `jmespath` refuses.
pub(super) fn complaint(expression: &str, error: &JmespathError) -> String {
    if expression.is_empty() {
        return "Invalid JMESPath expression: cannot be empty.".to_owned();
    }
    let length = expression.chars().count();
    let marked = |at: usize| format!("\"{expression}\"\n{}^", " ".repeat(at + 1));
    let reason = error.reason.to_string();
    let (token, kind) = token_at(expression, error.offset);
    if error.offset >= length || token.is_empty() {
        return format!("Invalid jmespath expression: Incomplete expression:\n{}", marked(length));
    }
    let what = if reason.contains("complete expression") { format!("Unexpected token: {token}") } else { "invalid token".to_owned() };
    format!(
        "{what}: Parse error at column {at}, token \"{token}\" ({kind}), for expression:\n{marked}",
        at = error.offset,
        marked = marked(error.offset)
    )
}

/// The token that begins at `at`, and what the library calls its kind.
fn token_at(expression: &str, at: usize) -> (String, &'static str) {
    let rest: Vec<char> = expression.chars().skip(at).collect();
    let Some(&first) = rest.first() else { return (String::new(), "EOF") };
    let run = |is: fn(char) -> bool| rest.iter().take_while(|c| is(**c)).collect::<String>();
    let pair: String = rest.iter().take(2).collect();
    match first {
        'a'..='z' | 'A'..='Z' | '_' => (run(|c| c.is_ascii_alphanumeric() || c == '_'), "UNQUOTED_IDENTIFIER"),
        '0'..='9' => (run(|c| c.is_ascii_digit()), "NUMBER"),
        '[' if pair == "[?" => (pair, "FILTER"),
        '[' if pair == "[]" => (pair, "FLATTEN"),
        '|' if pair == "||" => (pair, "OR"),
        '&' if pair == "&&" => (pair, "AND"),
        _ => (first.to_string(), kind_of(first)),
    }
}

fn kind_of(token: char) -> &'static str {
    match token {
        '.' => "DOT",
        '*' => "STAR",
        ']' => "RBRACKET",
        '[' => "LBRACKET",
        ',' => "COMMA",
        ':' => "COLON",
        '@' => "CURRENT",
        '(' => "LPAREN",
        ')' => "RPAREN",
        '{' => "LBRACE",
        '}' => "RBRACE",
        '|' => "PIPE",
        '&' => "EXPREF",
        '!' => "NOT",
        '<' => "LT",
        '>' => "GT",
        '"' => "QUOTED_IDENTIFIER",
        _ => "LITERAL",
    }
}
