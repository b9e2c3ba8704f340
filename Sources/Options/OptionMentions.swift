extension String {
  /// This text with each mention of an option replaced. A mention is an option's key in backticks,
  /// as in `` `batch_size` ``, or the key with a value, as in `` `flip: true` ``.
  ///
  /// - Parameter replacement: Returns the text for a mention; nil leaves it unchanged.
  package func replacingOptions(
    _ replacement: (_ key: String, _ value: String?) -> String?
  ) -> String {
    // Compiling the pattern takes longer than searching most texts.
    guard contains("`") else { return self }
    return replacing(/`([a-z][a-z0-9_]*)(?:: ([^`]+))?`/) { match in
      replacement(String(match.1), match.2.map(String.init)) ?? String(match.0)
    }
  }

  /// This text with mentions of options as in a file, without backticks.
  package var withPlainOptions: String {
    replacingOptions { key, value in value.map { "\(key): \($0)" } ?? key }
  }
}
