/// Which folder of a target uses declarations of which other folder.
///
/// Swift has no imports inside a target, so uses are found by name. A folder uses another one if it
/// contains the name of a type or function that the other declares at the top level of a file.
/// Names that the using folder also declares, nested in a type, count as its own.
struct FolderGraph {
  /// The uses by which a folder depends on another.
  struct Edge {
    let from: String
    let to: String
    /// The names used, each with the files that use it.
    var uses: [String: Set<String>] = [:]

    var description: String {
      let list = uses.sorted { $0.key < $1.key }.map { name, files in
        "\(name) (\(files.sorted().joined(separator: ", ")))"
      }
      return "\(from) -> \(to): \(list.joined(separator: ", "))"
    }
  }

  private static let typeKeywords: Set = [
    "struct", "class", "enum", "protocol", "actor", "typealias",
  ]
  private static let nestedKeywords = typeKeywords.union(["associatedtype", "func"])

  private var edges: [String: [String: Edge]] = [:]

  /// The graph of a target's files, by their paths below the target's folder. Files directly in it
  /// make up the folder `.`.
  init(_ files: [(path: String, source: SwiftSource)]) {
    let places = files.map { file in (folder: Self.folder(of: file.path), file: file) }
    var homes: [String: String] = [:]
    var nested: [String: Set<String>] = [:]
    for (folder, file) in places {
      let (top, inner) = Self.declarations(in: file.source.words)
      for name in top { homes[name] = folder }
      nested[folder, default: []].formUnion(inner)
    }
    for (folder, file) in places {
      let own = nested[folder] ?? []
      let name = String(file.path.split(separator: "/").last ?? "")
      for word in file.source.words where !word.isMember {
        guard let home = homes[word.text], home != folder, !own.contains(word.text),
          word.isCalled || word.text.first?.isUppercase == true
        else { continue }
        edges[folder, default: [:]][home, default: Edge(from: folder, to: home)]
          .uses[word.text, default: []].insert(name)
      }
    }
  }

  /// The circles: the edges between the folders of each set whose folders all reach one another.
  var circles: [[Edge]] {
    let reached = Dictionary(uniqueKeysWithValues: edges.keys.map { ($0, reach($0)) })
    var seen: Set<String> = []
    var circles: [[Edge]] = []
    for folder in edges.keys.sorted() where !seen.contains(folder) {
      let others = reached[folder, default: []].filter { reached[$0]?.contains(folder) == true }
      guard others.count > 1 else { continue }
      seen.formUnion(others)
      circles.append(
        others.sorted().flatMap { from in
          others.sorted().compactMap { edges[from]?[$0] }
        })
    }
    return circles
  }

  /// The folders that one reaches over any number of edges.
  private func reach(_ folder: String) -> Set<String> {
    var found: Set<String> = []
    var open = [folder]
    while let next = open.popLast() {
      for other in (edges[next] ?? [:]).keys where found.insert(other).inserted {
        open.append(other)
      }
    }
    return found
  }

  private static func folder(of path: String) -> String {
    let parts = path.split(separator: "/")
    return parts.count > 1 ? String(parts[0]) : "."
  }

  /// The types and functions that other files can use by their bare names, and the nested ones.
  private static func declarations(
    in words: [SwiftSource.Word]
  ) -> (top: Set<String>, nested: Set<String>) {
    var top: Set<String> = []
    var nested: Set<String> = []
    for (index, word) in words.dropLast().enumerated() where nestedKeywords.contains(word.text) {
      let name = words[index + 1].text
      let before = words[max(0, index - 3)..<index].filter { $0.line == word.line }.map(\.text)
      // In `import struct Foundation.URL`, nothing is declared.
      if word.isMember || before.contains("import") || nestedKeywords.contains(name) { continue }
      if word.depth > 0 {
        nested.insert(name)
      } else if !before.contains("private"), !before.contains("fileprivate") {
        top.insert(name)
      }
    }
    return (top, nested)
  }
}
