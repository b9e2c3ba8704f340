/// Words in brackets that other programs change from step to step.
enum PromptSchedule {
  /// The brackets such as `[cat:dog:0.5]`, `[dog:10]` and `[cat|dog]`.
  static func examples(in text: String) -> [String] {
    guard text.contains("[") else { return [] }
    // The text after the last bracket, for each bracket that begins a piece.
    return text.split(separator: "[", omittingEmptySubsequences: false).dropFirst().compactMap {
      piece in
      guard let end = piece.firstIndex(of: "]") else { return nil }
      let inside = piece[..<end]
      return isSchedule(inside) ? "[\(inside)]" : nil
    }
  }

  private static func isSchedule(_ inside: Substring) -> Bool {
    guard inside.contains(where: \.isLetter) else { return false }
    if inside.contains("|") { return true }
    let parts = inside.split(separator: ":", omittingEmptySubsequences: false)
    guard (2...3).contains(parts.count), let last = parts.last else { return false }
    return Double(last.filter { !$0.isWhitespace }) != nil
  }
}
