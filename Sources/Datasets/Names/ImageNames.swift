/// The images of a folder, by the names of the files that belong to them.
struct ImageNames {
  private var byName: Set<String> = []
  private var byStem: [String: [String]] = [:]
  private var byLowerStem: [String: [String]] = [:]

  init(_ names: some Sequence<String>) {
    for name in names {
      byName.insert(name)
      byStem[name.fileStem, default: []].append(name)
      byLowerStem[name.fileStem.lowercased(), default: []].append(name)
    }
  }

  /// The images that a file with this stem belongs to: those of the same stem; else the one of this
  /// whole name, as for `01.png.txt`; else the only one that differs in case.
  func owners(_ stem: String) -> [String] {
    if let exact = byStem[stem] { return exact }
    if byName.contains(stem) { return [stem] }
    let similar = byLowerStem[stem.lowercased()] ?? []
    return similar.count == 1 ? similar : []
  }

  /// Images with equal stems. Files that belong to one of them belong to all.
  var shared: [[String]] {
    byStem.values.filter { $0.count > 1 }.sorted { $0[0] < $1[0] }
  }
}

extension String {
  /// What follows the last dot; empty when there is none.
  var pathExtension: String {
    lastIndex(of: ".").map { String(self[index(after: $0)...]) } ?? ""
  }

  /// `dog` for `dog.jpg` and for `dog`: without its extension and the dot before it.
  var fileStem: String {
    guard let dot = lastIndex(of: "."), dot != startIndex else { return self }
    return String(self[..<dot])
  }
}
