extension OptionTable {
  /// The value of each option as YAML.
  package var yamlValues: [String: String] {
    Dictionary(uniqueKeysWithValues: children.map { ($0.key, $0.option.yaml) })
  }

  /// The options as a YAML file, with help as comments and sections as headings. A follower that
  /// equals its leader is written as `null`, so that it keeps following.
  package func yaml(introduction: String) -> String {
    let entries = zip(Self.schema.options, children).map { entry, child in
      YAMLEntry(entry, value: child.option.follows(in: self) ? "null" : child.option.yaml)
    }
    let column = 2 + (entries.map(\.line.count).filter { $0 <= YAMLEntry.widest }.max() ?? 0)
    var lines = introduction.wrapped(to: YAMLEntry.width - 2).map { "# \($0)" }
    for section in Self.schema.sections {
      lines += ["", "# \(section.title)"]
      lines += entries.filter { $0.section == section }.flatMap { $0.lines(commentsAt: column) }
    }
    return lines.map { "\($0)\n" }.joined()
  }
}

/// An option in a file.
private struct YAMLEntry {
  /// Characters of a line.
  static let width = 100
  /// The most characters of an option that has its comment on the same line.
  static let widest = 36

  let section: OptionSection
  let line: String
  private let comment: String

  init(_ entry: OptionEntry, value: String) {
    section = entry.section
    line = "\(entry.key): \(value)"
    let unset = entry.followed ?? entry.unset
    let empty = entry.isNullable || entry.follows != nil ? "null" : "empty"
    comment =
      [entry.help, entry.choicesHelp, unset.map { "\(empty): \($0)." }]
      .compactMap { $0 }.joined(separator: " ").withPlainOptions
  }

  /// The option with its comment beside it, or below it if there is no space.
  func lines(commentsAt column: Int) -> [String] {
    var comments = comment.wrapped(to: Self.width - column - 2)
      .map { String(repeating: " ", count: column) + "# \($0)" }
    guard line.count <= column - 2, let first = comments.first else { return [line] + comments }
    comments[0] = line + first.dropFirst(line.count)
    return comments
  }
}

extension String {
  /// This text in lines of at most `width` characters. A longer word has a line of its own.
  fileprivate func wrapped(to width: Int) -> [String] {
    split(whereSeparator: \.isWhitespace).reduce(into: []) { lines, word in
      if let last = lines.last, last.count + 1 + word.count <= width {
        lines[lines.count - 1] += " \(word)"
      } else {
        lines.append(String(word))
      }
    }
  }
}
