extension String {
  /// The text as it fits into a message of one line: at most `limit` characters, the middle left out
  /// where it is longer.
  package func excerpt(_ limit: Int = 80) -> String {
    guard count > limit else { return self }
    let kept = limit - 3
    return prefix(kept - kept / 2) + "..." + suffix(kept / 2)
  }
}

/// Names for a sentence, the first ten of them.
package func listing(_ names: [String], separator: String = ", ") -> String {
  let shown = names.prefix(10).joined(separator: separator)
  return names.count > 10 ? "\(shown) and \(names.count - 10) more" : shown
}
