//! `--query`: an expression of JMESPath over the answer, which is always empty.
//!
//! The language is left to `jmespath`. Here its complaints are put into the words of the library that the AWS CLI uses.

use jmespath::{ErrorReason, Expression, RuntimeError, Variable};
use serde_json::Value;

use super::query_words;

/// A compiled expression.
pub(super) struct Query(Expression<'static>);

/// Compiles `expression`.
///
/// # Errors
/// What is wrong with it.
pub(super) fn compile(expression: &str) -> Result<Query, String> {
    jmespath::compile(expression).map(Query).map_err(|error| query_words::complaint(expression, &error))
}

impl Query {
    /// What it makes of an empty answer.
    ///
    /// # Errors
    /// What it calls wrongly.
    pub fn of_nothing(&self) -> Result<Value, String> {
        let found = self.0.search(Variable::Object(std::collections::BTreeMap::new())).map_err(|error| match error.reason {
            ErrorReason::Runtime(RuntimeError::UnknownFunction(name)) => format!("Unknown function: {name}()"),
            reason => reason.to_string(),
        })?;
        serde_json::to_value(&*found).map_err(|error| error.to_string())
    }
}
