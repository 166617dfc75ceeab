//! The help text of `admin-set-user-password`.

/// For standard output.
pub(super) const TEXT: &str = "\
admin-set-user-password: sets the password of one Amazon Cognito user, as an administrator.

Takes the options, prints the messages and ends with the exit codes of `aws cognito-idp admin-set-user-password`, so that scripts run
unchanged with `cognito-passwd` in the place of `aws`.

Usage:
  cognito-passwd [cognito-idp] admin-set-user-password --user-pool-id ID --username NAME [--password PASSWORD]
                 [--permanent | --no-permanent] [options]

  --user-pool-id ID        the pool
  --username NAME          the user, or an alias of the user
  --password PASSWORD      the password. file://PATH reads it from a file and keeps its last line end. On a terminal, without this
                           option, the password is asked for, hidden and twice
  --password-file FILE     the password is the content of FILE without one last line end; not in the AWS CLI, and not to be shortened
  --password-stdin         the same from standard input
  --permanent              the user is CONFIRMED and signs in with this password
  --no-permanent           the default: the user is in FORCE_CHANGE_PASSWORD, and the next sign-in answers NEW_PASSWORD_REQUIRED
  --cli-input-json JSON    the values as JSON, or file://PATH, also file:///dev/stdin; options on the command line win
  --cli-input-yaml YAML    the same as YAML
  --generate-cli-skeleton [input|yaml-input|output]
                           prints an input to fill in; `output` checks the values. Nothing is sent

Global options: --profile --region --endpoint-url --ca-bundle --no-sign-request --cli-read-timeout --cli-connect-timeout --output
  --query --debug --cli-auto-prompt --no-cli-auto-prompt --cli-error-format --color --cli-binary-format --no-paginate --no-cli-pager
  --no-verify-ssl --version

  --debug                  shows the steps of the call on standard error, never a password
  --cli-auto-prompt        asks for what is missing, shows the command and asks before it is run; needs a terminal
  --endpoint-url URL       https, or http to a loopback address. An http endpoint from the environment or a profile is refused

Exit codes: 0 done, 130 interrupted, 252 the command line or a value will not do, 253 no Region or no credentials, 254 the service
said no, 255 everything else.
";
