extension String {
  /// The text shortened for a message: at most `limit` characters, with the middle of a longer text
  /// left out.
  package func excerpt(_ limit: Int = 80) -> String {
    guard count > limit else { return self }
    let kept = limit - 3
    return prefix(kept - kept / 2) + "..." + suffix(kept / 2)
  }
}

/// The first ten names for a sentence, and the number of the others.
package func listing(_ names: [String], separator: String = ", ") -> String {
  let shown = names.prefix(10).joined(separator: separator)
  return names.count > 10 ? "\(shown) and \(names.count - 10) more" : shown
}
