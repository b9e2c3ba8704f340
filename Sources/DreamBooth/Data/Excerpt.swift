extension String {
  /// The text as it fits into a message of one line: at most `limit` characters, the middle left out
  /// where it is longer.
  func excerpt(_ limit: Int = 80) -> String {
    guard count > limit else { return self }
    let kept = limit - 3
    return prefix(kept - kept / 2) + "..." + suffix(kept / 2)
  }
}
