//! The members of the request against the service's model, as far as the AWS CLI holds them to it before it sends: names, types, and a
//! least length. No greatest length and no pattern: those are the service's own.

use super::failure::Failure;
use super::input::Members;
use super::python::Value;
use crate::secret::Password;

/// What is sent.
pub(super) struct Request {
    /// The pool.
    pub user_pool_id: String,
    /// The user.
    pub username: String,
    /// The password, empty ones included.
    pub password: Password<'static>,
    /// Sent only where it was given.
    pub permanent: Option<bool>,
}

/// A member of the model.
struct Member {
    name: &'static str,
    required: bool,
    is_bool: bool,
    at_least: usize,
}

const MODEL: [Member; 4] = [
    Member { name: "UserPoolId", required: true, is_bool: false, at_least: 1 },
    Member { name: "Username", required: true, is_bool: false, at_least: 1 },
    Member { name: "Password", required: true, is_bool: false, at_least: 0 },
    Member { name: "Permanent", required: false, is_bool: true, at_least: 0 },
];

/// Everything that is wrong with `members`, or the request. `asked` says that the password will be asked for where it is missing.
///
/// # Errors
/// [`Failure`] with a line for each fault.
pub(super) fn check(members: &Members, asked: bool) -> Result<(), Failure> {
    if members.all.iter().any(|(key, _)| !matches!(key, Value::Str(_))) {
        return Err(Failure::Other("keywords must be strings".to_owned()));
    }
    let mut faults: Vec<String> = MODEL
        .iter()
        .filter(|member| member.required && members.get(member.name).is_none() && !(asked && member.name == "Password"))
        .map(|member| format!("Missing required parameter in input: \"{}\"", member.name))
        .collect();
    let given = || members.all.iter().filter_map(|(key, value)| if let Value::Str(name) = key { Some((name, value)) } else { None });
    let known = |name: &str| MODEL.iter().find(|member| member.name == name);
    for (name, _) in given().filter(|(name, _)| known(name).is_none()) {
        let names: Vec<&str> = MODEL.iter().map(|member| member.name).collect();
        faults.push(format!("Unknown parameter in input: \"{name}\", must be one of: {}", names.join(", ")));
    }
    faults.extend(given().filter_map(|(name, value)| fault(known(name)?, value)));
    if faults.is_empty() { Ok(()) } else { Err(Failure::Invalid(format!("Parameter validation failed:\n{}", faults.join("\n")))) }
}

fn fault(member: &Member, value: &Value) -> Option<String> {
    let name = member.name;
    match value {
        Value::Bool(_) if member.is_bool => None,
        Value::Str(text) if !member.is_bool => {
            let length = text.chars().count();
            (length < member.at_least)
                .then(|| format!("Invalid length for parameter {name}, value: {length}, valid min length: {}", member.at_least))
        }
        value => {
            let shown = if name == "Password" { "[hidden]".to_owned() } else { value.shown() };
            let wanted = if member.is_bool { "bool" } else { "str" };
            let class = value.type_name();
            Some(format!("Invalid type for parameter {name}, value: {shown}, type: <class '{class}'>, valid types: <class '{wanted}'>"))
        }
    }
}

/// The request that checked members make.
pub(super) fn request(members: Members) -> Request {
    let mut request =
        Request { user_pool_id: String::new(), username: String::new(), password: Password::new(String::new()), permanent: None };
    for (key, value) in members.all {
        match (key, value) {
            (Value::Str(name), Value::Str(text)) => match name.as_str() {
                "UserPoolId" => request.user_pool_id = text,
                "Username" => request.username = text,
                "Password" => request.password = Password::new(text),
                _ => {}
            },
            (Value::Str(_), Value::Bool(permanent)) => request.permanent = Some(permanent),
            _ => {}
        }
    }
    request
}
