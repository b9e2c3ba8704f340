import Foundation

/// The targets that Package.swift declares.
struct Manifest {
  /// A library or executable, with the targets and products it depends on.
  struct Target: Equatable {
    let name: String
    let isExecutable: Bool
    let dependencies: Set<String>
  }

  /// All targets except those of tests.
  let targets: [Target]

  /// Reads the text of a manifest.
  init(_ text: String) {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    let code = lines.filter { !$0.drop { $0 == " " }.hasPrefix("//") }.joined(separator: "\n")
    targets = code.matches(of: /\.(target|executableTarget)\(\s*name: "([^"]+)"/).compactMap {
      let body = Self.enclosed(code[$0.range.lowerBound...], between: "(", and: ")")
      if body.contains("path: \"Tests/") { return nil }
      return Target(
        name: String($0.2), isExecutable: $0.1 == "executableTarget",
        dependencies: Self.dependencies(in: body))
    }
  }

  private static func dependencies(in body: Substring) -> Set<String> {
    guard let start = body.firstRange(of: "dependencies:") else { return [] }
    let list = enclosed(body[start.upperBound...], between: "[", and: "]")
    let names = list.replacing(/\.product\(\s*name: ("[^"]+"), package: "[^"]+"\)/) { $0.1 }
    return Set(names.matches(of: /"([^"]+)"/).map { String($0.1) })
  }

  /// The text between the first opening bracket and its closing one.
  private static func enclosed(
    _ text: Substring, between open: Character, and close: Character
  ) -> Substring {
    guard let start = text.firstIndex(of: open) else { return "" }
    var depth = 0
    for index in text[start...].indices {
      if text[index] == open { depth += 1 }
      if text[index] == close { depth -= 1 }
      if depth == 0 { return text[text.index(after: start)..<index] }
    }
    return text[start...]
  }
}

/// The graph of targets in CONTRIBUTING.md: a fenced block `targets` with a line
/// `name: dependency, dependency` for each target.
struct DocumentedTargets {
  let dependencies: [String: Set<String>]

  /// Reads the text of CONTRIBUTING.md.
  init(_ text: String) {
    let block = text.firstMatch(of: /```targets\n((?:[^`].*\n)*)```/)?.1 ?? ""
    let pairs = block.split(separator: "\n").map { line in
      let parts = line.split(separator: ":", maxSplits: 1)
      let names = parts.dropFirst().joined().split(separator: ",")
      return (
        parts[0].trimmingCharacters(in: .whitespaces),
        Set(names.map { $0.trimmingCharacters(in: .whitespaces) })
      )
    }
    dependencies = Dictionary(pairs) { $1 }
  }
}
