extension String {
  /// This text with the options that it mentions in other words. A mention is an option's key in
  /// backticks, as in `` `batch_size` ``, or the key with a value, as in `` `flip: true` ``.
  ///
  /// - Parameter wording: Returns the words for a mention; nil for what is none, which stays as it is.
  package func wordingOptions(_ wording: (_ key: String, _ value: String?) -> String?) -> String {
    // Reading the pattern takes longer than most texts do.
    guard contains("`") else { return self }
    return replacing(/`([a-z][a-z0-9_]*)(?:: ([^`]+))?`/) { match in
      wording(String(match.1), match.2.map(String.init)) ?? String(match.0)
    }
  }

  /// This text with the options that it mentions as they stand in a file.
  package var withPlainOptions: String {
    wordingOptions { key, value in value.map { "\(key): \($0)" } ?? key }
  }
}
