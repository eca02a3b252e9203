//! Literal commands of a shell script, read without running it.

/// The words of every call of `command` whose words are all literal, without the command itself.
///
/// Sample: `\tupdate-alternatives --install /usr/bin/awk awk /usr/bin/mawk 5 \` and its next lines.
pub(super) fn literal_calls(script: &str, command: &str) -> Vec<Vec<String>> {
    calls(script, command).into_iter().filter(|words| words.iter().all(|word| is_literal(word))).collect()
}

/// The words of every call of `command`, variables and all.
pub(super) fn calls(script: &str, command: &str) -> Vec<Vec<String>> {
    let joined = script.replace("\\\n", " ");
    let lines = joined.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    lines.flat_map(simple_commands).filter_map(|words| call(&words, command)).collect()
}

fn is_literal(word: &str) -> bool {
    !word.contains(['$', '`', '*', '?'])
}

/// Cuts a line where a shell ends a command or a word. Quotes keep a word together and are taken off.
fn simple_commands(line: &str) -> Vec<Vec<String>> {
    let mut commands = vec![vec![String::new()]];
    let mut quote = None;
    for letter in line.chars() {
        match (quote, letter) {
            (Some(open), _) if open == letter => quote = None,
            (None, '"' | '\'') => quote = Some(letter),
            (None, '|' | '&' | ';' | '(' | ')') => commands.push(vec![String::new()]),
            (None, _) if letter.is_whitespace() => {
                if let Some(words) = commands.last_mut() {
                    words.push(String::new());
                }
            }
            _ => {
                if let Some(word) = commands.last_mut().and_then(|words| words.last_mut()) {
                    word.push(letter);
                }
            }
        }
    }
    for words in &mut commands {
        words.retain(|word| !word.is_empty());
    }
    commands
}

/// Words that may stand before the name of a command.
const BEFORE: [&str; 10] = ["if", "then", "else", "elif", "do", "!", "while", "exec", "command", "{"];

fn call(words: &[String], command: &str) -> Option<Vec<String>> {
    let start = words.iter().position(|word| !BEFORE.contains(&word.as_str()))?;
    let (name, arguments) = words.get(start..)?.split_first()?;
    if name.rsplit('/').next() != Some(command) {
        return None;
    }
    Some(arguments.iter().take_while(|word| !word.contains(['<', '>'])).cloned().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_over_several_lines_are_one() {
        let script = "set -e\nif x; then\n\tua --install /usr/bin/awk \\\n\t\t--slave 'a; b' c >/dev/null || true\nfi\n";
        assert_eq!(literal_calls(script, "ua"), [["--install", "/usr/bin/awk", "--slave", "a; b", "c"]]);
    }

    #[test]
    fn a_variable_makes_a_call_not_literal() {
        let script = "# adduser --system no\nadduser --system \"$NAME\"\n/usr/sbin/adduser --system one\n";
        assert_eq!(literal_calls(script, "adduser"), [["--system", "one"]]);
        assert_eq!(calls(script, "adduser").len(), 2);
    }
}
