//! GetProvisionedLimit: the rate that holds for a category, and the default one.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::constraints::Constraints;
use super::super::protocol::{self, Refusal};
use super::super::quota::Category;
use super::Service;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GetLimit {
    limit_definition: Option<LimitDefinition>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct LimitDefinition {
    limit_class: Option<String>,
    attributes: Option<HashMap<String, String>>,
}

impl Service {
    /// Adjustable categories are answered. Whether the service answers for the others is not established; here it knows of no such
    /// limit, since a program that counts on an answer must not pass its rehearsal.
    pub(super) fn get_provisioned_limit(&self, body: &[u8]) -> Result<Value, Refusal> {
        let input: GetLimit = protocol::input(body)?;
        let mut constraints = Constraints::default();
        let Some(definition) = input.limit_definition else {
            constraints.missing("limitDefinition");
            return Err(constraints.refusal());
        };
        match definition.limit_class.as_deref() {
            None => constraints.missing("limitDefinition.limitClass"),
            Some("API_CATEGORY") => {}
            other => constraints.broken("limitDefinition.limitClass", other, "satisfy enum value set: [API_CATEGORY]"),
        }
        if definition.attributes.is_none() {
            constraints.missing("limitDefinition.attributes");
        }
        constraints.check()?;
        let attributes = definition.attributes.unwrap_or_default();
        let name = attributes.get("Category").ok_or_else(|| Refusal::invalid_parameter("Attribute Category is required"))?;
        let limit = Category::named(name).filter(|category| category.is_adjustable()).and_then(|category| {
            let default = category.documented()?;
            Some((self.rates.of(category)?.per_second, default))
        });
        let (provisioned, default) =
            limit.ok_or_else(|| Refusal::new("ResourceNotFoundException", format!("Limit for category {name} does not exist.")))?;
        Ok(json!({ "Limit": {
            "LimitDefinition": { "LimitClass": "API_CATEGORY", "Attributes": { "Category": name } },
            "ProvisionedLimitValue": provisioned as i64,
            "FreeLimitValue": default as i64,
        } }))
    }
}
