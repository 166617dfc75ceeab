//! ListUsers: pages, a filter, the attributes asked for. The page's token is the last user's key in hexadecimal, so that it may be
//! any username and is still one word. Where pages are to come short, every other one is empty, which its token remembers, and the others
//! have a third of the users asked for.

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::constraints::Constraints;
use super::super::filter::Filter;
use super::super::protocol::{self, Refusal};
use super::super::tokens::{hex, unhex};
use super::{Service, user_type};

/// The most users in a page, and how many there are when none or 0 is asked for (service model).
const MAX_PAGE: usize = 60;
/// The longest filter, in characters (service model).
const MAX_FILTER: usize = 256;
/// What the token of an empty page begins with.
const BEHIND_AN_EMPTY_PAGE: char = '-';

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListUsers {
    user_pool_id: Option<String>,
    attributes_to_get: Option<Vec<String>>,
    limit: Option<i64>,
    pagination_token: Option<String>,
    filter: Option<String>,
}

impl Service {
    pub(super) fn list_users(&self, region: &str, body: &[u8]) -> Result<Value, Refusal> {
        let input: ListUsers = protocol::input(body)?;
        let mut constraints = Constraints::default();
        let pool_id = constraints.user_pool_id(input.user_pool_id.as_deref());
        let limit = input.limit.unwrap_or(0);
        constraints.range("limit", limit, 0, MAX_PAGE as i64);
        if let Some(token) = &input.pagination_token {
            constraints.length("paginationToken", token, Some(token), 1, usize::MAX);
        }
        let filter = input.filter.unwrap_or_default();
        constraints.length("filter", &filter, Some(&filter), 0, MAX_FILTER);
        constraints.check()?;
        let pool = self.pool(region, pool_id)?;
        let filter = Filter::parse(&filter)?;
        let token = input.pagination_token.as_deref().unwrap_or_default();
        let unmarked = token.strip_prefix(BEHIND_AN_EMPTY_PAGE);
        if self.short_pages && unmarked.is_none() {
            return Ok(json!({ "Users": [], "PaginationToken": format!("{BEHIND_AN_EMPTY_PAGE}{token}") }));
        }
        let token = unmarked.unwrap_or(token);
        let after = if token.is_empty() { None } else { Some(key_of(token)?) };
        let page = usize::try_from(limit).ok().filter(|limit| *limit > 0).unwrap_or(MAX_PAGE);
        let page = if self.short_pages { page.div_ceil(3) } else { page };

        let content = pool.read();
        let mut users = Vec::new();
        let mut last = None;
        let mut has_more = false;
        for (key, user) in content.directory.after(after.as_deref()) {
            if filter.as_ref().is_some_and(|filter| !filter.matches(user, || pool.attributes(user))) {
                continue;
            }
            if users.len() == page {
                has_more = true;
                break;
            }
            let mut attributes = pool.attributes(user);
            if let Some(wanted) = &input.attributes_to_get {
                attributes.retain(|(name, _)| wanted.contains(name));
            }
            users.push(user_type(user, &attributes, "Attributes"));
            last = Some(key);
        }
        let mut output = json!({ "Users": users });
        if let Some(last) = last.filter(|_| has_more) {
            output["PaginationToken"] = hex(last.as_bytes()).into();
        }
        Ok(output)
    }
}

/// The key that a token stands for. The text of the refusal is not the service's.
fn key_of(token: &str) -> Result<String, Refusal> {
    let key = unhex(token).and_then(|bytes| String::from_utf8(bytes).ok());
    key.ok_or_else(|| Refusal::invalid_parameter("Invalid pagination token"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_gives_back_its_key_and_anything_else_is_refused() {
        for key in ["ann", "Zoë@example.com", "😀"] {
            assert_eq!(key_of(&hex(key.as_bytes())).as_deref(), Ok(key));
        }
        for token in ["zz", "abc", "ff", "é"] {
            assert!(key_of(token).is_err_and(|refusal| refusal.code == "InvalidParameterException"), "{token}");
        }
    }
}
