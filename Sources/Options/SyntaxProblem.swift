import Yams

/// An error of the YAML parser in the words of its user, and its line.
func describeSyntax(_ error: any Error) -> (line: Int?, problem: String) {
  switch error {
  case YamlError.scanner(_, let problem, let mark, let yaml),
    YamlError.parser(_, let problem, let mark, let yaml),
    YamlError.composer(_, let problem, let mark, let yaml):
    (mark.line, plain(problem, at: character(mark, in: yaml)))
  case YamlError.reader(let problem, _, _, _): (nil, problem)
  case YamlError.duplicatedKeysInMapping(let duplicates, _):
    (nil, "\(duplicates.joined(separator: ", ")) is set more than once")
  default: (nil, "\(error)")
  }
}

private func plain(_ problem: String, at character: Character?) -> String {
  switch problem {
  case "mapping values are not allowed in this context":
    "a text with a colon and a space needs quotes"
  case "found character that cannot start any token" where character == "\t",
    "found a tab character that violates indentation",
    "found a tab character where an indentation space is expected":
    "a tab; indent with spaces"
  case "found character that cannot start any token":
    "a text that begins with \(character.map(String.init) ?? "this character") needs quotes"
  case "did not find expected comment or line break":
    "a text that begins with | or > needs quotes"
  case "but found another document": "a second document begins; one file has one"
  case "did not find expected ',' or ']'", "did not find expected ',' or '}'":
    "a list or group in brackets is not closed"
  case "found unexpected end of stream": "a quote is not closed"
  case "could not find expected ':'": "a line has no colon"
  default: problem
  }
}

/// The character at a mark, whose line and column begin at 1.
private func character(_ mark: Mark, in yaml: String) -> Character? {
  let lines = yaml.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
  guard lines.indices.contains(mark.line - 1) else { return nil }
  return lines[mark.line - 1].dropFirst(mark.column - 1).first
}
